// The inspection of a container that another one is to be made like, and the defaults of its image.

#include "libscale/fleet/blueprint.hpp"

#include <algorithm>
#include <cstdint>

#include "libscale/base/number.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

constexpr int k_sibling = 2;
const fleet::Identity k_identity{.prefix = "shop", .number = 7, .container_port = 3020, .host_port_base = 3020};

/// The host ports, in the order of the text.
std::vector<std::string> host_ports(const json::Value& bindings) {
  std::vector<std::string> ports;
  for (const auto& [port, places] : bindings.members()) {
    for (const auto& place : places.items()) {
      ports.push_back(place["HostPort"].text_or(""));
    }
  }
  return ports;
}

std::string moved(const std::string& port) {
  const auto number = number_in<int>(port).value_or(0);
  return number > 0 ? std::to_string(std::int64_t{number} + k_identity.number - k_sibling) : port;
}

void look_at(const json::Value& inspection, const fleet::Overrides& overrides, const std::string& image) {
  const auto blueprint = fleet::like_sibling(inspection, k_sibling, image, k_identity, overrides);
  const auto& body = blueprint.container.body;
  require(json::parse(json::dump(body)).has_value(), "what Docker is asked for is JSON");
  require(body["Labels"]["dev.kscale.instance"].text_or("") == "7", "it bears its number");
  require(blueprint.container.name == "shop-7" || blueprint.container.name == "shop_7", "it has its name");
  require(std::ranges::equal(host_ports(body["HostConfig"]["PortBindings"]),
                             host_ports(inspection["HostConfig"]["PortBindings"]), {}, {}, &moved),
          "host ports move with the number");
}

}  // namespace

void take(std::string_view bytes) {
  const auto inspection = json::parse(take_part(bytes));
  if (!inspection) {
    return;
  }
  look_at(*inspection, {}, "shop:1");
  look_at(*inspection, {.environment = {{"NAME", "shop-{N}"}}, .labels = {{"a", "b"}}}, "sha256:1");
  const auto defaults = json::parse(bytes);
  const auto own = fleet::without_defaults((*inspection)["Config"], defaults ? *defaults : json::Value());
  require(own["Env"].items().size() <= (*inspection)["Config"]["Env"].items().size(), "nothing is added");
}

}  // namespace kscale::fuzz
