#include <catch2/catch.hpp>

#include "libscale/base/rfc3339.hpp"

using namespace kscale;
using namespace std::chrono_literals;

TEST_CASE("a time is written as RFC 3339 has it, in UTC") {
  const WallTime time{1'795'514'392'417ms};
  CHECK(rfc3339_in_seconds(time) == "2026-11-24T09:59:52Z");
  CHECK(rfc3339_in_milliseconds(time) == "2026-11-24T09:59:52.417Z");
  CHECK(rfc3339_in_milliseconds(WallTime{1'795'514'392'007ms}) == "2026-11-24T09:59:52.007Z");
  CHECK(rfc3339_in_seconds(WallTime{1'795'514'400'999ms}) == "2026-11-24T10:00:00Z");
  CHECK(rfc3339_in_seconds(WallTime{}) == "1970-01-01T00:00:00Z");
}

TEST_CASE("a time before 1970 is cut off towards the past") {
  CHECK(rfc3339_in_seconds(WallTime{-1ms}) == "1969-12-31T23:59:59Z");
  CHECK(rfc3339_in_milliseconds(WallTime{-1ms}) == "1969-12-31T23:59:59.999Z");
}
