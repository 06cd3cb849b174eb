// The inspection of a container that another one is to be made like, and the defaults of its image.

#include "libscale/fleet/blueprint.hpp"

#include "libscale/base/number.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

void look_at(const fleet::Blueprint& blueprint) {
  constexpr int k_last_port = 65535;
  const auto text = json::dump(blueprint.container.body);
  require(json::parse(text).has_value(), "what Docker is asked for is JSON");
  require(blueprint.container.body["Labels"]["dev.kscale.instance"].text_or("") == "7", "it bears its number");
  require(blueprint.container.name == "shop-7" || blueprint.container.name == "shop_7", "it has its name");
  for (const auto& [port, places] : blueprint.container.body["HostConfig"]["PortBindings"].members()) {
    for (const auto& place : places.items()) {
      const auto number = number_in<int>(place["HostPort"].text_or(""));
      require(!number || *number <= k_last_port, "a port of the host is one");
    }
  }
}

}  // namespace

void take(std::string_view bytes) {
  const auto inspection = json::parse(take_part(bytes));
  if (!inspection) {
    return;
  }
  const fleet::Identity identity{.prefix = "shop", .number = 7, .container_port = 3020, .host_port_base = 3020};
  const fleet::Overrides overrides{.environment = {{"NAME", "shop-{N}"}}, .labels = {{"a", "b"}}};
  look_at(fleet::like_sibling(*inspection, 2, "shop:1", identity, {}));
  look_at(fleet::like_sibling(*inspection, 2, "sha256:1", identity, overrides));
  const auto defaults = json::parse(bytes);
  const auto own = fleet::without_defaults((*inspection)["Config"], defaults ? *defaults : json::Value());
  require(own["Env"].items().size() <= (*inspection)["Config"]["Env"].items().size(), "nothing is added");
}

}  // namespace kscale::fuzz
