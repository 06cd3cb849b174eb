#include "libscale/monitor/layout.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace kscale::monitor {

Layout layout_of(Size size) {
  constexpr int k_two_stacks = 150;  // columns
  constexpr int k_gap = 2;
  constexpr Size k_with_graphs{.rows = 36, .columns = 100};
  Layout layout;
  layout.headlines = size.rows < 4 ? 1 : size.rows < 9 ? 2 : size.rows < 16 ? 4 : 7;
  layout.footer = size.rows >= 9;
  if (size.rows >= k_with_graphs.rows && size.columns >= k_with_graphs.columns) {
    layout.graph_rows = std::clamp(size.rows / 6, 5, 9);
  }
  if (size.columns < k_two_stacks) {
    layout.stacks = {{0, size.columns, {Panel::instances, Panel::targets, Panel::alerts, Panel::events}}};
  } else {
    const int left = size.columns * 3 / 5;
    layout.stacks = {{0, left, {Panel::instances, Panel::targets}},
                     {left + k_gap, size.columns - left - k_gap, {Panel::alerts, Panel::events}}};
  }
  return layout;
}

std::vector<int> shared_out(const std::vector<Need>& needs, Panel in_view, int rows) {
  constexpr std::array k_order{Panel::instances, Panel::alerts, Panel::events, Panel::targets};
  constexpr int k_least_lines = 1;
  std::vector<int> shares(needs.size(), 0);
  int left = rows;
  const auto give = [&](Panel panel, int most) {
    for (std::size_t i = 0; i < needs.size(); ++i) {
      const auto& need = needs[i];
      const int whole = need.fixed + need.lines;
      const int least = need.fixed + std::min(need.lines, k_least_lines);
      const int more = std::min({whole - shares[i], most, left});
      if (need.panel == panel && shares[i] + more >= least) {
        shares[i] += more;
        left -= more;
      }
    }
  };
  // What is wrong is seen in any view, be it only its beginning.
  constexpr int k_for_others = 4;
  if (in_view != Panel::alerts && rows > k_for_others) {
    give(Panel::alerts, std::max(2, rows / 4));
  }
  give(in_view, left);
  give(Panel::alerts, left);
  for (const auto panel : k_order) {
    give(panel, left);
  }
  return shares;
}

}  // namespace kscale::monitor
