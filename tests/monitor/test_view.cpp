#include <catch2/catch.hpp>

#include "libscale/monitor/view.hpp"

using namespace kscale;
using namespace kscale::monitor;
using namespace std::chrono_literals;

namespace {

std::vector<int> order(Sort sort, bool falling) {
  const std::vector<operate::InstanceView> instances{
      {.number = 2, .name = "b", .cpu = Percent{20}, .memory = Percent{1}, .uptime = 9s},
      {.number = 1, .name = "c", .memory_used = Bytes{5}, .sent = BytesPerSecond{7}},
      {.number = 3,
       .name = "a",
       .cpu = Percent{80},
       .memory = Percent{4},
       .received = BytesPerSecond{5},
       .sent = BytesPerSecond{4},
       .uptime = 5s},
  };
  std::vector<int> numbers;
  for (const auto& instance : sorted(instances, {.sort = sort, .falling = falling})) {
    numbers.push_back(instance.number);
  }
  return numbers;
}

}  // namespace

TEST_CASE("instances stand in the order that was asked for, and those without the figure last") {
  CHECK(order(Sort::number, false) == std::vector{1, 2, 3});
  CHECK(order(Sort::number, true) == std::vector{3, 2, 1});
  CHECK(order(Sort::name, false) == std::vector{3, 2, 1});
  CHECK(order(Sort::name, true) == std::vector{1, 2, 3});
  CHECK(order(Sort::cpu, false) == std::vector{2, 3, 1});
  CHECK(order(Sort::cpu, true) == std::vector{3, 2, 1});
  CHECK(order(Sort::memory, true) == std::vector{1, 3, 2});
  CHECK(order(Sort::network, true) == std::vector{3, 1, 2});
  CHECK(order(Sort::uptime, true) == std::vector{2, 3, 1});
}

TEST_CASE("panels and orders have names, and figures are looked at with the largest first") {
  CHECK(name_of(Panel::instances) == "instances");
  CHECK(name_of(Panel::events) == "events");
  CHECK(name_of(Sort::number) == "number");
  CHECK(name_of(Sort::uptime) == "uptime");
  CHECK_FALSE(falls(Sort::name));
  CHECK(falls(Sort::cpu));
}
