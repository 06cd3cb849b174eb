#pragma once

#include "libscale/base/clock.hpp"
#include "libscale/net/json.hpp"
#include "tests/sandbox/kong/schema.hpp"

namespace kscale::sandbox {

/// An instant as Kong stores it: seconds, with milliseconds as a fraction for targets only.
json::Value stamp_of(const Kind& kind, WallTime when);

/// Fills in `created_at` where it is missing, and sets `updated_at`, where the kind has them.
void stamp(const Kind& kind, json::Value& entity, WallTime now);

}  // namespace kscale::sandbox
