// Prometheus' text of Kong, and the figures between two of them.

#include "libscale/kong/exposition.hpp"

#include <cmath>
#include <map>
#include <vector>

#include "libscale/kong/traffic.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

void look_at(const metrics::Histograms& earlier, const metrics::Histograms& later) {
  const auto gained = metrics::increase_between(earlier, later);
  for (const auto& [bound, count] : gained.buckets) {
    require(!std::isnan(bound), "a bound is a number");
    require_finite(count, "a count is finite");
  }
  if (const auto mean = metrics::mean(gained)) {
    require_finite(mean->count(), "a mean is finite");
  }
  for (const double share : {0.5, 0.95, 0.99}) {
    if (const auto latency = metrics::quantile(gained, share)) {
      require_finite(latency->count(), "a quantile is finite");
    }
  }
}

void look_at(const metrics::Counters& earlier, const metrics::Counters& later) {
  const double increase = metrics::increase_between(earlier, later);
  require_finite(increase, "an increase is finite");
  require(increase >= 0, "an increase is not negative");
}

}  // namespace

void take(std::string_view bytes) {
  std::vector<kong::Traffic> readings;
  while (!bytes.empty() && readings.size() < 2) {
    const auto text = take_part(bytes);
    const auto all = kong::parse_exposition(text, [](std::string_view) { return true; });
    if (all) {
      require(all->size() <= text.size(), "a sample stands on a line");
      for (const auto& sample : *all) {
        require(!sample.name.empty(), "a sample has a name");
      }
    } else {
      require_printable(all.error().what, "why it is not Prometheus' text");
    }
    if (auto traffic = kong::parse_traffic(text, "svc")) {
      readings.push_back(std::move(*traffic));
    }
  }
  if (readings.size() < 2) {
    return;
  }
  for (const auto& [earlier, later] : {std::pair(readings[0], readings[1]), std::pair(readings[1], readings[0])}) {
    if (earlier.requests && later.requests) {
      look_at(*earlier.requests, *later.requests);
    }
    if (earlier.errors && later.errors) {
      look_at(*earlier.errors, *later.errors);
    }
    if (earlier.latency && later.latency) {
      look_at(*earlier.latency, *later.latency);
    }
  }
}

}  // namespace kscale::fuzz
