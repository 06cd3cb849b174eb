#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "libscale/docker/log.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using docker::LogLine;
using docker::parse_log;
using Lines = std::vector<LogLine>;

namespace {

constexpr auto k_noon = 1'795'527'727s;

std::string stamp(int nanosecond) {
  auto digits = std::to_string(1'000'000'000 + nanosecond).substr(1);
  return "2026-11-24T13:42:07." + digits + "Z ";
}

std::string frame(char stream, const std::string& payload) {
  std::string head{stream, 0, 0, 0, 0, 0, 0, 0};
  head[6] = static_cast<char>(payload.size() / 256);
  head[7] = static_cast<char>(payload.size() % 256);
  return head + payload;
}

}  // namespace

TEST_CASE("lines of both streams come in order, each with its time") {
  CHECK(parse_log(frame(1, stamp(33954864) + "hello\n") + frame(2, stamp(33954865) + "bad thing\n") +
                  frame(1, stamp(900000000) + "\n")) ==
        Lines{{k_noon + 33'954'864ns, "hello"}, {k_noon + 33'954'865ns, "bad thing"}, {k_noon + 900ms, ""}});
  CHECK(parse_log("").empty());
  CHECK(parse_log(frame(1, "")).empty());
}

TEST_CASE("lines of a terminal come without the carriage return at their end") {
  CHECK(parse_log(stamp(1) + "hello\r\n" + stamp(2) + "\x1b[31mred\r\r\n" + stamp(3) + "10%\r20%\r\n") ==
        Lines{{k_noon + 1ns, "hello"}, {k_noon + 2ns, "\x1b[31mred\r"}, {k_noon + 3ns, "10%\r20%"}});
}

TEST_CASE("a long line comes in pieces and is put together where it began, whatever stands between") {
  const std::string part(16384, 'x');
  CHECK(parse_log(frame(1, stamp(1) + part) + frame(2, stamp(2) + "meanwhile\n") + frame(1, stamp(3) + part) +
                  frame(1, stamp(4) + "end\n") + frame(1, stamp(5) + "next\n")) ==
        Lines{{k_noon + 1ns, part + part + "end"}, {k_noon + 2ns, "meanwhile"}, {k_noon + 5ns, "next"}});
}

TEST_CASE("several lines in one frame are several lines") {
  CHECK(parse_log(frame(1, stamp(1) + "a\n" + stamp(2) + "b\n" + stamp(3) + "c")) ==
        Lines{{k_noon + 1ns, "a"}, {k_noon + 2ns, "b"}, {k_noon + 3ns, "c"}});
}

TEST_CASE("a log that was cut off gives what there is of it") {
  CHECK(parse_log(frame(1, stamp(1) + "whole\n") + frame(1, stamp(2) + "half of it\n").substr(0, 43)) ==
        Lines{{k_noon + 1ns, "whole"}, {k_noon + 2ns, "half"}});
  CHECK(parse_log(stamp(1) + "hel") == Lines{{k_noon + 1ns, "hel"}});
}

TEST_CASE("a text without a time is a line all the same, of the time before it") {
  CHECK(parse_log("hi") == Lines{{0s, "hi"}});
  CHECK(parse_log("one\n" + stamp(1) + "two\nand more\n") ==
        Lines{{0s, "one"}, {k_noon + 1ns, "two"}, {k_noon + 1ns, "and more"}});
  CHECK(parse_log(stamp(1).substr(0, 30)) == Lines{{k_noon + 1ns, ""}});
}

TEST_CASE("frames that are none make the whole a text") {
  const auto odd = frame(1, "a\n") + std::string("\1\0\1", 3);
  CHECK(parse_log(odd).size() == 2);
  CHECK(parse_log(frame(3, "ab\n") + "c") == Lines{{0s, frame(3, "ab\n").substr(0, 10)}, {0s, "c"}});
}
