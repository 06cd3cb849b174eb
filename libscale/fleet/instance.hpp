#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/docker/container.hpp"
#include "libscale/fleet/ownership.hpp"

namespace kscale::fleet {

/// One of the like containers behind the gateway.
struct Instance {
  int number = 0;
  docker::Container container;

  bool is_running() const { return container.is_running(); }
  /// Whether it runs, or may come back by itself: while it restarts, or is paused.
  bool is_up() const {
    return is_running() || container.state == docker::State::restarting || container.state == docker::State::paused;
  }
  /// Whether it ended, or never began: it does not come back by itself.
  bool is_down() const {
    return container.state == docker::State::created || container.state == docker::State::exited ||
           container.state == docker::State::dead;
  }
  /// Whether kscale made it. Only such a one is thrown away when it has stopped by itself.
  bool is_ours() const { return container.labels.contains(k_deployment_label); }
};

/// How Kong reaches the instances.
enum class Addressing {
  name,  ///< container name and container port: Kong is in the same Docker network
  ip,    ///< container address and container port
  host,  ///< an address of the host and the published port
};

/// The number behind the prefix in `PREFIX-N` or, as Compose 1 writes it, `PREFIX_N`. Empty for other names.
std::optional<int> number_of(std::string_view name, std::string_view prefix);

/// The containers that are instances, by number.
std::vector<Instance> instances_of(const std::vector<docker::Container>& containers, std::string_view prefix);

/// The name that the container's image was meant by, also where it was made by id.
std::string image_name(const docker::Container& container);

std::vector<Instance> running(const std::vector<Instance>& instances);

/// The numbers of those that are not down: no new instance can have them.
std::vector<int> numbers_in_use(const std::vector<Instance>& instances);

/// The lowest numbers from 1 on that `taken` does not hold.
std::vector<int> lowest_free(const std::vector<int>& taken, int count);

/// Where on the host the instance's container port is published.
std::optional<docker::PublishedPort> published_port(const Instance& instance, int container_port);

/// The address of the instance's target in Kong. Empty while it has none: no address yet, or no published port.
std::optional<std::string> target_address(const Instance& instance, Addressing addressing, int container_port,
                                          std::string_view host);

}  // namespace kscale::fleet
