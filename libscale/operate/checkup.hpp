#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/docker/container.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/kong/admin.hpp"
#include "libscale/net/json.hpp"

namespace kscale::operate {

/// How well a deployment is as a whole, by the rule of the original scripts.
enum class Verdict {
  healthy,    ///< no backend is unhealthy, and Kong is up
  degraded,   ///< fewer than half of the backends are unhealthy, and Kong is up
  unhealthy,  ///< more are, or Kong is down, or there is no backend
};

std::string_view name_of(Verdict verdict);

/// What answered to one question, and after which time.
struct Probe {
  std::string url;
  std::optional<Milliseconds> took;  ///< absent where nobody answered
  std::string fault;                 ///< empty: all is well
};

/// One instance.
struct InstanceCheck {
  int number = 0;
  std::string name;
  docker::State state = docker::State::unknown;
  /// Whether it counts. One that somebody stopped (it ended with exit code 0, or by SIGTERM or SIGKILL), or that was
  /// never started, does not; one that ended by itself with another code does.
  bool is_backend = true;
  bool by_healthcheck = false;       ///< else by the answer to its health path
  std::optional<Milliseconds> took;  ///< of its health path, where that answered well
  std::string fault;                 ///< why it is not healthy; empty: it is
};

/// What a look at the health of a deployment has found.
struct Checkup {
  WallTime at{};
  std::string deployment;
  Probe kong;                              ///< the Admin API; its fault: Kong is down
  std::optional<kong::NodeStatus> status;  ///< what it said
  Probe proxy;                             ///< the health path through the proxy; it is told, and does not count
  std::optional<Error> docker_error;       ///< then no instance is known
  std::vector<InstanceCheck> instances;

  int backends() const;
  int unhealthy() const;
  Verdict verdict() const;
  bool is_healthy() const { return verdict() == Verdict::healthy; }
};

/// Asks Kong, the proxy and all instances, after Docker has listed them, all at once and each for at most some seconds.
/// The container's HEALTHCHECK decides where it has one, else the answer to its health path, which must be 2xx or 3xx.
/// Fails only with `interrupted`.
Result<Checkup> check_up(const control::Settings& settings, const fleet::World& world);

/// For programs. Fields are only ever added; units stand in the names; what is not known is null.
json::Value json_of(const Checkup& checkup);

/// For people: the verdict first, then what it rests on, without colour, each line ended.
std::string text_of(const Checkup& checkup);

}  // namespace kscale::operate
