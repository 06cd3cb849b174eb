#include "libscale/metrics/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace kscale::metrics {

namespace {

/// Whether `now` can have grown from `before`: figures that count up never fall.
bool continues(const Histogram& before, const Histogram& now) {
  return before.count <= now.count && before.sum <= now.sum &&
         std::ranges::all_of(before.buckets, [&now](const auto& bucket) {
           const auto same = now.buckets.find(bucket.first);
           return same == now.buckets.end() || bucket.second <= same->second;
         });
}

}  // namespace

Histogram increase_between(const Histograms& earlier, const Histograms& later) {
  Histogram gained;
  for (const auto& [series, now] : later) {
    const auto found = earlier.find(series);
    const bool is_grown = found != earlier.end() && continues(found->second, now);
    const Histogram before = is_grown ? found->second : Histogram{};
    gained.sum += now.sum - before.sum;
    gained.count += now.count - before.count;
    for (const auto& [bound, at_most] : now.buckets) {
      const auto same = before.buckets.find(bound);
      gained.buckets[bound] += at_most - (same != before.buckets.end() ? same->second : 0);
    }
  }
  return gained;
}

std::optional<Milliseconds> mean(const Histogram& histogram) {
  if (histogram.count < 1) {
    return std::nullopt;
  }
  return Milliseconds{histogram.sum / histogram.count};
}

std::optional<Milliseconds> quantile(const Histogram& histogram, double share) {
  if (histogram.buckets.empty() || histogram.buckets.rbegin()->second <= 0) {
    return std::nullopt;
  }
  const double wanted = share * histogram.buckets.rbegin()->second;
  double lower = 0;
  double below = 0;
  for (const auto& [bound, at_most] : histogram.buckets) {
    if (at_most >= wanted) {
      if (std::isinf(bound)) {
        break;
      }
      const double within = at_most - below;
      return Milliseconds{within > 0 ? lower + (bound - lower) * (wanted - below) / within : bound};
    }
    if (std::isfinite(bound)) {
      lower = bound;
    }
    below = at_most;
  }
  return Milliseconds{lower};
}

}  // namespace kscale::metrics
