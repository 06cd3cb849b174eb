#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/kong/admin.hpp"
#include "libscale/net/json.hpp"
#include "libscale/operate/health.hpp"

namespace kscale::operate {

/// What a look at the health of a deployment has found.
struct Checkup {
  WallTime at{};
  std::string deployment;
  Probe kong;                              ///< the Admin API; its fault: Kong is down
  std::optional<kong::NodeStatus> status;  ///< what it said
  Probe proxy;                             ///< the health path through the proxy; it is told, and does not count
  std::optional<Error> docker_error;       ///< then no instance is known
  std::vector<InstanceCheck> instances;

  Verdict verdict() const { return verdict_of(kong.fault.empty(), instances); }
  bool is_healthy() const { return verdict() == Verdict::healthy; }
};

/// Asks Kong, the proxy and all instances, after Docker has listed them, all at once and each for at most some seconds.
/// Fails only with `interrupted`.
Result<Checkup> check_up(const control::Settings& settings, const fleet::World& world);

/// For programs. Fields are only ever added; units stand in the names; what is not known is null.
json::Value json_of(const Checkup& checkup);

/// For people: the verdict first, then what it rests on, without colour, each line ended.
std::string text_of(const Checkup& checkup);

}  // namespace kscale::operate
