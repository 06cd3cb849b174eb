#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"
#include "libscale/control/readings.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/fleet/drift.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/kong/target.hpp"
#include "libscale/net/json.hpp"
#include "libscale/policy/load.hpp"
#include "libscale/store/sample.hpp"

namespace kscale::control {

/// What is known of one running instance.
struct InstanceSample {
  int number = 0;
  std::string name;
  docker::Health health = docker::Health::none;
  bool warming_up = false;
  bool serving = true;  ///< false: unhealthy by Docker's word or Kong's, or Kong sends it no requests
  std::optional<std::chrono::seconds> uptime;
  std::optional<Percent> cpu;
  std::optional<Percent> memory;
  std::optional<Bytes> memory_used;
  std::optional<BytesPerSecond> received;
  std::optional<BytesPerSecond> sent;
};

/// What is known of the deployment at one moment. What is not known is absent, never zero.
struct Sample {
  std::vector<InstanceSample> instances;  ///< the running ones
  std::optional<RequestsPerSecond> request_rate;
  std::optional<Percent> error_rate;  ///< share of 5xx among the requests
  std::optional<Milliseconds> response_time;
  std::optional<Milliseconds> response_time_p95;
  std::optional<Percent> host_cpu;
  std::optional<Percent> host_memory;
  std::optional<Percent> host_disk;
  /// How a figure had to be got because Kong does not measure it, and what would help. Not an error.
  std::optional<std::string> notice;
  bool knows_health = true;           ///< whether Kong told whom it takes for healthy
  std::vector<std::string> problems;  ///< what could not be read, each once

  policy::Load load() const;
  int warming_up() const;
  int not_serving() const;
};

/// Sets the figures of the whole as members of an object, for programs to read.
void set_figures(json::Value& object, const Sample& sample);

/// Marks those that Kong sends no requests to: they do not serve.
void mark_out_of_rotation(Sample& sample, const fleet::Drift& drift);

/// Marks those that Kong's health checks have given up likewise; without its answer notes that it is not known.
void mark_unhealthy(Sample& sample, const std::vector<fleet::Instance>& instances, const fleet::Deployment& deployment,
                    const Result<std::vector<kong::TargetHealth>>& health);

/// What the history keeps of a sample.
store::FleetSample to_keep(const Sample& sample, WallTime at);

/// What the figures depend on, besides the readings.
struct SampleContext {
  Now now;
  std::chrono::seconds warm_up;
  CpuBasis cpu_basis = CpuBasis::core;
  std::optional<Bytes> host_memory;
  std::string service;
};

/// The figures of the span between two readings. Without an earlier one only those are known that need no span. Where
/// Kong says that it does not count the service's requests, all requests that went through Kong stand for them; where
/// it could not be asked, nothing does.
Sample sample_between(const std::optional<Readings>& earlier, const Readings& later,
                      const std::vector<fleet::Instance>& running, const SampleContext& context);

}  // namespace kscale::control
