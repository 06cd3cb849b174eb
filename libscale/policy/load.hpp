#pragma once

#include <optional>
#include <vector>

#include "libscale/base/units.hpp"

namespace kscale::policy {

/// What one running instance uses, as far as it is known.
struct InstanceLoad {
  bool warming_up = false;  ///< started so lately that its own start-up still shows
  bool serving = true;      ///< false: it is unhealthy or gets no requests, so its idleness means nothing
  std::optional<Percent> cpu;
  std::optional<Percent> memory;
};

/// An average over the fleet that says how far it can be trusted.
struct Average {
  Percent at_least;       ///< instances that are unknown or warming up count as idle: safe to scale up on
  bool complete = false;  ///< every instance is known, warm and serving: safe to scale down on

  friend bool operator==(const Average&, const Average&) = default;
};

/// What the fleet carries. What is not known is absent, never zero.
struct Load {
  std::optional<Average> cpu;
  std::optional<Average> memory;
  std::optional<RequestsPerSecond> request_rate;
  std::optional<Milliseconds> response_time;

  friend bool operator==(const Load&, const Load&) = default;
};

/// The averages over the running instances that serve or soon will; absent when no warm one is known.
/// Source: Kubernetes HPA, which counts pods without a sample and pods not yet ready as 0 % when it scales up. One that
/// does not serve, and will not by itself, is left out: the others carry its share.
std::optional<Average> average_cpu(const std::vector<InstanceLoad>& instances);
std::optional<Average> average_memory(const std::vector<InstanceLoad>& instances);

/// The figure alone, for those who show it and decide nothing.
std::optional<Percent> figure_of(const std::optional<Average>& average);

}  // namespace kscale::policy
