#include "libscale/metrics/rate.hpp"

namespace kscale::metrics {

double increase_between(const Counters& earlier, const Counters& later) {
  double sum = 0;
  for (const auto& [series, value] : later) {
    const auto before = earlier.find(series);
    const bool continues = before != earlier.end() && before->second <= value;
    sum += continues ? value - before->second : value;
  }
  return sum;
}

std::optional<double> per_second(double increase, std::chrono::nanoseconds span) {
  if (span.count() <= 0) {
    return std::nullopt;
  }
  return increase / std::chrono::duration<double>(span).count();
}

}  // namespace kscale::metrics
