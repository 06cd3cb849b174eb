#include "libscale/fleet/deployment.hpp"

#include <arpa/inet.h>

namespace kscale::fleet {

namespace {

bool is_ip(const std::string& text) {
  in6_addr unused{};
  return inet_pton(AF_INET, text.c_str(), &unused) == 1 || inet_pton(AF_INET6, text.c_str(), &unused) == 1;
}

}  // namespace

Identity Deployment::identity(int number) const {
  Identity identity{
      .prefix = prefix, .number = number, .container_port = container_port, .host_port_base = host_port_base};
  if (addressing == Addressing::host) {
    identity.publish_at = is_ip(host) ? host : "";  // where Kong will look for it
  }
  return identity;
}

Result<std::vector<Instance>> instances_of(const World& world, const Deployment& deployment) {
  return world.engine.find(deployment.prefix).map([&](const auto& containers) {
    return instances_of(containers, deployment.prefix);
  });
}

}  // namespace kscale::fleet
