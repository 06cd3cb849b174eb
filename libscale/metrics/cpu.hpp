#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "libscale/base/clock.hpp"
#include "libscale/base/units.hpp"

namespace kscale::metrics {

/// What an engine says of the CPU time of one container. The counters run since the container's start.
struct CpuReading {
  std::chrono::nanoseconds used{};                 ///< by the container, summed over all CPUs
  std::optional<std::chrono::nanoseconds> system;  ///< by the whole host, summed over all CPUs; Podman has no true one
  unsigned online_cpus = 0;
  std::chrono::nanoseconds read_at{};  ///< the engine's own time of the reading, since 1970

  friend bool operator==(const CpuReading&, const CpuReading&) = default;
};

/// CPU that one container used between two readings, in cores.
///
/// `later` must be the newer reading. Empty when the host's time stood still between them (the same reading twice) or a
/// counter ran backwards (container restarted): that is "no data", never "idle".
/// Source: Docker CLI, stats_helpers.go: cpu delta / system delta * online CPUs. Without the host's counter the span
/// between the two times of reading takes its place.
std::optional<Cores> cpu_between(const CpuReading& earlier, const CpuReading& later);

/// Cores as a percentage: of one core as `docker stats` shows it, or of `limit` where that is given.
Percent cpu_percent(Cores used, std::optional<Cores> limit);

}  // namespace kscale::metrics
