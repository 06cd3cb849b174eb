#include "tests/sandbox/docker/workload.hpp"

namespace kscale::sandbox {

std::string_view ContainerSpec::variable(std::string_view key) const {
  std::string_view value;
  for (const std::string_view entry : env) {
    if (entry.size() > key.size() && entry.starts_with(key) && entry[key.size()] == '=') {
      value = entry.substr(key.size() + 1);
    }
  }
  return value;
}

}  // namespace kscale::sandbox
