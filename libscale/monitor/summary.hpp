#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "libscale/base/units.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/store/alert_record.hpp"
#include "libscale/store/history.hpp"
#include "libscale/store/sample.hpp"
#include "libscale/store/scaling_event.hpp"

namespace kscale::monitor {

/// What figures are measured against.
struct Bars {
  int max_instances = 0;
  Percent cpu;
  Percent memory;
  Milliseconds response_time{};
  Percent error_rate;

  friend bool operator==(const Bars&, const Bars&) = default;
};

Bars bars_of(const control::Settings& settings);

/// The alerts of one rule.
struct AlertTotal {
  std::string rule;
  std::size_t count = 0;
  std::chrono::seconds firing{};  ///< at least one of them did; where two overlap it counts once

  friend bool operator==(const AlertTotal&, const AlertTotal&) = default;
};

/// What happened in a span of time.
struct Summary {
  Bars bars;
  std::chrono::seconds range{};        ///< how long it is
  std::chrono::seconds known{};        ///< of it, for how long there is data
  std::chrono::seconds longest_gap{};  ///< the longest span without data, also at either end

  std::optional<store::Spread<double>> instances;  ///< the mean is weighted by time
  double instance_hours = 0;
  std::chrono::seconds at_max{};

  std::optional<RequestsPerSecond> request_rate;       ///< on average, while it was known
  std::optional<RequestsPerSecond> most_request_rate;  ///< the peak

  // How long the fleet's mean was above its bar; absent where it was never known.
  std::optional<std::chrono::seconds> above_cpu;
  std::optional<std::chrono::seconds> above_memory;
  std::optional<std::chrono::seconds> above_response_time;
  std::optional<std::chrono::seconds> above_error_rate;

  std::size_t ups = 0;       ///< changes to more instances that succeeded
  std::size_t downs = 0;     ///< likewise to fewer
  std::size_t failures = 0;  ///< changes that did not succeed, in either direction

  std::vector<AlertTotal> alerts;  ///< in the order of the rules' names

  friend bool operator==(const Summary&, const Summary&) = default;
};

/// What happened in the range. `fleet` has a point for each step with data, in order of time; what lies outside of the
/// range does not count.
///
/// A point stands for the part of its step that is within the range: so long is its `time`. Then, over all points,
///   known          = sum of time
///   instance_hours = sum of mean instances * time
///   instances.mean = instance_hours / known
///   at_max         = sum of time where least >= max; of time * (mean - least) / (most - least) where only most >= max:
///                    exact where the number took two values within the step
///   above X        = sum of time where the mean of X is above its bar
/// Gaps add nothing to any of them. An alert fires from `fired_at` until it is resolved.
Summary summary_of(const std::vector<store::FleetPoint>& fleet, const std::vector<store::ScalingEvent>& events,
                   const std::vector<store::AlertRecord>& alerts, store::TimeRange range, std::chrono::seconds step,
                   const Bars& bars);

/// What happened, in a few sentences for people.
std::string text_of(const Summary& summary);

}  // namespace kscale::monitor
