#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "libscale/monitor/chart.hpp"
#include "libscale/monitor/point_figures.hpp"
#include "libscale/monitor/steps.hpp"
#include "libscale/store/sample.hpp"

namespace kscale::monitor {

/// A figure step by step, as it can be drawn.
struct StepSeries {
  explicit StepSeries(const Steps& steps) : mean(steps.count()), least(steps.count()), most(steps.count()) {}

  /// Of what is negative, absurdly large or no number, nothing is known.
  void put(std::size_t step, const std::optional<store::Spread<double>>& spread);
  bool is_known() const;

  Values mean;
  Values least;
  Values most;
};

StepSeries series_of(const std::vector<store::FleetPoint>& fleet, const Steps& steps, Figure figure);

/// Over the steps where it is known; nothing where it is nowhere.
std::optional<double> average(const Values& values);
std::optional<double> peak(const Values& values);

}  // namespace kscale::monitor
