#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "libscale/store/sample.hpp"

namespace kscale::monitor {

/// What is known of a span of time.
enum class Figure {
  instances,
  serving,  ///< of the deployment: how many; of an instance: 1 while it does, 0 while not
  cpu,
  memory,
  memory_used,
  received,
  sent,
  request_rate,
  error_rate,
  response_time,
  response_time_p95,
  host_cpu,
  host_memory,
  host_disk,
};

/// Its name for programs, with the unit: "cpu_percent".
std::string_view key_of(Figure figure);

/// The figures that points of a deployment have, and those of an instance.
const std::vector<Figure>& fleet_figures();
const std::vector<Figure>& instance_figures();

/// The figure in its unit. Absent where it is not known, or where such points do not have it.
std::optional<store::Spread<double>> figure_of(const store::FleetPoint& point, Figure figure);
std::optional<store::Spread<double>> figure_of(const store::InstancePoint& point, Figure figure);

}  // namespace kscale::monitor
