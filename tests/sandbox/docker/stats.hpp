#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "libscale/base/clock.hpp"
#include "libscale/base/units.hpp"
#include "libscale/net/json.hpp"
#include "tests/sandbox/docker/workload.hpp"

namespace kscale::sandbox::engine {

/// One reading of a container and of its host.
struct StatsSample {
  Now time;
  WorkloadUsage usage;
};

struct StatsHost {
  int cpus = 2;
  Bytes memory;
};

/// The body of a stats answer in the shape of cgroup v1. Without a `later` sample it is that of a container without a
/// process; without an `earlier` one that of `one-shot`. A `limit` of zero means the memory of the host.
///
/// The page cache is counted into the usage, as the kernel does: what is left after taking the inactive file pages off
/// is the workload's own memory.
json::Value stats_json(std::string_view name, std::string_view id, const std::optional<StatsSample>& earlier,
                       const std::optional<StatsSample>& later, const StatsHost& host, Bytes limit);

}  // namespace kscale::sandbox::engine
