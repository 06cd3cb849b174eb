#pragma once

#include "libscale/net/json.hpp"

namespace kscale::sandbox {

/// Puts `protocol`, `host`, `port` and `path` in the place of the shorthand `url` of a service.
void expand_url(json::Value& service);

}  // namespace kscale::sandbox
