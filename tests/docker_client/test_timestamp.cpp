#include <catch2/catch.hpp>

#include "libscale/docker/timestamp.hpp"

using namespace std::chrono_literals;
using kscale::docker::parse_timestamp;

TEST_CASE("a time of Docker is read to the nanosecond") {
  CHECK(parse_timestamp("2026-11-23T22:12:14.464324867Z") == 1'795'471'934s + 464'324'867ns);
  CHECK(parse_timestamp("1970-01-01T00:00:00Z") == 0ns);
}

TEST_CASE("Docker leaves zeros at the end of a fraction out") {
  CHECK(parse_timestamp("1970-01-01T00:00:01.5Z") == 1500ms);
  CHECK(parse_timestamp("1970-01-01T00:00:01.000000001Z") == 1s + 1ns);
  CHECK(parse_timestamp("2026-11-23T23:22:17.80430404Z") == parse_timestamp("2026-11-23T23:22:17.804304040Z"));
}

TEST_CASE("digits beyond the nanosecond are dropped") {
  CHECK(parse_timestamp("1970-01-01T00:00:00.1234567899Z") == 123'456'789ns);
}

TEST_CASE("a time may say how far its zone is from UTC") {
  CHECK(parse_timestamp("1970-01-01T05:30:00+05:30") == 0ns);
  CHECK(parse_timestamp("1970-01-01T00:00:00-01:00") == 1h);
}

TEST_CASE("a leap day is a day in leap years only") {
  CHECK(parse_timestamp("2028-02-29T00:00:00Z").has_value());
  CHECK_FALSE(parse_timestamp("2026-02-29T00:00:00Z").has_value());
}

TEST_CASE("Docker's never is no time") {
  CHECK_FALSE(parse_timestamp("0001-01-01T00:00:00Z").has_value());
}

TEST_CASE("what is no time is not guessed at") {
  for (const auto* const text : {"",
                                 "yesterday",
                                 "2026-11-23",
                                 "2026-11-23T22:12",
                                 "2026-11-23T22:12:14",
                                 "2026-11-23 22:12:14Z",
                                 "2026-11-23T22:12:14.Z",
                                 "2026-11-23T22:12:14.5",
                                 "2026-13-01T00:00:00Z",
                                 "2026-00-01T00:00:00Z",
                                 "2026-11-31T00:00:00Z",
                                 "2026-11-23T24:00:00Z",
                                 "2026-11-23T22:60:00Z",
                                 "2026-11-23T22:00:61Z",
                                 "2026-11-23T-1:00:00Z",
                                 "2026-11-23T-0:00:00Z",
                                 "2026-11-23T22:12:14+1:00",
                                 "2026-11-23T22:12:14+0100",
                                 "2026-11-23T22:12:14+24:00",
                                 "2026-11-23T22:12:14Z ",
                                 "+026-11-23T22:12:14Z",
                                 "2026-11-23T22:12:14z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_timestamp(text).has_value());
  }
}

TEST_CASE("a time so far off that nanoseconds cannot count it is none") {
  CHECK(parse_timestamp("2261-12-31T23:59:59Z").has_value());
  CHECK_FALSE(parse_timestamp("2262-12-31T00:00:00Z").has_value());
  CHECK_FALSE(parse_timestamp("9999-12-31T23:59:59Z").has_value());
}

TEST_CASE("a time that only its zone makes one of before 1970 is none") {
  CHECK_FALSE(parse_timestamp("1970-01-01T00:59:59.9+01:00").has_value());
  CHECK(parse_timestamp("1970-01-01T01:00:00+01:00") == 0ns);
}
