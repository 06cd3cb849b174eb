#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/net/json.hpp"
#include "libscale/store/history.hpp"

namespace kscale::monitor {

/// How a deployment was over a range of time, and what happened to it.
struct HistoryView {
  std::string deployment;
  store::TimeRange range;
  std::chrono::seconds step{60};         ///< what a point stands for, but for those that begin or end with the range
  std::vector<store::FleetPoint> fleet;  ///< a step without one has no data
  std::vector<store::InstancePoint> instances;  ///< in the order of their numbers, then of time
  std::vector<store::ScalingEvent> events;      ///< oldest first
  std::vector<store::AlertRecord> alerts;       ///< those that fired, or had not ended, in the range; oldest first

  bool is_empty() const { return fleet.empty() && events.empty() && alerts.empty(); }
  std::string name_of(int number) const;
};

/// The longest span between two samples, whoever writes them.
std::chrono::seconds sampling_of(const control::Settings& settings);

/// What the history has, in the steps of `step_for`; where it begins within the range, in those from there on. Of
/// events and alerts the newest 100 000.
Result<HistoryView> read_history(store::History& history, const control::Settings& settings, store::TimeRange range);

/// For programs. Fields are only ever added; units stand in the names; what is not known is null.
json::Value json_of(const HistoryView& view);

/// For programs, with a header: one line for each figure that is known of a step, with its mean, least and most. The
/// instance is empty for the deployment. Events and alerts are not in it.
std::string csv_of(const HistoryView& view);

}  // namespace kscale::monitor
