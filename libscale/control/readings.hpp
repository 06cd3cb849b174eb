#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/docker/stats.hpp"
#include "libscale/kong/traffic.hpp"
#include "libscale/metrics/host.hpp"

namespace kscale::control {

/// One look at all counters. Most figures come from two of these.
struct Readings {
  Instant at;                                       ///< when Kong was read
  std::map<std::string, docker::Stats> containers;  ///< by container id
  std::optional<kong::Traffic> traffic;  ///< absent where Kong's page could not be read; empty where Kong has none
  std::optional<double> total_requests;  ///< of all services and the Admin API, from Kong's status
  std::optional<metrics::HostCpuReading> host_cpu;
};

/// The readings as one text, to be kept from one process to the next. `at` is not part of it.
std::string write_readings(const Readings& readings);
/// Fails with `invalid` on any text that is not whole: a counter taken for zero would look like a flood of requests.
Result<Readings> parse_readings(std::string_view text, Instant at);

}  // namespace kscale::control
