#include <catch2/catch.hpp>

#include "libscale/metrics/rate.hpp"

using namespace std::chrono_literals;
using kscale::metrics::increase_between;
using kscale::metrics::per_second;
using kscale::metrics::was_reset;

TEST_CASE("the increase is summed over all series, each compared with itself") {
  CHECK(increase_between({{"a", 10}, {"b", 5}}, {{"a", 15}, {"b", 5}}) == 5);
}

TEST_CASE("a counter that fell was reset: its new value is the increase") {
  CHECK(increase_between({{"a", 1000}}, {{"a", 7}}) == 7);
}

TEST_CASE("a series that is new has grown from zero, one that has gone counts nothing") {
  CHECK(increase_between({{"gone", 50}}, {{"new", 3}}) == 3);
}

TEST_CASE("counters were reset where one fell or has gone, not where one is new") {
  CHECK(was_reset({{"a", 10}, {"b", 5}}, {{"a", 12}, {"b", 4}}));
  CHECK(was_reset({{"a", 10}, {"b", 5}}, {{"a", 12}}));
  CHECK_FALSE(was_reset({{"a", 10}}, {{"a", 10}, {"b", 1}}));
}

TEST_CASE("a rate needs a span that is positive") {
  CHECK(per_second(30, 2s) == 15.0);
  CHECK_FALSE(per_second(30, 0s).has_value());
  CHECK_FALSE(per_second(30, -1s).has_value());
}
