#pragma once

#include <string>

#include "libscale/monitor/glyphs.hpp"
#include "libscale/monitor/history_view.hpp"

namespace kscale::monitor {

/// For people, without colour, each line ended: a summary, the deployment's figures, each instance, and then what was
/// and what happened in the order of time, in at most some 30 steps from the first data on. Times are UTC. Trends are
/// left out where the width has no room for them; names and reasons may go beyond it.
std::string text_of(const HistoryView& view, int width, Charset charset);

}  // namespace kscale::monitor
