#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"
#include "libscale/docker/container.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/net/http.hpp"

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

/// What came of asking; anything but 2xx and 3xx is a fault.
Probe probed(const net::Request& request, const Result<net::Response>& answer);

/// One instance.
struct InstanceCheck {
  int number = 0;
  std::string name;
  docker::State state = docker::State::unknown;
  /// Whether it counts. One that was never started or that ended as one does that somebody stops (with exit code 0, or
  /// by SIGTERM or SIGKILL) does not; one that ended with another code, or that the kernel killed for want of memory,
  /// does.
  bool is_backend = true;
  bool by_healthcheck = false;       ///< else by the answer to its health path
  std::optional<Milliseconds> took;  ///< of its health path, where that answered well
  std::string fault;                 ///< why it is not healthy; empty: it is
};

int backends(const std::vector<InstanceCheck>& instances);
int unhealthy(const std::vector<InstanceCheck>& instances);
Verdict verdict_of(bool kong_is_up, const std::vector<InstanceCheck>& instances);

/// Which instances are asked for their health path: all that run and can be asked, so that the time is known, or only
/// those that have no HEALTHCHECK.
enum class Ask { all, undecided };

/// How instances are, as far as their containers tell, and what is still to be asked: together with calls to others.
/// The container's HEALTHCHECK decides where it has one, else the answer to its health path, which must be 2xx or 3xx.
struct HealthQuestions {
  std::vector<InstanceCheck> checks;
  std::vector<net::Request> requests;
  std::vector<std::size_t> asked;  ///< for each request the place of its instance
};

HealthQuestions questions_to(const std::vector<fleet::Instance>& instances, const fleet::World& world,
                             const fleet::Deployment& deployment, Ask ask);

/// The checks with what was answered, in the order of the requests.
std::vector<InstanceCheck> answered(HealthQuestions questions, std::span<const Result<net::Response>> answers);

}  // namespace kscale::operate
