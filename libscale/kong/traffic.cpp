#include "libscale/kong/traffic.hpp"

#include <limits>
#include <string>

#include "libscale/base/number.hpp"
#include "libscale/base/printable.hpp"
#include "libscale/kong/exposition.hpp"

namespace kscale::kong {

namespace {

bool counts_requests(std::string_view name) {
  return name == "kong_http_requests_total" || name == "kong_http_status";
}

bool measures_latency(std::string_view name) {
  return name.starts_with("kong_request_latency_ms_") || name.starts_with("kong_latency_");
}

/// The labels as one text, which tells this series from the others; without the bucket's bound.
std::string identity_of(const Sample& sample) {
  std::string identity;
  for (const auto& [key, value] : sample.labels) {
    if (key != "le") {
      identity.append(key).append(1, '=').append(value).append(1, '\n');
    }
  }
  return identity;
}

std::optional<double> bound_of(std::string_view le) {
  if (le == "+Inf") {
    return std::numeric_limits<double>::infinity();
  }
  const auto bound = number_in<double>(le);
  return bound && metrics::is_count(*bound) ? bound : std::nullopt;
}

void add_latency(metrics::Histograms& histograms, const Sample& sample) {
  auto& histogram = histograms[identity_of(sample)];
  if (sample.name.ends_with("_sum")) {
    histogram.sum = sample.value;
  } else if (sample.name.ends_with("_count")) {
    histogram.count = sample.value;
  } else if (const auto bound = bound_of(sample.label("le"))) {
    histogram.buckets[*bound] = sample.value;
  }
}

}  // namespace

Result<Traffic> parse_traffic(std::string_view exposition, std::string_view service) {
  const auto samples = parse_exposition(
      exposition, [](std::string_view name) { return counts_requests(name) || measures_latency(name); });
  if (!samples) {
    return tl::unexpected(samples.error());
  }
  Traffic traffic;
  for (const auto& sample : *samples) {
    const bool ours = sample.label("service") == service;
    if (ours && !metrics::is_count(sample.value)) {
      // Without it the others would say that there is less to do.
      return fail(Errc::invalid, "Kong's metrics: {} of service '{}' is no count", printable(sample.name), service);
    }
    if (counts_requests(sample.name)) {
      // Another service's counter shows that the flag is on, so that nothing of ours is a true zero.
      auto& requests = traffic.requests ? *traffic.requests : traffic.requests.emplace();
      auto& errors = traffic.errors ? *traffic.errors : traffic.errors.emplace();
      if (ours) {
        requests[identity_of(sample)] = sample.value;
        if (sample.label("code").starts_with('5')) {
          errors[identity_of(sample)] = sample.value;
        }
      }
    } else {
      auto& latency = traffic.latency ? *traffic.latency : traffic.latency.emplace();
      const auto type = sample.label("type");
      if (ours && (type.empty() || type == "request")) {
        add_latency(latency, sample);
      }
    }
  }
  return traffic;
}

}  // namespace kscale::kong
