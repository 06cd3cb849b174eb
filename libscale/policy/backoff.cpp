#include "libscale/policy/backoff.hpp"

#include <algorithm>

namespace kscale::policy {

std::chrono::seconds backoff_after(int failures) {
  constexpr std::chrono::seconds k_first{30};
  constexpr std::chrono::seconds k_longest{30 * 60};
  if (failures <= 0) {
    return std::chrono::seconds{0};
  }
  constexpr int k_doublings_to_longest = 6;
  return std::min(k_first * (1 << std::min(failures - 1, k_doublings_to_longest)), k_longest);
}

}  // namespace kscale::policy
