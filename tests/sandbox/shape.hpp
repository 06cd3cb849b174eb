#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"

namespace kscale::sandbox {

/// A rate of requests that is held, or changes evenly, for some time.
struct LoadStep {
  RequestsPerSecond from;
  RequestsPerSecond to;
  std::chrono::duration<double> length{};
};

using LoadShape = std::vector<LoadStep>;

/// "RPS:SECONDS[,RPS:SECONDS...]", where a rate "A-B" is a ramp: "20:10,20-200:30,200:60".
Result<LoadShape> parse_shape(std::string_view text);

/// The instants at which the requests of a shape are due, one after the other.
class Arrivals {
 public:
  explicit Arrivals(LoadShape shape) : m_shape(std::move(shape)) {}

  /// The next one, since the start of the load; nothing when the shape has come to its end.
  std::optional<std::chrono::duration<double>> next();

 private:
  LoadShape m_shape;
  std::size_t m_step = 0;
  std::chrono::duration<double> m_step_began{};
  double m_before_step = 0;  ///< requests due before this step, with the fraction that is left over
  double m_number = 0;       ///< of the request that comes next
};

/// How long the whole shape takes.
std::chrono::duration<double> length_of(const LoadShape& shape);

}  // namespace kscale::sandbox
