#include "libscale/kong/target.hpp"

#include <cstdint>
#include <optional>

namespace kscale::kong {

namespace {

/// A number from 0 to 65535, as Kong's weights and ports are.
std::optional<int> small_number(const json::Value& value) {
  constexpr std::int64_t k_most = 65535;
  const auto number = value.as_int();
  return number && *number >= 0 && *number <= k_most ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

}  // namespace

Result<Target> parse_target(const json::Value& entry) {
  const auto address = entry["target"].as_string();
  const auto weight = small_number(entry["weight"]);
  if (!address || !weight) {
    return fail(Errc::invalid, "a target without target or weight");
  }
  Target target{.address = std::string(*address), .weight = *weight};
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
    health.resolved.push_back({address["ip"].text_or(""), small_number(address["port"]).value_or(0)});
  }
  return health;
}

}  // namespace kscale::kong
