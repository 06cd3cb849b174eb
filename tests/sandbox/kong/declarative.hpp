#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "libscale/base/clock.hpp"
#include "libscale/net/json.hpp"
#include "tests/sandbox/kong/entities.hpp"

namespace kscale::sandbox {

/// What Kong says against a declarative configuration.
struct ConfigFaults {
  json::Value fields = json::Value::object();    ///< the faults, nested as the configuration is
  json::Value rest = json::Value::object();      ///< those of them that belong to no entity
  json::Value flattened = json::Value::array();  ///< those that do, one element for each entity
};

/// What a configuration is turned into entities with.
struct ConfigReading {
  std::vector<std::string> plugins;  ///< the enabled ones; another one is a fault
  WallTime now;
  std::mt19937_64& random;
};

/// Reads YAML or JSON text.
tl::expected<json::Value, ConfigFaults> config_of(std::string_view text);

/// The entities of a configuration, nested or flat. Ids that are not given are the same for the same names each time.
tl::expected<Entities, ConfigFaults> entities_of(const json::Value& config, const ConfigReading& reading);

/// All entities as the text that GET /config gives.
std::string config_text(const Entities& entities);

/// All entities as POST /config answers them: by kind and id, without nulls.
json::Value config_summary(const Entities& entities);

/// Faults as Kong writes a Lua table: `{targets={[2]="..."}}`.
std::string lua_text(const json::Value& value);

}  // namespace kscale::sandbox
