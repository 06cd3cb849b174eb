#include <catch2/catch.hpp>

#include "libscale/operate/figures.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using operate::shown;

TEST_CASE("a span is shown in its two largest units") {
  CHECK(shown(0s) == "0s");
  CHECK(shown(59s) == "59s");
  CHECK(shown(60s) == "1m 0s");
  CHECK(shown(std::chrono::seconds(3h + 2min + 59s)) == "3h 2m");
  CHECK(shown(std::chrono::seconds(24h)) == "1d 0h");
  CHECK(shown(std::chrono::seconds(1000h)) == "41d 16h");
  CHECK(shown(-5s) == "0s");
  CHECK(shown(std::optional<std::chrono::seconds>()) == "-");
}

TEST_CASE("short answers are timed to a tenth of a millisecond") {
  CHECK(shown(Milliseconds(0.349)) == "0.3 ms");
  CHECK(shown(Milliseconds(12.7)) == "13 ms");
  CHECK(shown(Milliseconds(2000)) == "2000 ms");
  CHECK(shown(std::optional<Milliseconds>()) == "-");
}

TEST_CASE("an amount of memory is shown in the unit that fits it") {
  CHECK(shown(Bytes{0}) == "0 B");
  CHECK(shown(Bytes{1023}) == "1023 B");
  CHECK(shown(Bytes{1024}) == "1 KiB");
  CHECK(shown(Bytes{22'020'096}) == "21 MiB");
  CHECK(shown(Bytes{1'610'612'736}) == "1.5 GiB");
  CHECK(shown(Bytes{1ULL << 50U}) == "1024.0 TiB");
}

TEST_CASE("a share is shown to a tenth, and what is not known as a dash") {
  CHECK(shown(Percent{12.34}) == "12.3%");
  CHECK(shown(Percent{250}) == "250.0%");
  CHECK(shown(std::optional<Percent>()) == "-");
}
