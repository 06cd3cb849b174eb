#pragma once

#include <optional>
#include <string_view>

#include "libscale/base/result.hpp"
#include "libscale/metrics/histogram.hpp"
#include "libscale/metrics/rate.hpp"

namespace kscale::kong {

/// What Kong's Prometheus plugin counts of one service, over all routes, codes and consumers, since Kong started. It
/// lags about a second behind.
struct Traffic {
  /// All requests. Absent while Kong shows no such counter at all: then no request has come yet, or the plugin lacks
  /// `status_code_metrics`.
  std::optional<metrics::Counters> requests;
  /// Of these, the ones answered with 5xx.
  std::optional<metrics::Counters> errors;
  /// The whole time of each request. Absent while Kong shows none at all: no request yet, or no `latency_metrics`.
  std::optional<metrics::Histograms> latency;
};

/// Reads the answer of `GET /metrics`, of Kong 3.x (`kong_http_requests_total`, `kong_request_latency_ms`) or of 2.x
/// (`kong_http_status`, `kong_latency` of type `request`). What is no bound says nothing. Fails with `invalid` where a
/// figure of the service can be no count: without it the others would say too little.
Result<Traffic> parse_traffic(std::string_view exposition, std::string_view service);

}  // namespace kscale::kong
