#pragma once

#include <algorithm>
#include <chrono>

namespace kscale::control {

/// An action that holds checks off for that long hangs.
inline constexpr std::chrono::hours k_longest_action{1};

/// How long an autoscaler that is well lets people wait for its next complete check.
constexpr std::chrono::seconds longest_silence(std::chrono::seconds check_interval) {
  return std::max<std::chrono::seconds>(3 * check_interval, std::chrono::seconds(90));
}

}  // namespace kscale::control
