#pragma once

#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/monitor/frame.hpp"
#include "libscale/monitor/snapshot.hpp"
#include "libscale/monitor/trend.hpp"
#include "libscale/monitor/view.hpp"

namespace kscale::monitor {

/// What stands in a panel.
struct Content {
  Line title;               ///< without the rule behind it
  std::vector<Line> head;   ///< stays where it is
  std::vector<Line> lines;  ///< these scroll
};

/// What all that is painted is painted from. All of it must outlive the scene.
struct Scene {
  const Snapshot& snapshot;
  const Trends& trends;
  const View& view;
  WallTime now{};
};

/// The panel, in lines of at most so many columns. Where an error hides what it would show, the error stands there.
Content content_of(Panel panel, const Scene& scene, int columns);

}  // namespace kscale::monitor
