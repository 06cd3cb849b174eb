#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/instance.hpp"

namespace kscale::fleet {

/// Whether an instance can serve, at one look.
struct Readiness {
  enum class State {
    ready,
    not_yet,
    never,  ///< it has ended, and waiting does not help
  };
  State state = State::not_yet;
  std::string why;  ///< not ready: what was seen instead

  friend bool operator==(const Readiness&, const Readiness&) = default;
};

/// Looks at all of them at once: the container's HEALTHCHECK where it has one, else the answer to its health path,
/// which must be 2xx or 3xx.
std::vector<Readiness> look(World& world, const Deployment& deployment, const std::vector<Instance>& instances);

/// Where the instance's health path can be asked for from here: the published port, else the container's own address.
/// Empty where it has neither.
std::optional<std::string> probe_url(const World& world, const Deployment& deployment, const Instance& instance);

}  // namespace kscale::fleet
