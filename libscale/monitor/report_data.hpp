#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/monitor/summary.hpp"
#include "libscale/policy/rules.hpp"
#include "libscale/store/history.hpp"

namespace kscale::monitor {

/// All that a report is made of.
struct ReportData {
  std::string deployment;  ///< instance N is named `DEPLOYMENT-N`
  std::string service;     ///< Kong's, of which requests and response times are
  store::TimeRange range;
  std::chrono::seconds step{};  ///< between the points
  WallTime written_at{};
  policy::Rules rules;
  std::vector<store::FleetPoint> fleet;
  std::vector<store::InstancePoint> instances;  ///< by number, then by time
  std::vector<store::ScalingEvent> events;      ///< oldest first
  std::vector<store::AlertRecord> alerts;       ///< likewise
  Summary summary;                              ///< made from finer points than those above; it knows the thresholds
};

/// Reads what a report on the range needs.
Result<ReportData> gather(store::History& history, const control::Settings& settings, store::TimeRange range,
                          WallTime now);

/// So much of what happened is told of, one by one.
inline constexpr std::size_t k_most_told = 500;

/// The newest of a list that is ordered by time, the very newest first.
template <class T>
std::vector<T> newest(const std::vector<T>& list) {
  return {list.rbegin(), list.rbegin() + static_cast<std::ptrdiff_t>(std::min(list.size(), k_most_told))};
}

/// "3 → 4".
std::string change_text(const store::ScalingEvent& event);

}  // namespace kscale::monitor
