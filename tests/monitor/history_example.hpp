#pragma once

#include <chrono>

#include "libscale/monitor/history_view.hpp"

namespace kscale::test {

inline constexpr WallTime k_ten{std::chrono::seconds(1'795'514'400)};  ///< 2026-11-24T10:00:00Z

template <class T>
store::Spread<T> spread(T mean, T least, T most) {
  return {mean, least, most};
}

inline store::FleetPoint fleet_point(WallTime at, double instances, double load) {
  store::FleetPoint point{.at = at};
  point.instances = spread(instances, instances, instances);
  point.serving = point.instances;
  point.cpu = spread(Percent{load}, Percent{load / 2}, Percent{load * 2});
  point.memory = spread(Percent{30}, Percent{29.5}, Percent{31});
  point.request_rate = spread(RequestsPerSecond{load / 4}, RequestsPerSecond{0}, RequestsPerSecond{load});
  point.error_rate = spread(Percent{0.1}, Percent{0}, Percent{1});
  point.response_time = spread(Milliseconds(8.5), Milliseconds(2), Milliseconds(120));
  return point;
}

inline store::InstancePoint instance_point(int number, WallTime at, double load) {
  store::InstancePoint point{.number = number, .at = at, .serving = {1, 1, 1}};
  point.cpu = spread(Percent{load}, Percent{load / 2}, Percent{load * 2});
  point.memory = spread(Percent{30}, Percent{29.5}, Percent{31});
  return point;
}

/// Half an hour in steps of five minutes, of which one has no data; two instances, one of them for a part of it; a
/// change that came off, one that did not, an alert that is over and one that is not.
inline monitor::HistoryView history_example() {
  using namespace std::chrono_literals;
  monitor::HistoryView view{.deployment = "shop", .range = {k_ten, k_ten + 30min}, .step = 5min};
  const auto at = [](int step) { return k_ten + step * 5min; };
  view.fleet = {fleet_point(at(0), 1, 20), fleet_point(at(1), 1, 40), fleet_point(at(2), 2, 45),
                fleet_point(at(4), 2, 10), fleet_point(at(5), 2, 5)};
  view.fleet[2].instances = {1.5, 1, 2};
  view.fleet[3].response_time = std::nullopt;
  view.fleet[3].error_rate = std::nullopt;
  view.fleet[0].host_cpu = spread(Percent{12.346}, Percent{10}, Percent{20});
  view.instances = {instance_point(1, at(0), 20), instance_point(1, at(1), 40), instance_point(1, at(2), 45),
                    instance_point(1, at(4), 10), instance_point(1, at(5), 5),  instance_point(2, at(2), 45),
                    instance_point(2, at(4), 10), instance_point(2, at(5), 5)};
  view.instances[0].memory_used = spread(Bytes{22'020'096}, Bytes{21'000'000}, Bytes{23'000'000});
  view.instances[0].received = spread(BytesPerSecond{1500.456}, BytesPerSecond{0}, BytesPerSecond{3000});
  view.instances[5].serving = {0.5, 0, 1};
  view.events = {
      {.at = at(2) + 30s, .from = 1, .to = 2, .reason = "cpu 91% > 80%", .cpu = Percent{91}, .actor = "kscale-auto"},
      {.at = at(4) + 1s,
       .from = 2,
       .to = 1,
       .reason = "cpu 10% < 20%",
       .actor = "kscale-auto",
       .outcome = "Docker does not answer"}};
  view.alerts = {{.rule = "high-cpu",
                  .subject = "shop-1",
                  .severity = "warning",
                  .summary = "cpu of shop-1 is 91%, above 80%",
                  .since = at(1),
                  .fired_at = at(2),
                  .resolved_at = at(4)},
                 {.rule = "kong-unreachable",
                  .severity = "critical",
                  .summary = "no answer from Kong",
                  .since = at(3),
                  .fired_at = at(3) + 60s}};
  return view;
}

}  // namespace kscale::test
