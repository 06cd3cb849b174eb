#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kscale::sandbox {

/// Which families the Prometheus plugin measures.
struct Measured {
  bool plugin = false;  ///< whether it is there at all
  bool status_codes = false;
  bool latencies = false;
  bool bandwidth = false;
  bool upstream_health = false;
};

/// The state of one target, for its gauge.
struct TargetState {
  std::string upstream;
  std::string target;
  std::string address;
  std::string state;  ///< in lower case
};

/// What the exposition tells besides the counters.
struct Gauges {
  std::string node_id;
  std::uint64_t requests = 0;  ///< all that nginx has seen
  std::vector<TargetState> targets;
};

/// The counters that the Prometheus plugin keeps of the data plane.
class Counters {
 public:
  using Milliseconds = std::chrono::milliseconds;

  struct Sample {
    std::string_view service;
    std::string_view route;
    int status = 0;
    std::string_view source;
    Milliseconds request{};
    Milliseconds upstream{};
    bool reached_upstream = false;  ///< else there is no latency of the upstream
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
  };

  /// What is not measured is not counted. A request without a service is none to the plugin.
  void count(const Sample& sample, const Measured& measured);

  /// GET /metrics.
  std::string exposition(const Gauges& gauges, const Measured& measured) const;

 private:
  using Labels = std::string;

  /// The buckets that were touched only: one below all values seen is not shown.
  struct Histogram {
    std::map<std::int64_t, std::uint64_t> buckets;
    std::uint64_t count = 0;
    std::int64_t sum = 0;
  };
  using Histograms = std::map<Labels, Histogram>;

  static void observe(Histogram& histogram, Milliseconds value, bool own);
  static std::string written(std::string_view name, const Histograms& histograms);

  std::map<Labels, std::uint64_t> m_bandwidth;
  std::map<Labels, std::uint64_t> m_requests;
  Histograms m_kong_latency;
  Histograms m_request_latency;
  Histograms m_upstream_latency;
};

}  // namespace kscale::sandbox
