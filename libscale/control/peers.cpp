#include "libscale/control/peers.hpp"

#include <utility>

#include "libscale/docker/endpoint.hpp"
#include "libscale/net/authority.hpp"

namespace kscale::control {

namespace {

/// The machine that an engine runs on, as it is reached from here.
std::string host_of(const net::Endpoint& engine) {
  if (!engine.unix_socket.empty()) {
    return "127.0.0.1";
  }
  const auto authority = net::parse_authority(net::authority_in(engine.base_url));
  return authority ? authority->host : std::string();
}

}  // namespace

Result<Peers> Peers::from(const Settings& settings, const EnvironmentLookup& environment, net::HttpTransport& http,
                          Clock& clock) {
  auto docker = docker::resolve_endpoint(environment, environment("HOME").value_or(""), settings.docker_host);
  if (!docker) {
    return wrap(docker.error(), "Docker's address");
  }
  auto api_version = docker::api_version_in(environment);
  if (!api_version) {
    return tl::unexpected(api_version.error());
  }
  net::Endpoint kong{.base_url = settings.kong_url, .tls = settings.kong_tls};
  if (!settings.kong_token.empty()) {
    kong.headers.emplace_back(settings.kong_token_header, settings.kong_token);
  }
  Peers peers(http, clock);
  peers.m_engine =
      std::make_unique<docker::Engine>(http, std::move(*docker), std::move(*api_version), settings.request_timeout);
  peers.m_kong = std::make_unique<kong::Admin>(http, clock, std::move(kong), settings.request_timeout);
  return peers;
}

void Peers::name_in(net::TallyTransport& tally, const Settings& settings) const {
  tally.name(m_engine->endpoint(), "docker");
  tally.name(m_kong->endpoint(), "kong");
  tally.name({.base_url = settings.proxy_url}, "proxy");
}

fleet::World Peers::world(std::function<void(std::string_view)> on_step) {
  return {*m_engine, *m_kong, *m_http, *m_clock, host_of(m_engine->endpoint()), std::move(on_step)};
}

}  // namespace kscale::control
