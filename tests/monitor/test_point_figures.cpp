#include <set>

#include <catch2/catch.hpp>

#include "libscale/monitor/point_figures.hpp"

using namespace kscale;
using monitor::Figure;
using monitor::figure_of;

TEST_CASE("each figure has a key of its own") {
  std::set<std::string_view> keys;
  for (int n = 0; n <= static_cast<int>(Figure::host_disk); ++n) {
    keys.insert(key_of(static_cast<Figure>(n)));
  }
  CHECK(keys.size() == static_cast<std::size_t>(Figure::host_disk) + 1);
  CHECK_FALSE(keys.contains(""));
}

TEST_CASE("a figure is found in its unit, and what a point does not know or have is absent") {
  store::FleetPoint fleet;
  fleet.instances = {2, 1, 3};
  fleet.response_time = store::Spread<Milliseconds>{Milliseconds(8.5), Milliseconds(2), Milliseconds(120)};
  CHECK(figure_of(fleet, Figure::instances) == store::Spread<double>{2, 1, 3});
  CHECK(figure_of(fleet, Figure::response_time) == store::Spread<double>{8.5, 2, 120});
  CHECK_FALSE(figure_of(fleet, Figure::cpu));
  CHECK_FALSE(figure_of(fleet, Figure::memory_used));
  store::InstancePoint instance;
  instance.memory_used = store::Spread<Bytes>{Bytes{5}, Bytes{4}, Bytes{6}};
  CHECK(figure_of(instance, Figure::memory_used) == store::Spread<double>{5, 4, 6});
  CHECK_FALSE(figure_of(instance, Figure::request_rate));
}
