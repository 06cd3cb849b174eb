#pragma once

#include <optional>
#include <span>
#include <string>

#include "libscale/base/units.hpp"
#include "libscale/monitor/frame.hpp"
#include "libscale/monitor/glyphs.hpp"

namespace kscale::monitor {

/// How much is used: good, and from 60 % on a warning, from 80 % on bad.
Style level_of(double percent);

/// A bar in the colour of its level; only its rest where the share is not known.
Line bar(const std::optional<Percent>& share, int width, Charset charset);

/// A sparkline of percents, each in the colour of its level. It reaches from 0 to 100, or to its peak.
Line percent_trend(std::span<const std::optional<double>> values, int width, Charset charset);

/// The amount in at most five columns: `0`, `512`, `1.2K`, `21M`.
std::string compact(double bytes);

}  // namespace kscale::monitor
