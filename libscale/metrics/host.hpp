#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "libscale/base/units.hpp"

namespace kscale::metrics {

/// CPU time of the whole host in clock ticks since boot.
struct HostCpuReading {
  std::uint64_t busy = 0;
  std::uint64_t total = 0;
};

/// Reads the `cpu` line of /proc/stat. Waiting for I/O counts as idle. Empty when the line is not there or not whole.
/// Source: proc(5).
std::optional<HostCpuReading> read_host_cpu(std::string_view proc_stat);

/// Percent of all CPUs together. Empty when no time passed or a counter ran backwards.
std::optional<Percent> host_cpu_between(const HostCpuReading& earlier, const HostCpuReading& later);

struct HostMemory {
  Bytes total;
  Bytes available;  ///< what programs can still get without swapping

  /// Empty where the two figures cannot be.
  std::optional<Percent> used() const;
};

/// Reads MemTotal and MemAvailable of /proc/meminfo. Empty when one of them is missing.
std::optional<HostMemory> read_host_memory(std::string_view proc_meminfo);

}  // namespace kscale::metrics
