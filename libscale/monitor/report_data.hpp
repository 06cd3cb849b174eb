#pragma once

#include <chrono>
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

}  // namespace kscale::monitor
