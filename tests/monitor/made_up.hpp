#pragma once

#include <cstdint>

#include "libscale/base/clock.hpp"
#include "libscale/monitor/snapshot.hpp"
#include "libscale/monitor/trend.hpp"

namespace kscale::tests {

/// When the made-up looks were taken: 2026-11-24T10:00:00Z.
inline constexpr WallTime k_made_up_at{std::chrono::milliseconds(1'795'514'400'000)};

/// A deployment of so many instances, all of it well.
monitor::Snapshot made_up(int instances);

/// The same with something wrong of each kind: alerts, faults, drift, what could not be read.
monitor::Snapshot made_up_trouble();

/// Anything at all, the same for the same seed: names and errors of any length and script, figures known or not.
monitor::Snapshot made_up_anyhow(std::uint32_t seed);

/// How the figures of the snapshot may have got where they are, in so many looks.
monitor::Trends made_up_trends(const monitor::Snapshot& snapshot, int looks);

}  // namespace kscale::tests
