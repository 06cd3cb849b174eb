#include "libscale/metrics/memory.hpp"

#include <algorithm>

namespace kscale::metrics {

Bytes memory_used(const MemoryReading& reading) {
  return reading.inactive_file < reading.usage ? reading.usage - reading.inactive_file : reading.usage;
}

std::optional<Percent> memory_percent(const MemoryReading& reading, std::optional<Bytes> host_memory) {
  // cgroup v1 gives a container without a limit one just below 2^63.
  constexpr Bytes k_no_limit{std::uint64_t{1} << 62U};
  Bytes whole = reading.limit < k_no_limit ? reading.limit : Bytes{};
  if (host_memory && host_memory->value > 0) {
    whole = whole.value > 0 ? std::min(whole, *host_memory) : *host_memory;
  }
  if (whole.value == 0) {
    return std::nullopt;
  }
  return Percent{static_cast<double>(memory_used(reading).value) / static_cast<double>(whole.value) * 100};
}

}  // namespace kscale::metrics
