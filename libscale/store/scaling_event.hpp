#pragma once

#include <optional>
#include <string>

#include "libscale/base/clock.hpp"
#include "libscale/base/units.hpp"

namespace kscale::store {

/// One change of the number of instances, or the attempt at one, and the numbers that it was decided on.
struct ScalingEvent {
  WallTime at{};
  int from = 0;  ///< instances before
  int to = 0;    ///< instances after
  std::string reason;
  std::optional<Percent> cpu;     ///< of one instance, on average
  std::optional<Percent> memory;  ///< of one instance, on average
  std::optional<RequestsPerSecond> request_rate;
  std::optional<Milliseconds> response_time;
  std::string actor;             ///< the tool that did it, such as "kscale-auto"
  std::string outcome = "done";  ///< "done", or the error

  bool succeeded() const { return outcome == "done"; }

  friend bool operator==(const ScalingEvent&, const ScalingEvent&) = default;
};

}  // namespace kscale::store
