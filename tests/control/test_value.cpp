#include <catch2/catch.hpp>

#include "libscale/control/value.hpp"

using namespace kscale::control;
using namespace std::chrono_literals;

TEST_CASE("a span is a figure with or without a unit") {
  CHECK(parse_span("30", 1s, 0s, 1h) == 30s);
  CHECK(parse_span("500", 1ms, 0s, 1h) == 500ms);
  CHECK(parse_span("1.5s", 1s, 0s, 1h) == 1500ms);
  CHECK(parse_span("5m", 1s, 0s, 1h) == 5min);
  for (const auto* const text : {"", "s", "5x", "-5", "1e9", "5 m", "90m", "1..5"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_span(text, 1s, 0s, 1h));
  }
  CHECK(shown(1500ms) == "1500ms");
  CHECK(shown(300s) == "300s");
}

TEST_CASE("a whole number has no fraction, sign or rest") {
  CHECK(parse_whole("7", 1, 10) == 7);
  for (const auto* const text : {"", "7.0", "+7", "7 ", "0x7", "11", "0", "99999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_whole(text, 1, 10));
  }
}

TEST_CASE("a number that is not finite is none") {
  CHECK(parse_number("0.5", 0, 1) == 0.5);
  for (const auto* const text : {"nan", "inf", "1e999", "2", "-1", "0.5%"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(text, 0, 1));
  }
}

TEST_CASE("a switch can be said in several ways") {
  CHECK(parse_switch("TRUE") == true);
  CHECK(parse_switch("0") == false);
  CHECK_FALSE(parse_switch("maybe"));
}

TEST_CASE("an address has a scheme and a host, and no password") {
  CHECK(parse_url("https://kong.example:8444/admin/") == "https://kong.example:8444/admin");
  for (const auto* const text : {"kong:8001", "http://", "http:///x", "ftp://kong", "http://k\n", "http://k?x=1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_url(text));
  }
  CHECK(parse_url("http://u:p@kong").error().what ==
        "an address must not hold a password: give a key in KSCALE_KONG_TOKEN or in a file");
}
