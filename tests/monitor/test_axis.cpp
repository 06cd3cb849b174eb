#include <limits>

#include <catch2/catch.hpp>

#include "libscale/monitor/axis.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using monitor::time_ticks;
using monitor::value_axis;
using monitor::value_axis_in;

namespace {

const WallTime t0{std::chrono::seconds{1'795'514'400}};  // 24 Nov 2026 10:00

template <class Tick>
std::string labels(const std::vector<Tick>& ticks) {
  std::string text;
  for (const auto& tick : ticks) {
    text += (text.empty() ? "" : "|") + tick.label;
  }
  return text;
}

std::string times(WallTime since, WallTime until) {
  return labels(time_ticks({.since = since, .until = until}));
}

}  // namespace

TEST_CASE("an axis goes up in round steps to just above what it must show") {
  CHECK(labels(value_axis(93, "%").ticks) == "0%|20%|40%|60%|80%|100%");
  CHECK(value_axis(93, "%").top == Approx(100));
  CHECK(labels(value_axis(100, "%").ticks) == "0%|20%|40%|60%|80%|100%");
  CHECK(labels(value_axis(312, "").ticks) == "0|100|200|300|400");
  CHECK(labels(value_axis(0.3, "%").ticks) == "0%|0.1%|0.2%|0.3%");
  CHECK(labels(value_axis(12'000, "").ticks) == "0|2500|5000|7500|10k|12.5k");
  CHECK(labels(value_axis(3'000'000, "").ticks) == "0|1M|2M|3M");
}

TEST_CASE("a count has no steps between whole numbers") {
  CHECK(labels(value_axis(1, "", true).ticks) == "0|1");
  CHECK(labels(value_axis(7, "", true).ticks) == "0|2|4|6|8");
  CHECK(labels(value_axis(12, "", true).ticks) == "0|5|10|15");
}

TEST_CASE("an axis without values, or with senseless ones, is still one") {
  CHECK(labels(value_axis(0, "%").ticks) == "0%|0.2%|0.4%|0.6%|0.8%|1%");
  CHECK(value_axis(std::numeric_limits<double>::infinity(), "").top == Approx(1));
  CHECK(value_axis(std::numeric_limits<double>::quiet_NaN(), "").top == Approx(1));
}

TEST_CASE("a second axis has as many steps as the first, so that they share their lines") {
  CHECK(labels(value_axis_in(4, 461, "").ticks) == "0|150|300|450|600");
  CHECK(labels(value_axis_in(4, 100, "%").ticks) == "0%|25%|50%|75%|100%");
  CHECK(labels(value_axis_in(3, 0, "").ticks) == "0|0.4|0.8|1.2");
}

TEST_CASE("times are told at round ones, and a day where it begins") {
  CHECK(times(t0, t0 + 1h) == "10:00|10:10|10:20|10:30|10:40|10:50|11:00");
  CHECK(times(t0, t0 + 24h) == "12:00|15:00|18:00|21:00|25 Nov|03:00|06:00|09:00");
  CHECK(times(t0 - 7 * 24h, t0) == "18 Nov|19 Nov|20 Nov|21 Nov|22 Nov|23 Nov|24 Nov");
  CHECK(times(t0 + 59s, t0 + 2min) == "10:01|10:02");
}

TEST_CASE("however long the range, there are at most nine times") {
  for (auto length = 1min; length < 24h * 4000; length = length * 3 / 2 + 1min) {
    const auto ticks = time_ticks({.since = t0, .until = t0 + length});
    CHECK(ticks.size() <= 9);
  }
}

TEST_CASE("times before 1970 are no trouble") {
  const WallTime epoch{};
  CHECK(times(epoch - 12h, epoch + 12h) == "12:00|15:00|18:00|21:00|01 Jan|03:00|06:00|09:00|12:00");
}
