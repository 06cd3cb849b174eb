#include <string>

#include <catch2/catch.hpp>

#include "libscale/control/value.hpp"

using namespace kscale::control;
using namespace std::chrono_literals;

TEST_CASE("a span is a figure with or without a unit") {
  CHECK(parse_span("30", 1s, 0s, 1h) == 30s);
  CHECK(parse_span("500", 1ms, 0s, 1h) == 500ms);
  CHECK(parse_span("1.5s", 1s, 0s, 1h) == 1500ms);
  CHECK(parse_span("5m", 1s, 0s, 1h) == 5min);
  CHECK(parse_span("7d", 1s, 0s, 24h * 30) == 24h * 7);
  CHECK(parse_span("0.5d", 1s, 0s, 24h) == 12h);
  for (const auto* const text : {"", "s", "5x", "-5", "1e9", "5 m", "90m", "1..5"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_span(text, 1s, 0s, 1h));
  }
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
  for (const auto* const text : {"http://u:p@kong", "http://u:p#ss@kong:8001", "http://u:p?ss@kong:8001",
                                 "u:p@kong:8001", "http://u:p/ss@kong:8001", "http://u:p ss@kong", "ftp://u:p@kong"}) {
    CAPTURE(text);
    CHECK(parse_url(text).error().what ==
          "an address must not hold a password: give a key in KSCALE_KONG_TOKEN or in a file");
  }
}

TEST_CASE("a secret address may hold credentials, a path and a query") {
  for (const std::string text : {"https://hooks.example/services/T0/s3cret", "http://me:s3cret@h:1/x?key=s3cret",
                                 "http://h?key=s3cret", "http://[::1]:9093", ""}) {
    CHECK(parse_secret_url(text) == text);
  }
}

TEST_CASE("a secret address that is none is not repeated") {
  for (const auto* const text :
       {"hooks.example/s3cret", "ftp://h/s3cret", "https:///s3cret", "https://?s3cret", "http://h:s3cret",
        "http://h:0/s3cret", "http://h/s3 cret", "http://h/s3cret\n", "http://:s3cret@"}) {
    CAPTURE(text);
    CHECK(parse_secret_url(text) ==
          tl::unexpected(kscale::Error{kscale::Errc::invalid, "not an address such as https://example.org/hook"}));
  }
}

TEST_CASE("of a secret address only its scheme, host and port are shown") {
  CHECK(without_secret("https://hooks.example/services/T0/s3cret") == "https://hooks.example/...");
  CHECK(without_secret("http://me:s3cret@h:1/x?key=s3cret") == "http://h:1/...");
  CHECK(without_secret("http://h?key=s3cret") == "http://h/...");
  CHECK(without_secret("http://h#s3cret") == "http://h/...");
  CHECK(without_secret("https://s/s3cret") == "https://s/...");
  CHECK(without_secret("http://me:s3cret@p") == "http://p");
  CHECK(without_secret("http://[::1]:9093") == "http://[::1]:9093");
  CHECK(without_secret("").empty());
}

TEST_CASE("Docker's address is shown without credentials") {
  CHECK(without_credentials("tcp://me:s3cret@h:2375") == "tcp://h:2375");
  CHECK(without_credentials("me:s3cret@h:2375") == "h:2375");
  CHECK(without_credentials("tcp://me:s3/cr@et@h:2375/x") == "tcp://h:2375/x");
  CHECK(without_credentials("me:s3://cret@h") == "h");
  for (const std::string text : {"", "tcp://h:2375", "h", "unix:///var/run/docker.sock", "unix:///tmp/a@b"}) {
    CHECK(without_credentials(text) == text);
  }
}

TEST_CASE("a place to listen at is a host and a port") {
  for (const std::string text : {"127.0.0.1:9464", "localhost:1", "[::1]:65535", ""}) {
    CHECK(parse_listen(text) == text);
  }
  for (const std::string text :
       {"9464", "127.0.0.1", ":9464", "127.0.0.1:0", "127.0.0.1:65536", "me@h:1", "::1:9464", "h:1/metrics"}) {
    CHECK(parse_listen(text) ==
          tl::unexpected(kscale::Error{kscale::Errc::invalid,
                                       fmt::format("'{}' is not a host and a port, such as 127.0.0.1:9464", text)}));
  }
}

TEST_CASE("hold times are those of the rules named, or one for all") {
  using kscale::alert::HoldTimes;
  using kscale::alert::Rule;
  CHECK(parse_hold_times("high-cpu=2m,errors=30") == HoldTimes{{Rule::high_cpu, 2min}, {Rule::errors, 30s}});
  CHECK(parse_hold_times("high-cpu=2m,high-cpu=0") == HoldTimes{{Rule::high_cpu, 0s}});
  CHECK(parse_hold_times("") == HoldTimes{});
  const auto all = parse_hold_times("0");
  REQUIRE(all);
  CHECK(all->size() == kscale::alert::rules().size());
  CHECK(all->at(Rule::at_max) == 0s);
  CHECK(shown(HoldTimes{{Rule::errors, 30s}, {Rule::high_cpu, 2min}}) == "high-cpu=120s,errors=30s");
  CHECK(shown(HoldTimes{}).empty());
  CHECK(parse_hold_times(shown(*all)) == *all);
}

TEST_CASE("a hold time that is not understood is told with what would be right") {
  const std::string rules =
      " is not RULE=SPAN with one of the rules high-cpu, high-memory, slow-responses, errors, unhealthy-instance, "
      "overall-health, kong-unreachable, docker-unreachable, target-drift, at-max, autoscaler-silent";
  CHECK(parse_hold_times("cpu=1m").error().what == "'cpu=1m'" + rules);
  CHECK(parse_hold_times("high-cpu=1m,errors").error().what == "'errors'" + rules);
  CHECK(parse_hold_times("high-cpu=1m,,errors=1").error().what == "''" + rules);
  const std::string span = " is not a span from 0s to 86400s, such as 30s or 5m";
  CHECK(parse_hold_times("errors=2d").error().what == "'2d'" + span);
  CHECK(parse_hold_times("errors=").error().what == "''" + span);
  CHECK(parse_hold_times("soon").error().what == "'soon'" + span);
  CHECK(parse_hold_times("high-cpu=2.5s").error().what == "'2.5s' is not a whole number of seconds");
  CHECK(parse_hold_times("0.5").error().what == "'0.5' is not a whole number of seconds");
  CHECK(parse_hold_times("high-cpu=0.5m") == kscale::alert::HoldTimes{{kscale::alert::Rule::high_cpu, 30s}});
}

TEST_CASE("a size is a whole number with or without a unit") {
  CHECK(parse_size("4096", kscale::Bytes{1}) == kscale::Bytes{4096});
  CHECK(parse_size("64MiB", kscale::Bytes{1}) == kscale::Bytes{67'108'864});
  CHECK(parse_size("2GB", kscale::Bytes{1}) == kscale::Bytes{2'000'000'000});
  for (const auto* const text : {"", "MiB", "1.5MiB", "-1", "1 MiB", "1mib", "99999999999GiB", "9"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size(text, kscale::Bytes{10}));
  }
  CHECK(parse_size("9", kscale::Bytes{10}).error().what == "'9' is not a size of at least 10 bytes, such as 64MiB");
}
