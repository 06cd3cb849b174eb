#include "libscale/kong/target.hpp"

namespace kscale::kong {

Result<Target> parse_target(const json::Value& entry) {
  const auto address = entry["target"].as_string();
  const auto weight = entry["weight"].as_int();
  if (!address || !weight) {
    return fail(Errc::invalid, "a target without target or weight");
  }
  Target target{.address = std::string(*address), .weight = static_cast<int>(*weight)};
  for (const auto& tag : entry["tags"].items()) {
    target.tags.push_back(tag.text_or(""));
  }
  return target;
}

Result<TargetHealth> parse_target_health(const json::Value& entry) {
  const auto target = parse_target(entry);
  if (!target) {
    return tl::unexpected(target.error());
  }
  TargetHealth health{.address = target->address, .weight = target->weight, .health = entry["health"].text_or("")};
  for (const auto& address : entry["data"]["addresses"].items()) {
    health.resolved.push_back({address["ip"].text_or(""), static_cast<int>(address["port"].as_int().value_or(0))});
  }
  return health;
}

}  // namespace kscale::kong
