#include <catch2/catch.hpp>

#include "libscale/monitor/summary.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using monitor::AlertTotal;
using monitor::Summary;
using monitor::summary_of;
using store::FleetPoint;

namespace {

const WallTime t0{std::chrono::seconds{1'795'514'400}};
const store::TimeRange k_hour{.since = t0, .until = t0 + 1h};
const monitor::Bars k_bars{
    .max_instances = 6, .cpu = Percent{80}, .memory = Percent{70}, .response_time = 1000ms, .error_rate = Percent{5}};

template <class T>
store::Spread<T> same(T value) {
  return {.mean = value, .least = value, .most = value};
}

/// A point of so many instances, of which nothing else is known.
FleetPoint point(WallTime at, double instances) {
  return {.at = at, .instances = same(instances), .serving = same(instances)};
}

Summary of(const std::vector<FleetPoint>& fleet, std::chrono::seconds step = 10min) {
  return summary_of(fleet, {}, {}, k_hour, step, k_bars);
}

}  // namespace

TEST_CASE("instance-hours and the mean are weighed by time, and a gap adds nothing") {
  // 2 for 10 minutes, 4 for 10, nothing for 30, 6 for 10: 12 instances times 10 minutes.
  const auto summary = of({point(t0, 2), point(t0 + 10min, 4), point(t0 + 50min, 6)});
  CHECK(summary.range == 1h);
  CHECK(summary.known == 30min);
  CHECK(summary.longest_gap == 30min);
  CHECK(summary.instance_hours == Approx(2));
  REQUIRE(summary.instances);
  CHECK(summary.instances->least == 2);
  CHECK(summary.instances->mean == Approx(4));
  CHECK(summary.instances->most == 6);
}

TEST_CASE("a single point stands for its step, and the rest of the range has no data") {
  const auto summary = of({point(t0 + 20min, 3)});
  CHECK(summary.known == 10min);
  CHECK(summary.longest_gap == 30min);
  CHECK(summary.instance_hours == Approx(0.5));
  CHECK(summary.instances == same(3.0));
}

TEST_CASE("of a step that reaches beyond the range only the part within counts") {
  const auto summary = of({point(t0 - 4min, 3), point(t0 + 56min, 3), point(t0 + 2h, 9)});
  CHECK(summary.known == 10min);
  CHECK(summary.longest_gap == 50min);
  CHECK(summary.instance_hours == Approx(0.5));
  CHECK(summary.instances == same(3.0));
}

TEST_CASE("without data nothing is known, and that is no zero") {
  const auto summary = of({});
  CHECK(summary.known == 0s);
  CHECK(summary.longest_gap == 1h);
  CHECK_FALSE(summary.instances);
  CHECK(summary.instance_hours == 0);
  CHECK(summary.at_max == 0s);
  CHECK_FALSE(summary.request_rate);
  CHECK_FALSE(summary.most_request_rate);
  CHECK_FALSE(summary.above_cpu);
  CHECK_FALSE(summary.above_memory);
  CHECK_FALSE(summary.above_response_time);
  CHECK_FALSE(summary.above_error_rate);
}

TEST_CASE("the time at max counts a step in part where the number changed within it") {
  FleetPoint partly = point(t0 + 10min, 5);
  partly.instances = {.mean = 5.25, .least = 5, .most = 6};  // a quarter of the step
  const auto summary = of({point(t0, 6), partly, point(t0 + 20min, 5), point(t0 + 30min, 7)});
  CHECK(summary.at_max == 10min + 150s + 10min);
}

TEST_CASE("the time above a threshold is that of the means above it, where the figure is known") {
  auto first = point(t0, 3);
  first.cpu = {.mean = Percent{80}, .least = Percent{10}, .most = Percent{99}};  // at the threshold is not above it
  first.response_time = same(Milliseconds{1000.5});
  auto second = point(t0 + 10min, 3);
  second.cpu = same(Percent{80.1});
  second.memory = same(Percent{70});
  auto third = point(t0 + 20min, 3);
  third.cpu = same(Percent{120});
  const auto summary = of({first, second, third});
  CHECK(summary.above_cpu == std::optional<std::chrono::seconds>(20min));
  CHECK(summary.above_memory == std::optional<std::chrono::seconds>(0s));
  CHECK(summary.above_response_time == std::optional<std::chrono::seconds>(10min));
  CHECK_FALSE(summary.above_error_rate);
}

TEST_CASE("a mean that is beyond the least and the most makes no time longer than it is") {
  auto first = point(t0, 3);
  first.instances = {.mean = 1e18, .least = 3, .most = 6};
  auto second = point(t0 + 10min, 3);
  second.instances = {.mean = -1e18, .least = 3, .most = 6};
  CHECK(of({first, second}).at_max == 10min);
}

TEST_CASE("the request rate is averaged over the time in which it was known") {
  auto first = point(t0, 3);
  first.request_rate = {.mean = RequestsPerSecond{100}, .least = RequestsPerSecond{90}, .most = RequestsPerSecond{150}};
  auto second = point(t0 + 20min, 3);
  second.request_rate = same(RequestsPerSecond{40});
  const auto summary = of({first, point(t0 + 10min, 3), second});
  REQUIRE(summary.request_rate);
  CHECK(summary.request_rate->value == Approx(70));
  REQUIRE(summary.most_request_rate);
  CHECK(summary.most_request_rate->value == 150);
}

TEST_CASE("changes count by direction when they succeeded, and as failures when not") {
  const std::vector<store::ScalingEvent> events{
      {.at = t0 - 1s, .from = 3, .to = 4},  // before the range
      {.at = t0, .from = 3, .to = 4},
      {.at = t0 + 1min, .from = 4, .to = 5},
      {.at = t0 + 2min, .from = 5, .to = 6, .outcome = "no"},
      {.at = t0 + 3min, .from = 5, .to = 4},
      {.at = t0 + 4min, .from = 4, .to = 3, .outcome = "no"},
      {.at = t0 + 1h, .from = 4, .to = 5},  // after it
  };
  const auto summary = summary_of({}, events, {}, k_hour, 10min, k_bars);
  CHECK(summary.ups == 2);
  CHECK(summary.downs == 1);
  CHECK(summary.failures == 2);
}

TEST_CASE("alerts are summed by rule: within the range, and where two overlap once") {
  const auto alert = [](std::string rule, WallTime fired_at, std::optional<WallTime> resolved_at) {
    return store::AlertRecord{.rule = std::move(rule), .fired_at = fired_at, .resolved_at = resolved_at};
  };
  const std::vector<store::AlertRecord> alerts{
      alert("high-cpu", t0 - 2h, t0 - 1h),        // over before the range
      alert("high-cpu", t0 - 10min, t0 + 5min),   // 5 minutes within it
      alert("high-cpu", t0 + 20min, t0 + 30min),  // 10
      alert("high-cpu", t0 + 25min, t0 + 35min),  // 5 more
      alert("errors", t0 + 50min, std::nullopt),  // still firing: to the end
      alert("at-max", t0 + 1h, std::nullopt),     // after it
  };
  const auto summary = summary_of({}, {}, alerts, k_hour, 10min, k_bars);
  CHECK(summary.alerts == std::vector<AlertTotal>{{.rule = "errors", .count = 1, .firing = 10min},
                                                  {.rule = "high-cpu", .count = 3, .firing = 20min}});
}

TEST_CASE("a summary tells in plain words what happened") {
  auto first = point(t0, 3);
  first.cpu = same(Percent{90});
  first.memory = same(Percent{50});
  auto last = point(t0 + 40min, 6);
  last.response_time = same(Milliseconds{2000});
  const std::vector<store::ScalingEvent> events{{.at = t0, .from = 3, .to = 6},
                                                {.at = t0 + 1min, .from = 6, .to = 7, .outcome = "no"}};
  const std::vector<store::AlertRecord> alerts{{.rule = "high-cpu", .fired_at = t0, .resolved_at = t0 + 3min}};
  CHECK(text_of(summary_of({first, last}, events, alerts, k_hour, 20min, k_bars)) ==
        "3 to 6 instances, 4.5 on average: 3 instance-hours. 1 scale-up and 0 scale-downs; 1 failed. At the maximum of "
        "6 for 20m. Above the threshold: CPU (80%) for 20m, response time (1000 ms) for 20m. 1 alert: high-cpu for 3m. "
        "No data for 20m of 1h.");
}

TEST_CASE("a summary of a quiet time is short") {
  auto calm = point(t0, 1);
  calm.cpu = same(Percent{5});
  CHECK(text_of(summary_of({calm}, {}, {}, k_hour, 1h, k_bars)) ==
        "1 instance: 1 instance-hours. No scaling. No threshold passed. No alerts.");
  CHECK(text_of(summary_of({}, {}, {}, k_hour, 1h, k_bars)) ==
        "There are no figures for this time. No scaling. No alerts.");
}
