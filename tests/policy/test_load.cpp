#include <catch2/catch.hpp>

#include "libscale/policy/load.hpp"

using namespace kscale;
using namespace kscale::policy;

TEST_CASE("the average of a fleet that is known and warm is complete") {
  const auto cpu = average_cpu({{false, Percent{90}, {}}, {false, Percent{70}, {}}});
  CHECK(cpu == Average{.at_least = {80}, .complete = true});
}

TEST_CASE("an instance that is unknown or warming up counts as idle, and makes the average incomplete") {
  CHECK(average_cpu({{false, Percent{90}, {}}, {false, {}, {}}}) == Average{.at_least = {45}, .complete = false});
  CHECK(average_cpu({{false, Percent{90}, {}}, {true, Percent{200}, {}}}) ==
        Average{.at_least = {45}, .complete = false});
}

TEST_CASE("an average over nobody is unknown") {
  CHECK_FALSE(average_cpu({}).has_value());
  CHECK_FALSE(average_memory({{false, Percent{50}, {}}}).has_value());
  CHECK_FALSE(average_cpu({{true, Percent{50}, {}}}).has_value());
}
