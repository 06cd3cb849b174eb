#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"
#include "libscale/net/json.hpp"

namespace kscale::docker {

enum class State { created, running, paused, restarting, removing, exited, dead, unknown };

std::string_view name_of(State state);

/// What the container's HEALTHCHECK says.
enum class Health { none, starting, healthy, unhealthy };

std::string_view name_of(Health health);

/// A network that a container is in.
struct Attachment {
  std::string network;
  std::string ip;  ///< empty while the container does not run

  friend bool operator==(const Attachment&, const Attachment&) = default;
};

/// A TCP port of the container that is reachable at a port of the host.
struct PublishedPort {
  int container_port = 0;
  std::string host_ip;  ///< as published: often 0.0.0.0
  int host_port = 0;

  friend bool operator==(const PublishedPort&, const PublishedPort&) = default;
};

/// What an engine says of one container.
struct Container {
  std::string id;
  std::string name;   ///< without the leading slash
  std::string image;  ///< as it was given at creation
  State state = State::unknown;
  Health health = Health::none;
  int exit_code = 0;                   ///< of the last run that ended
  bool out_of_memory = false;          ///< the kernel killed a process of it for want of memory, in the last run
  std::optional<WallTime> started_at;  ///< of the last run
  std::map<std::string, std::string> labels;
  std::vector<Attachment> networks;  ///< the one it was made in first
  std::vector<PublishedPort> ports;
  std::optional<Cores> cpu_limit;
  bool auto_remove = false;  ///< Docker removes it as soon as it stops

  bool is_running() const { return state == State::running; }
};

/// Reads the answer of `GET /containers/ID/json`. `invalid` when what every engine gives is missing.
Result<Container> parse_container(const json::Value& inspection);

/// The ids of the answer of `GET /containers/json` whose name begins with `prefix`.
std::vector<std::string> ids_named(const json::Value& list, std::string_view prefix);

/// The ids of the answer of `GET /containers/json` that have that label.
std::vector<std::string> ids_labelled(const json::Value& list, std::string_view label, std::string_view value);

}  // namespace kscale::docker
