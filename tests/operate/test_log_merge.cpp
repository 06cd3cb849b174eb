#include <catch2/catch.hpp>

#include "libscale/operate/log_merge.hpp"

using namespace std::chrono_literals;
using kscale::operate::ContainerLog;
using kscale::operate::LogMerge;
using kscale::operate::MergedLine;
using Lines = std::vector<std::string>;

namespace {

Lines shown(const std::vector<MergedLine>& merged) {
  Lines lines;
  for (const auto& line : merged) {
    lines.push_back(line.prefix + line.text);
  }
  return lines;
}

}  // namespace

TEST_CASE("lines of several containers come in the order of time, behind the padded name") {
  LogMerge merge;
  CHECK(shown(merge.merge({{"shop-1", {{10ns, "a"}, {30ns, "d"}}}, {"shop-12", {{20ns, "b"}, {20ns, "c"}}}})) ==
        Lines{"shop-1  | a", "shop-12 | b", "shop-12 | c", "shop-1  | d"});
}

TEST_CASE("lines of the same moment come in the order of the containers, and those of one container in its own") {
  LogMerge merge;
  CHECK(shown(merge.merge({{"b", {{10ns, "b1"}, {10ns, "b2"}}}, {"a", {{10ns, "a1"}}}})) ==
        Lines{"b | b1", "b | b2", "a | a1"});
  // The two streams of a container are not quite in order; a later line does not go before an earlier one.
  CHECK(shown(merge.merge({{"b", {{30ns, "b3"}, {25ns, "b4"}}}, {"a", {{28ns, "a2"}}}})) ==
        Lines{"a | a2", "b | b3", "b | b4"});
}

TEST_CASE("a follower that reads from the last moment on sees each line once") {
  LogMerge merge;
  CHECK_FALSE(merge.since("a"));
  merge.merge({{"a", {{10ns, "x"}, {20ns, "x"}, {20ns, "y"}}}, {"b", {{15ns, "z"}}}});
  CHECK(merge.since("a") == 20ns);
  CHECK(merge.since("b") == 15ns);
  SECTION("nothing new") {
    CHECK(merge.merge({{"a", {{20ns, "x"}, {20ns, "y"}}}, {"b", {{15ns, "z"}}}}).empty());
    CHECK(merge.since("a") == 20ns);
  }
  SECTION("more of the same moment, equal ones as well") {
    const std::vector<ContainerLog> more{{"a", {{20ns, "x"}, {20ns, "y"}, {20ns, "x"}, {20ns, "w"}}}};
    CHECK(shown(merge.merge(more)) == Lines{"a | x", "a | w"});
    CHECK(merge.merge(more).empty());
  }
  SECTION("a log that begins before the last moment") {
    CHECK(shown(merge.merge({{"a", {{10ns, "x"}, {20ns, "x"}, {20ns, "y"}, {21ns, "x"}}}})) == Lines{"a | x"});
    CHECK(merge.since("a") == 21ns);
  }
  SECTION("an empty answer") {
    CHECK(merge.merge({{"a", {}}, {"b", {}}}).empty());
    CHECK(merge.since("a") == 20ns);
  }
}

TEST_CASE("a container that appears later joins, widens the names, and keeps its place when it comes again") {
  LogMerge merge;
  merge.merge({{"shop-1", {{10ns, "a"}}}});
  const auto merged = merge.merge({{"shop-10", {{5ns, "early"}}}, {"shop-1", {{10ns, "a"}, {11ns, "b"}}}});
  CHECK(merged == std::vector<MergedLine>{
                      {.at = 5ns, .container = "shop-10", .place = 1, .prefix = "shop-10 | ", .text = "early"},
                      {.at = 11ns, .container = "shop-1", .place = 0, .prefix = "shop-1  | ", .text = "b"}});
  CHECK(kscale::json::dump(json_of(merged.front())) ==
        R"({"unix_nanoseconds":5,"container":"shop-10","text":"early"})");
  CHECK(merge.merge({{"shop-10", {{5ns, "early"}}}}).empty());
  CHECK(merge.merge({{"shop-10", {{6ns, "again"}}}}).front().place == 1);
}

TEST_CASE("a line shows no control characters, and is not cut") {
  LogMerge merge;
  const std::string long_text(10'000, 'x');
  CHECK(shown(merge.merge({{"a", {{1ns, "\x1b[31mred\x1b[0m\tend\xff"}, {2ns, long_text}, {3ns, ""}}}})) ==
        Lines{"a | \\x1b[31mred\\x1b[0m\\x09end\\xff", "a | " + long_text, "a | "});
}
