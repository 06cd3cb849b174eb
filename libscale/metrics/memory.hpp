#pragma once

#include <optional>

#include "libscale/base/units.hpp"

namespace kscale::metrics {

/// What an engine says of the memory of one container.
struct MemoryReading {
  Bytes usage;  ///< page cache included
  Bytes
      inactive_file;  ///< cache that can be dropped at once: `total_inactive_file` (cgroup v1) or `inactive_file` (v2)
  Bytes limit;        ///< of the container, or the host's memory where it has none

  friend bool operator==(const MemoryReading&, const MemoryReading&) = default;
};

/// Memory in use as `docker stats` shows it: usage without the cache that can be dropped, where that is less than
/// usage. Source: Docker CLI, stats_helpers.go, calculateMemUsageUnixNoCache.
Bytes memory_used(const MemoryReading& reading);

/// Percent of the limit. A limit above the host's memory counts as the host's memory, and one from 2^62 on as none.
/// Empty when neither is known.
std::optional<Percent> memory_percent(const MemoryReading& reading, std::optional<Bytes> host_memory);

}  // namespace kscale::metrics
