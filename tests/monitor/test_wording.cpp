#include <catch2/catch.hpp>

#include "libscale/monitor/wording.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using monitor::number_text;
using monitor::text_of;

TEST_CASE("a number has as many decimals as its size asks for, and no zeros behind them") {
  CHECK(number_text(0) == "0");
  CHECK(number_text(0.254) == "0.25");
  CHECK(number_text(0.001) == "0");
  CHECK(number_text(2.5) == "2.5");
  CHECK(number_text(12.34) == "12.3");
  CHECK(number_text(80) == "80");
  CHECK(number_text(1319.6) == "1320");
  CHECK(number_text(100) == "100");
}

TEST_CASE("a span has no part that is zero") {
  CHECK(text_of(0s) == "0s");
  CHECK(text_of(std::chrono::seconds{20min}) == "20m");
  CHECK(text_of(std::chrono::seconds{2h + 10min}) == "2h 10m");
  CHECK(text_of(std::chrono::seconds{7 * 24h}) == "7d");
  CHECK(text_of(std::chrono::seconds{10h}) == "10h");
}

TEST_CASE("thresholds and times are told with their unit") {
  CHECK(text_of(Percent{80}) == "80%");
  CHECK(text_of(Percent{2.5}) == "2.5%");
  CHECK(text_of(Milliseconds{1000}) == "1000 ms");
  CHECK(text_of(WallTime{std::chrono::milliseconds{1'795'514'459'999}}) == "24 Nov 2026 10:00");
}
