#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "libscale/base/units.hpp"

namespace kscale::policy {

/// When to scale. The defaults are those that users of the original scripts rely on.
struct Rules {
  int min_instances = 3;
  int max_instances = 6;
  Percent scale_up{80};            ///< CPU or memory above this: up
  Percent scale_down{30};          ///< CPU and memory at most this: down, when the rate agrees
  RequestsPerSecond rate_up{150};  ///< of the whole service, not of one instance
  RequestsPerSecond rate_down{50};
  Milliseconds response_time_up{1000};
  std::chrono::seconds cooldown{300};

  friend bool operator==(const Rules&, const Rules&) = default;
};

/// What makes the rules senseless, in the words of the settings; empty when they are sound.
std::optional<std::string> fault_in(const Rules& rules);

}  // namespace kscale::policy
