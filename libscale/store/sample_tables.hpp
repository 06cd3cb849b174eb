#pragma once

#include <chrono>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/store/sample.hpp"
#include "libscale/store/sqlite.hpp"

namespace kscale::store {

/// The SQL that makes the tables for samples and for the averages over a minute, with the units of their columns.
extern const char* const k_sample_tables;

/// Adds the sample. This and the next two belong into one transaction of the caller's.
///
/// A number that is not finite, or too large for any use, counts as unknown.
Status add_sample(Database& database, const FleetSample& sample);

/// Makes the averages of the minutes that were over at `now`, of all samples that are in none yet. A minute that has
/// averages already, as samples came late or the clock was set back, gets those of all its samples.
Status make_minutes(Database& database, WallTime now);

/// Drops what is from before these times, at most `k_drop_at_once` samples and minutes, the oldest first.
Status drop_samples(Database& database, WallTime samples_before, WallTime minutes_before);

inline constexpr int k_drop_at_once = 30;

/// See `History::fleet` and `History::instances`.
Result<std::vector<FleetPoint>> fleet_points(Database& database, TimeRange range, std::chrono::seconds step);
Result<std::vector<InstancePoint>> instance_points(Database& database, TimeRange range, std::chrono::seconds step);

}  // namespace kscale::store
