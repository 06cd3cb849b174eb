#include "tests/sandbox/kong/stamps.hpp"

#include <chrono>
#include <cstdint>

namespace kscale::sandbox {

json::Value stamp_of(const Kind& kind, WallTime when) {
  const auto since = when.time_since_epoch();
  if (kind.name == "targets") {
    return std::chrono::duration<double>(since).count();
  }
  return std::int64_t{std::chrono::floor<std::chrono::seconds>(since).count()};
}

void stamp(const Kind& kind, json::Value& entity, WallTime now) {
  if (kind.defaults.has("created_at") && entity["created_at"].is_null()) {
    entity.set("created_at", stamp_of(kind, now));
  }
  if (kind.defaults.has("updated_at")) {
    entity.set("updated_at", stamp_of(kind, now));
  }
}

}  // namespace kscale::sandbox
