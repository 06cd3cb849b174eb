#pragma once

#include "libscale/net/json.hpp"
#include "tests/sandbox/kong/kong.hpp"

namespace kscale::sandbox {

/// The member `configuration` of GET /, as a real one gave it.
json::Value node_settings(KongMode mode);

}  // namespace kscale::sandbox
