#include "libscale/policy/rules.hpp"

#include <fmt/format.h>

namespace kscale::policy {

std::optional<std::string> fault_in(const Rules& rules) {
  if (rules.min_instances > rules.max_instances) {
    return fmt::format("min-instances {} is more than max-instances {}", rules.min_instances, rules.max_instances);
  }
  if (rules.scale_down >= rules.scale_up) {
    return fmt::format("scale-down-threshold {:g} must be below scale-up-threshold {:g}, or the fleet would flap",
                       rules.scale_down.value, rules.scale_up.value);
  }
  if (rules.rate_down >= rules.rate_up) {
    return fmt::format("request-rate-down {:g} must be below request-rate-up {:g}, or the fleet would flap",
                       rules.rate_down.value, rules.rate_up.value);
  }
  return std::nullopt;
}

}  // namespace kscale::policy
