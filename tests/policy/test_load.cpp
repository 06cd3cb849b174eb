#include <catch2/catch.hpp>

#include "libscale/policy/load.hpp"

using namespace kscale;
using namespace kscale::policy;

TEST_CASE("the average of a fleet that is known and warm is complete") {
  const auto cpu = average_cpu({{.cpu = Percent{90}}, {.cpu = Percent{70}}});
  CHECK(cpu == Average{.at_least = {80}, .complete = true});
}

TEST_CASE("an instance that is unknown or warming up counts as idle, and makes the average incomplete") {
  CHECK(average_cpu({{.cpu = Percent{90}}, {}}) == Average{.at_least = {45}, .complete = false});
  CHECK(average_cpu({{.cpu = Percent{90}}, {.warming_up = true, .cpu = Percent{200}}}) ==
        Average{.at_least = {45}, .complete = false});
}

TEST_CASE("an instance that does not serve is left out, and makes the average incomplete") {
  // Three hang and are idle, the fourth carries everything.
  const InstanceLoad hangs{.serving = false, .cpu = Percent{0}};
  CHECK(average_cpu({hangs, hangs, hangs, {.cpu = Percent{100}}}) == Average{.at_least = {100}, .complete = false});
  CHECK_FALSE(average_cpu({hangs, hangs}).has_value());
}

TEST_CASE("an average over nobody is unknown") {
  CHECK_FALSE(average_cpu({}).has_value());
  CHECK_FALSE(average_memory({{.cpu = Percent{50}}}).has_value());
  CHECK_FALSE(average_cpu({{.warming_up = true, .cpu = Percent{50}}}).has_value());
}

TEST_CASE("the figure of an average is the same, complete or not, and none where there is none") {
  CHECK(figure_of(average_cpu({{.cpu = Percent{90}}})) == Percent{90});
  CHECK(figure_of(average_cpu({{.cpu = Percent{90}}, {}})) == Percent{45});
  CHECK_FALSE(figure_of(average_cpu({})).has_value());
}
