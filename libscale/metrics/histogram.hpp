#pragma once

#include <map>
#include <optional>
#include <string>

#include "libscale/base/units.hpp"

namespace kscale::metrics {

/// A histogram of latencies as Prometheus keeps it.
struct Histogram {
  std::map<double, double> buckets;  ///< upper bound in milliseconds (infinity included) -> how many were at most that
  double sum = 0;                    ///< milliseconds
  double count = 0;

  friend bool operator==(const Histogram&, const Histogram&) = default;
};

/// Histograms by the identity of their series.
using Histograms = std::map<std::string, Histogram>;

/// What all series together gained between two readings. A series of which any figure fell was reset: its new value is
/// its gain.
Histogram increase_between(const Histograms& earlier, const Histograms& later);

/// Empty when nothing was counted, not one.
std::optional<Milliseconds> mean(const Histogram& histogram);

/// The latency that `share` (0..1) of the requests stayed below, linear within a bucket; beyond the last finite bound
/// it is that bound. Empty when nothing was counted. Source: Prometheus, histogram_quantile().
std::optional<Milliseconds> quantile(const Histogram& histogram, double share);

}  // namespace kscale::metrics
