#pragma once

#include <vector>

#include "libscale/monitor/panels.hpp"

namespace kscale::monitor {

/// The lines above all panels: how well the deployment is, Kong, load, host and autoscaler. The most important of them
/// where there may be only `rows`.
std::vector<Line> headlines(const Scene& scene, Size size);

}  // namespace kscale::monitor
