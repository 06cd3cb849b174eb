#include "libscale/base/environment.hpp"

#include <cstdlib>

namespace kscale {

EnvironmentLookup process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  };
}

}  // namespace kscale
