#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/docker/engine.hpp"
#include "libscale/fleet/blueprint.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/fleet/ownership.hpp"
#include "libscale/kong/admin.hpp"
#include "libscale/net/http.hpp"

namespace kscale::fleet {

/// What belongs together, how it is named and reached, and how long its steps may take.
struct Deployment {
  std::string prefix = "street-noshery-backend";     ///< instance N is the container `PREFIX-N`
  std::string upstream = "street-noshery-upstream";  ///< Kong's
  Addressing addressing = Addressing::name;
  std::string host = "127.0.0.1";  ///< of a target that is addressed by published port
  int container_port = 3020;
  int host_port_base = 3019;
  int target_weight = 100;
  std::string health_path = "/street-noshery/customer";
  std::chrono::milliseconds ready_timeout{60'000};  ///< from the start of an instance until it can serve
  std::chrono::milliseconds propagation_wait{500};  ///< until every worker and node of Kong knows of a change
  std::chrono::milliseconds drain_timeout{30'000};  ///< until the requests in flight are done
  std::chrono::seconds stop_timeout{10};            ///< between SIGTERM and SIGKILL
  Overrides overrides;

  Identity identity(int number) const;

  /// What the targets of the deployment carry in Kong, so that others can share the upstream.
  std::string tag() const { return k_tag_begin + prefix; }
  kong::TargetChange to_add(const std::string& address, int weight) const {
    return {kong::TargetChange::Kind::add, address, weight, tag()};
  }
  std::optional<std::string> address_of(const Instance& instance) const {
    return target_address(instance, addressing, container_port, host);
  }
};

/// Whom the steps talk to. All is lent, and outlives the steps.
struct World {
  docker::Engine& engine;
  kong::Admin& kong;
  net::HttpTransport& http;  ///< for probes of the instances themselves
  Clock& clock;
  std::string docker_host;                        ///< where published ports are reached from here
  std::function<void(std::string_view)> on_step;  ///< told what is being done, for progress; may be empty

  void step(std::string_view text) const {
    if (on_step) {
      on_step(text);
    }
  }
};

/// All instances, running or not.
Result<std::vector<Instance>> instances_of(const World& world, const Deployment& deployment);

}  // namespace kscale::fleet
