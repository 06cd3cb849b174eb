// What Docker says of containers: a list or an inspection.

#include "libscale/docker/container.hpp"

#include "libscale/fleet/instance.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

void look_at(const docker::Container& container) {
  constexpr int k_last_port = 65535;
  for (const auto& port : container.ports) {
    require(port.container_port > 0 && port.container_port <= k_last_port, "a port of a container is one");
    require(port.host_port > 0 && port.host_port <= k_last_port, "a port of a host is one");
  }
  if (container.cpu_limit) {
    require_finite(container.cpu_limit->value, "a limit of CPU is finite");
    require(container.cpu_limit->value > 0, "a limit of CPU is more than nothing");
  }
  require(!docker::name_of(container.state).empty(), "each state has a name");
  require(!docker::name_of(container.health).empty(), "each health has a name");
  const auto instances = fleet::instances_of({container, container}, "shop");
  for (const auto& instance : instances) {
    require(instance.number > 0, "an instance has a number");
    for (const auto addressing : {fleet::Addressing::name, fleet::Addressing::ip, fleet::Addressing::host}) {
      const auto address = fleet::target_address(instance, addressing, 3020, "127.0.0.1");
      require(!address || !address->empty(), "an address is a text");
    }
  }
  for (const auto number : fleet::lowest_free(fleet::numbers_in_use(instances), 2)) {
    require(number >= 1 && number <= 4, "the lowest free numbers are low");
  }
}

}  // namespace

void take(std::string_view bytes) {
  const auto value = json::parse(bytes);
  if (!value) {
    return;
  }
  for (const auto& id : docker::ids_named(*value, "shop")) {
    require(value->is_array(), "only a list has containers");
    require(id.size() <= bytes.size(), "an id stands in the text");
  }
  static_cast<void>(docker::ids_labelled(*value, "dev.kscale.deployment", "shop"));
  const auto container = docker::parse_container(*value);
  if (!container) {
    require_printable(container.error().what, "why it is no container");
    return;
  }
  look_at(*container);
}

}  // namespace kscale::fuzz
