#include <catch2/catch.hpp>

#include "libscale/monitor/steps.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using monitor::step_for;
using monitor::Steps;

namespace {

const WallTime t0{std::chrono::seconds{1'795'514'400}};  // 24 Nov 2026 10:00

std::chrono::seconds step(std::chrono::seconds length, std::chrono::seconds sampling = 30s) {
  return step_for({.since = t0, .until = t0 + length}, sampling);
}

}  // namespace

TEST_CASE("steps begin at multiples of their length, so that the first and the last may reach beyond the range") {
  const Steps steps({.since = t0 + 7min, .until = t0 + 41min}, 10min);
  CHECK(steps.begin() == t0);
  CHECK(steps.end() == t0 + 50min);
  CHECK(steps.count() == 5);
  CHECK_FALSE(steps.index_of(t0 - 1ms));
  CHECK(steps.index_of(t0) == 0U);
  CHECK(steps.index_of(t0 + 10min - 1ms) == 0U);
  CHECK(steps.index_of(t0 + 49min) == 4U);
  CHECK_FALSE(steps.index_of(t0 + 50min));
}

TEST_CASE("a time is so many percent along all steps") {
  const Steps steps({.since = t0, .until = t0 + 40min}, 10min);
  CHECK(steps.percent_of(t0) == 0);
  CHECK(steps.percent_of(t0 + 10min) == Approx(25));
  CHECK(steps.percent_of(t0 + 40min) == 100);
  CHECK(steps.percent_of(t0 - 1h) == 0);
  CHECK(steps.percent_of(t0 + 1h) == 100);
}

TEST_CASE("an empty range is one step") {
  const Steps steps({.since = t0, .until = t0}, 0s);
  CHECK(steps.count() == 1);
  CHECK(steps.length() == 1s);
}

TEST_CASE("a range is shown in at most 504 points of whole minutes") {
  CHECK(step(1h) == 1min);
  CHECK(step(8h + 24min) == 1min);
  CHECK(step(8h + 25min) == 2min);
  CHECK(step(24h) == 3min);
  CHECK(step(7 * 24h) == 20min);
  CHECK(step(30 * 24h) == 2h);
  CHECK(step(366 * 24h) == 24h);
  CHECK(step(1000 * 24h) == 48h);
}

TEST_CASE("a step is not shorter than the span between samples, or there would be gaps that are none") {
  CHECK(step(1h, 90s) == 2min);
  CHECK(step(1h, 7min) == 10min);
  CHECK(step(1h, 30h) == 48h);
}
