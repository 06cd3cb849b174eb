// /proc/stat and /proc/meminfo, twice.

#include "libscale/metrics/host.hpp"

#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

void take(std::string_view bytes) {
  const auto first = take_part(bytes);
  const auto earlier = metrics::read_host_cpu(first);
  const auto later = metrics::read_host_cpu(bytes);
  if (earlier && later) {
    if (const auto used = metrics::host_cpu_between(*earlier, *later)) {
      require_finite(used->value, "percent of CPU are finite");
      require(used->value >= 0, "percent of CPU are not negative");
    }
  }
  if (const auto memory = metrics::read_host_memory(first)) {
    if (const auto used = memory->used()) {
      require(used->value >= 0 && used->value <= 100, "percent of memory are from 0 to 100");
    }
  }
}

}  // namespace kscale::fuzz
