#include "libscale/fleet/readiness.hpp"

#include <fmt/format.h>

namespace kscale::fleet {

namespace {

using State = Readiness::State;

/// What the container itself says; nothing when only a probe can tell.
std::optional<Readiness> from_container(const docker::Container& container) {
  switch (container.state) {
    case docker::State::exited:
    case docker::State::dead:
    case docker::State::removing:
      return Readiness{State::never, fmt::format("it ended with exit code {}", container.exit_code)};
    case docker::State::running:
      break;
    default:
      return Readiness{State::not_yet, fmt::format("it is {}", name_of(container.state))};
  }
  if (container.health == docker::Health::none) {
    return std::nullopt;
  }
  if (container.health == docker::Health::healthy) {
    return Readiness{State::ready, ""};
  }
  return Readiness{State::not_yet, fmt::format("its HEALTHCHECK says {}", name_of(container.health))};
}

Readiness from_probe(const Result<net::Response>& answer, const std::string& url, const std::string& path) {
  if (!answer) {
    return {State::not_yet, answer.error().what};
  }
  if (answer->status < 200 || answer->status >= 400) {
    return {State::not_yet, fmt::format("{}{} answered {}", url, path, answer->status)};
  }
  return {State::ready, ""};
}

/// A port that is published at all addresses, or at a loopback one, is asked for at the engine's machine.
std::string host_to_ask(const World& world, const std::string& published_at) {
  const bool is_special = published_at.empty() || published_at == "0.0.0.0" || published_at == "::" ||
                          published_at == "::1" || published_at.starts_with("127.");
  if (is_special) {
    return world.docker_host;
  }
  return published_at.find(':') == std::string::npos ? published_at : fmt::format("[{}]", published_at);
}

}  // namespace

std::optional<std::string> probe_url(const World& world, const Deployment& deployment, const Instance& instance) {
  if (const auto port = published_port(instance, deployment.container_port)) {
    return fmt::format("http://{}:{}", host_to_ask(world, port->host_ip), port->host_port);
  }
  const auto address = target_address(instance, Addressing::ip, deployment.container_port, {});
  return address ? std::optional("http://" + *address) : std::nullopt;
}

std::vector<Readiness> look(World& world, const Deployment& deployment, const std::vector<Instance>& instances) {
  constexpr std::chrono::milliseconds k_probe_deadline{2000};
  std::vector<Readiness> seen(instances.size());
  std::vector<net::Request> probes;
  std::vector<std::size_t> probed;
  for (std::size_t i = 0; i < instances.size(); ++i) {
    if (const auto told = from_container(instances[i].container)) {
      seen[i] = *told;
    } else if (const auto url = probe_url(world, deployment, instances[i])) {
      net::Request probe;
      probe.to.base_url = *url;
      probe.path = deployment.health_path;
      probe.deadline = k_probe_deadline;
      probes.push_back(std::move(probe));
      probed.push_back(i);
    } else {
      seen[i] = {State::not_yet, "it has neither a HEALTHCHECK nor an address that can be asked from here"};
    }
  }
  const auto answers = world.http.send_all(probes);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    seen[probed[i]] = from_probe(answers[i], probes[i].to.base_url, deployment.health_path);
  }
  return seen;
}

}  // namespace kscale::fleet
