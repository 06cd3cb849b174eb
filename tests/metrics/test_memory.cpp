#include <catch2/catch.hpp>

#include "libscale/metrics/memory.hpp"

using kscale::Bytes;
using kscale::metrics::memory_percent;
using kscale::metrics::memory_used;

TEST_CASE("memory in use leaves out the cache that can be dropped") {
  CHECK(memory_used({.usage = {2650112}, .inactive_file = {1970176}, .limit = {}}) == Bytes{679936});
  CHECK(memory_used({.usage = {100}, .inactive_file = {100}, .limit = {}}) == Bytes{100});
}

TEST_CASE("memory percent is of the limit, and never of more than the host has") {
  CHECK(memory_percent({.usage = {50}, .inactive_file = {}, .limit = {200}}, {})->value == Approx(25));
  CHECK(memory_percent({.usage = {50}, .inactive_file = {}, .limit = {9223372036854771712U}}, Bytes{100})->value ==
        Approx(50));
  CHECK(memory_percent({.usage = {50}, .inactive_file = {}, .limit = {}}, Bytes{100})->value == Approx(50));
}

TEST_CASE("memory percent is unknown when neither the limit nor the host's memory is known") {
  CHECK_FALSE(memory_percent({.usage = {50}, .inactive_file = {}, .limit = {}}, {}).has_value());
  CHECK_FALSE(memory_percent({.usage = {50}, .inactive_file = {}, .limit = {9223372036854771712U}}, {}).has_value());
}
