#include "libscale/fleet/instance.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "libscale/base/number.hpp"

namespace kscale::fleet {

std::optional<int> number_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) {
    return std::nullopt;
  }
  name.remove_prefix(prefix.size());
  if (name.size() < 2 || (name[0] != '-' && name[0] != '_') || name[1] == '0') {
    return std::nullopt;
  }
  name.remove_prefix(1);
  const auto number = number_in<int>(name);
  return number && *number > 0 ? number : std::nullopt;
}

std::vector<Instance> instances_of(const std::vector<docker::Container>& containers, std::string_view prefix) {
  std::vector<Instance> instances;
  for (const auto& container : containers) {
    if (const auto number = number_of(container.name, prefix)) {
      instances.push_back({*number, container});
    }
  }
  std::ranges::sort(instances, {}, &Instance::number);
  return instances;
}

std::string image_name(const docker::Container& container) {
  const auto named = container.labels.find(k_image_label);
  return named != container.labels.end() ? named->second : container.image;
}

std::vector<Instance> running(const std::vector<Instance>& instances) {
  std::vector<Instance> found;
  std::ranges::copy_if(instances, std::back_inserter(found), &Instance::is_running);
  return found;
}

std::vector<int> numbers_in_use(const std::vector<Instance>& instances) {
  std::vector<int> numbers;
  for (const auto& instance : instances) {
    if (!instance.is_down()) {
      numbers.push_back(instance.number);
    }
  }
  return numbers;
}

std::vector<int> lowest_free(const std::vector<int>& taken, int count) {
  std::vector<int> free;
  for (int number = 1; static_cast<int>(free.size()) < count; ++number) {
    if (std::ranges::find(taken, number) == taken.end()) {
      free.push_back(number);
    }
  }
  return free;
}

std::optional<docker::PublishedPort> published_port(const Instance& instance, int container_port) {
  const auto& ports = instance.container.ports;
  const auto found = std::ranges::find(ports, container_port, &docker::PublishedPort::container_port);
  return found != ports.end() ? std::optional(*found) : std::nullopt;
}

std::optional<std::string> target_address(const Instance& instance, Addressing addressing, int container_port,
                                          std::string_view host) {
  if (addressing == Addressing::name) {
    return fmt::format("{}:{}", instance.container.name, container_port);
  }
  if (addressing == Addressing::host) {
    const auto port = published_port(instance, container_port);
    return port ? std::optional(fmt::format("{}:{}", host, port->host_port)) : std::nullopt;
  }
  for (const auto& attachment : instance.container.networks) {
    if (!attachment.ip.empty()) {
      return fmt::format("{}:{}", attachment.ip, container_port);
    }
  }
  return std::nullopt;
}

}  // namespace kscale::fleet
