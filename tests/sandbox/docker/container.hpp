#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/net/json.hpp"
#include "tests/sandbox/docker/networks.hpp"
#include "tests/sandbox/docker/workload.hpp"

namespace kscale::sandbox::engine {

enum class ContainerState { created, running, paused, restarting, exited };

std::string_view name_of(ContainerState state);

/// One container the stand-in keeps.
struct Container {
  ContainerSpec spec;
  std::string image_id;
  bool health_check = false;
  WallTime created;
  ContainerState state = ContainerState::created;
  std::optional<WallTime> started;
  std::optional<WallTime> finished;
  int exit_code = 0;
  std::string error;
  int restarts = 0;
  std::vector<NetworkEndpoint> endpoints;
  std::shared_ptr<Workload> workload;  ///< while there is a process
  std::string earlier_log;             ///< of the processes before this one
  bool stopping = false;
  bool removing = false;

  /// As Docker sees it: also while paused or between two attempts to restart.
  bool is_running() const { return state != ContainerState::created && state != ContainerState::exited; }
  /// Whether its restart policy starts it again after it ended by itself.
  bool restarts_after(int code) const;
  std::string log() const;
};

/// "2026-11-23T23:22:04.443Z"
std::string rfc3339(WallTime time);
/// The zero of Docker's times.
inline constexpr std::string_view k_no_time = "0001-01-01T00:00:00Z";

/// What `GET /containers/NAME/json` tells.
json::Value inspect_json(const Container& container);
/// Its entry in `GET /containers/json`.
json::Value summary_json(const Container& container, WallTime now);

}  // namespace kscale::sandbox::engine
