#pragma once

#include <functional>
#include <optional>
#include <string>

namespace kscale {

/// The value of an environment variable; nothing where it is not set.
using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;

/// The environment of this process.
EnvironmentLookup process_environment();

}  // namespace kscale
