#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libscale/monitor/history_view.hpp"

namespace kscale::monitor {

/// How a history is shown to people.
struct HistoryStyle {
  std::size_t width = 80;
  /// The values as so many columns of one line, of which `scale` fills one. Empty: no trends.
  std::function<std::string(const std::vector<std::optional<double>>& values, double scale)> trend;
};

/// For people, without colour, each line ended: a summary, the deployment's figures, each instance, and then what was
/// and what happened in the order of time, in at most some 30 steps from the first data on. Times are UTC. Trends are
/// left out where the width has no room for them; names and reasons may go beyond it.
std::string text_of(const HistoryView& view, const HistoryStyle& style);

}  // namespace kscale::monitor
