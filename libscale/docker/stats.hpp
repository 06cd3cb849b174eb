#pragma once

#include <optional>
#include <string_view>

#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"
#include "libscale/metrics/cpu.hpp"
#include "libscale/metrics/memory.hpp"

namespace kscale::docker {

/// Bytes over all networks of one container since its start.
struct NetworkReading {
  Bytes received;
  Bytes sent;

  friend bool operator==(const NetworkReading&, const NetworkReading&) = default;
};

/// One reading of a running container.
struct Stats {
  metrics::CpuReading cpu;
  std::optional<metrics::MemoryReading> memory;
  std::optional<NetworkReading> network;
};

/// Whether `system_cpu_usage` is the host's CPU time. Podman puts another figure there.
enum class SystemCounter { trusted, ignored };

/// Reads the answer of `GET /containers/ID/stats`. Nothing when the engine has no data: it gives zeros for a container
/// that does not run, and Podman an empty body.
Result<std::optional<Stats>> parse_stats(std::string_view body, SystemCounter system_counter);

}  // namespace kscale::docker
