#pragma once

#include <optional>

#include "libscale/base/clock.hpp"
#include "libscale/monitor/frame.hpp"
#include "libscale/monitor/key.hpp"
#include "libscale/monitor/snapshot.hpp"
#include "libscale/monitor/trend.hpp"
#include "libscale/monitor/view.hpp"

namespace kscale::monitor {

/// What the dashboard shows on a terminal of that size, down to a single cell. Without a snapshot no look has ended
/// yet. `now` is what ages are told by.
Frame frame_of(const std::optional<Snapshot>& snapshot, const Trends& trends, const View& view, Size size,
               WallTime now);

/// What a key asks of the one who shows the dashboard, besides to paint it again.
enum class Wish {
  none,
  quit,
  look,   ///< at once
  pause,  ///< the view says whether to stop looking or to go on
};

/// Does to the view what the key stands for. The snapshot and the size say how far there is to scroll.
Wish press(View& view, Key key, const std::optional<Snapshot>& snapshot, Size size);

}  // namespace kscale::monitor
