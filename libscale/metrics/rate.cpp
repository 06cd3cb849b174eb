#include "libscale/metrics/rate.hpp"

#include <algorithm>

namespace kscale::metrics {

bool is_count(double figure) {
  constexpr double k_most = 1e18;
  return figure >= 0 && figure <= k_most;
}

double increase_between(const Counters& earlier, const Counters& later) {
  double sum = 0;
  for (const auto& [series, value] : later) {
    const auto before = earlier.find(series);
    const bool continues = before != earlier.end() && before->second <= value;
    sum += continues ? value - before->second : value;
  }
  return sum;
}

bool was_reset(const Counters& earlier, const Counters& later) {
  return std::ranges::any_of(earlier, [&](const auto& one) {
    const auto now = later.find(one.first);
    return now == later.end() || now->second < one.second;
  });
}

std::optional<double> per_second(double increase, std::chrono::nanoseconds span) {
  if (span.count() <= 0) {
    return std::nullopt;
  }
  return increase / std::chrono::duration<double>(span).count();
}

}  // namespace kscale::metrics
