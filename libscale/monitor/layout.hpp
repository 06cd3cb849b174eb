#pragma once

#include <vector>

#include "libscale/monitor/frame.hpp"
#include "libscale/monitor/view.hpp"

namespace kscale::monitor {

/// A part of a terminal.
struct Area {
  int row = 0;
  int column = 0;
  Size size;

  friend bool operator==(const Area&, const Area&) = default;
};

/// Panels one below the other.
struct Stack {
  int column = 0;
  int columns = 0;
  std::vector<Panel> panels;

  friend bool operator==(const Stack&, const Stack&) = default;
};

/// How the dashboard uses a terminal of that size, before it is known how much there is to be shown.
struct Layout {
  int headlines = 0;   ///< at most so many
  int graph_rows = 0;  ///< 0: there are no graphs
  std::vector<Stack> stacks;
  bool footer = false;
};

Layout layout_of(Size size);

/// How many rows a panel takes to show itself whole.
struct Need {
  Panel panel{};
  int fixed = 0;  ///< its title, and what stands above the lines that scroll
  int lines = 0;
};

/// How many rows each gets of those that there are, in the same order; 0 where a panel has to wait for its turn. The
/// one in view comes first, but leaves some rows to the alerts.
std::vector<int> shared_out(const std::vector<Need>& needs, Panel in_view, int rows);

}  // namespace kscale::monitor
