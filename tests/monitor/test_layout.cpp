#include <numeric>

#include <catch2/catch.hpp>

#include "libscale/monitor/layout.hpp"

using namespace kscale::monitor;
using Shares = std::vector<int>;

namespace {

/// Of instances, targets, alerts and events, in this order.
Shares shares(int instances, int targets, int alerts, int events, int rows, Panel in_view = Panel::instances) {
  return shared_out({{Panel::instances, 2, instances},
                     {Panel::targets, 2, targets},
                     {Panel::alerts, 1, alerts},
                     {Panel::events, 1, events}},
                    in_view, rows);
}

}  // namespace

TEST_CASE("small terminals show the essential, wide ones everything side by side, high ones graphs") {
  CHECK(layout_of({5, 20}).headlines == 2);
  CHECK_FALSE(layout_of({5, 20}).footer);
  CHECK(layout_of({24, 80}).headlines == 7);
  CHECK(layout_of({24, 80}).footer);
  CHECK(layout_of({24, 80}).graph_rows == 0);
  CHECK(layout_of({24, 80}).stacks ==
        std::vector<Stack>{{0, 80, {Panel::instances, Panel::targets, Panel::alerts, Panel::events}}});
  CHECK(layout_of({40, 120}).graph_rows == 6);
  CHECK(layout_of({50, 200}).stacks ==
        std::vector<Stack>{{0, 120, {Panel::instances, Panel::targets}}, {122, 78, {Panel::alerts, Panel::events}}});
}

TEST_CASE("where there is room every panel has what it needs") {
  CHECK(shares(3, 3, 1, 4, 40) == Shares{5, 5, 2, 5});
}

TEST_CASE("where room is scarce the panel in view comes first, and the alerts are seen all the same") {
  CHECK(shares(30, 30, 8, 8, 16) == Shares{12, 0, 4, 0});
  CHECK(shares(30, 30, 8, 8, 16, Panel::targets) == Shares{0, 12, 4, 0});
  CHECK(shares(30, 30, 8, 8, 16, Panel::alerts) == Shares{7, 0, 9, 0});
  CHECK(shares(4, 4, 8, 8, 16) == Shares{6, 0, 9, 0});  // one row is too little for a third panel
  CHECK(shares(30, 30, 0, 8, 16) == Shares{15, 0, 1, 0});
}

TEST_CASE("there are never more rows given out than there are") {
  for (int rows = 0; rows < 40; ++rows) {
    for (const auto panel : {Panel::instances, Panel::targets, Panel::alerts, Panel::events}) {
      const auto given = shares(rows % 7, 9, rows % 5, 3, rows, panel);
      CHECK(std::accumulate(given.begin(), given.end(), 0) <= rows);
    }
  }
}
