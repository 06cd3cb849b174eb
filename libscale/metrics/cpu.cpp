#include "libscale/metrics/cpu.hpp"

namespace kscale::metrics {

std::optional<Cores> cpu_between(const CpuReading& earlier, const CpuReading& later) {
  const auto used = later.used - earlier.used;
  if (used.count() < 0) {
    return std::nullopt;
  }
  const auto share_of = [used](std::chrono::nanoseconds span) -> std::optional<double> {
    if (span.count() <= 0) {
      return std::nullopt;
    }
    return static_cast<double>(used.count()) / static_cast<double>(span.count());
  };
  if (earlier.system && later.system && later.online_cpus > 0) {
    const auto share = share_of(*later.system - *earlier.system);
    return share ? std::optional(Cores{*share * later.online_cpus}) : std::nullopt;
  }
  const auto share = share_of(later.read_at - earlier.read_at);
  return share ? std::optional(Cores{*share}) : std::nullopt;
}

Percent cpu_percent(Cores used, std::optional<Cores> limit) {
  const double whole = limit && limit->value > 0 ? limit->value : 1.0;
  return {used.value / whole * 100};
}

}  // namespace kscale::metrics
