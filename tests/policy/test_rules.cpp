#include <catch2/catch.hpp>

#include "libscale/policy/rules.hpp"

using namespace kscale::policy;

TEST_CASE("the default rules are sound") {
  CHECK_FALSE(fault_in(Rules{}).has_value());
}

TEST_CASE("rules that cannot be kept are named") {
  CHECK(fault_in({.min_instances = 7}) == "min-instances 7 is more than max-instances 6");
  CHECK(fault_in({.scale_down = {80}}) ==
        "scale-down-threshold 80 must be below scale-up-threshold 80, or the fleet would flap");
  CHECK(fault_in({.rate_down = {200}}) ==
        "request-rate-down 200 must be below request-rate-up 150, or the fleet would flap");
}
