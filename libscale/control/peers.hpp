#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "libscale/base/clock.hpp"
#include "libscale/base/environment.hpp"
#include "libscale/base/result.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/docker/engine.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/kong/admin.hpp"
#include "libscale/net/http.hpp"
#include "libscale/net/tally.hpp"

namespace kscale::control {

/// The clients for Docker and Kong, as the settings and Docker's own conventions say. Nothing is asked yet.
class Peers {
 public:
  /// `http` and `clock` must outlive the peers. Fails where Docker's address cannot be made out.
  static Result<Peers> from(const Settings& settings, const EnvironmentLookup& environment, net::HttpTransport& http,
                            Clock& clock);

  docker::Engine& engine() { return *m_engine; }
  kong::Admin& kong() { return *m_kong; }

  /// Has calls counted under the names docker, kong and proxy.
  void name_in(net::TallyTransport& tally, const Settings& settings) const;

  /// What the steps of the fleet need; lent, as long as the peers live.
  fleet::World world(std::function<void(std::string_view)> on_step);

 private:
  Peers(net::HttpTransport& http, Clock& clock) : m_http(&http), m_clock(&clock) {}

  net::HttpTransport* m_http;
  Clock* m_clock;
  std::unique_ptr<docker::Engine> m_engine;
  std::unique_ptr<kong::Admin> m_kong;
};

}  // namespace kscale::control
