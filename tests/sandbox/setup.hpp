#pragma once

#include <cstdint>
#include <string>

#include "libscale/net/json.hpp"

namespace kscale::sandbox {

/// What the first targets look like.
enum class TargetAddress {
  name,  ///< the container's name and port, as Kong in the same network sees it
  host,  ///< 127.0.0.1 and the published port, as Kong on the host sees it
};

/// How the machine looks before any kscale has touched it: what the compose file of the original project makes.
struct Setup {
  int instances = 3;
  std::string prefix = "street-noshery-backend";
  std::string upstream = "street-noshery-upstream";
  std::string service = "street-noshery-backend";
  std::uint16_t host_port_base = 3019;  ///< instance N publishes this port + N
  TargetAddress address = TargetAddress::name;
  bool metrics_plugin = true;

  std::string container_name(int number) const;
  std::uint16_t host_port(int number) const;
  /// The target of an instance, as Kong writes it.
  std::string target(int number) const;
};

inline constexpr auto k_backend_image = "street-noshery-backend:latest";
/// Another one, to deploy.
inline constexpr auto k_next_backend_image = "street-noshery-backend:next";
inline constexpr auto k_backend_network = "backend_street_noshery_kong-network";

/// The body of the create call for an instance, as docker-compose 1.29 sends it.
json::Value container_body(const Setup& setup, int number);

/// The declarative file of Kong: service, routes, upstream with its targets, a consumer with a key, and the plugin
/// that measures.
std::string kong_file(const Setup& setup);

}  // namespace kscale::sandbox
