#include "libscale/monitor/step_series.hpp"

#include <algorithm>

namespace kscale::monitor {

namespace {

/// A figure that can be drawn.
std::optional<double> sound(double value) {
  constexpr double k_absurd = 1e15;
  return value >= 0 && value < k_absurd ? std::optional(value) : std::nullopt;
}

}  // namespace

void StepSeries::put(std::size_t step, const std::optional<store::Spread<double>>& spread) {
  if (spread) {
    mean[step] = sound(spread->mean);
    least[step] = sound(spread->least);
    most[step] = sound(spread->most);
  }
}

bool StepSeries::is_known() const {
  return std::ranges::any_of(mean, [](const auto& value) { return value.has_value(); });
}

StepSeries series_of(const std::vector<store::FleetPoint>& fleet, const Steps& steps, Figure figure) {
  StepSeries series(steps);
  for (const auto& point : fleet) {
    if (const auto step = steps.index_of(point.at)) {
      series.put(*step, figure_of(point, figure));
    }
  }
  return series;
}

std::optional<double> average(const Values& values) {
  double sum = 0;
  double count = 0;
  for (const auto& value : values) {
    sum += value.value_or(0);
    count += value ? 1 : 0;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

std::optional<double> peak(const Values& values) {
  std::optional<double> most;
  for (const auto& value : values) {
    most = value ? std::max(most.value_or(0), *value) : most;
  }
  return most;
}

}  // namespace kscale::monitor
