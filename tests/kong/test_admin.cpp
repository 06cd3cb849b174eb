#include <algorithm>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "libscale/kong/admin.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/kong/replay.hpp"

using namespace kscale;
using namespace kscale::kong;
using namespace std::chrono_literals;
using net::Urgency;
using sandbox::recorded;
using Changes = std::vector<TargetChange>;
using Kind = TargetChange::Kind;

TEST_CASE("the recorded status tells whether Kong has a database, and whether that is there") {
  Replay kong;
  kong.play("postgres/02-status");
  const auto status = kong.admin.status();
  REQUIRE(status.has_value());
  CHECK(status->mode == Mode::database);
  CHECK(status->database_reachable);
  CHECK(status->configured);
  CHECK(status->total_requests.has_value());
  CHECK(status->active_connections.has_value());
  kong.play("postgres/161-pg-down-status");
  const auto down = kong.admin.status();
  REQUIRE(down.has_value());
  CHECK(down->mode == Mode::database);
  CHECK_FALSE(down->database_reachable);
}

TEST_CASE("the recorded status of a Kong without a database tells whether it was configured") {
  Replay kong;
  kong.play("dbless/02-status");
  const auto status = kong.admin.status();
  REQUIRE(status.has_value());
  CHECK(status->mode == Mode::dbless);
  CHECK(status->configured);
  CHECK(status->database_reachable);
  CHECK(status->total_requests == 12.0);
  CHECK(status->active_connections == 3.0);
  kong.play("dbless/111-empty-status");
  const auto empty = kong.admin.status();
  REQUIRE(empty.has_value());
  CHECK(empty->mode == Mode::dbless);
  CHECK_FALSE(empty->configured);
}

TEST_CASE("the recorded root tells the version, but not while Kong cannot reach its database") {
  Replay kong;
  kong.play("postgres/01-root");
  CHECK(kong.admin.version() == "3.4.2");
  kong.play("dbless/01-root");
  CHECK(kong.admin.version() == "3.4.2");
  kong.play("postgres/168-pg-down-root");
  CHECK(error_of(kong.admin.version()) ==
        Error{Errc::failed, "Kong's version from http://kong:8001: Kong: An unexpected error happened"});
  kong.http.expect("GET /", 200, R"({"version":"3\u001b[2J"})");
  CHECK(kong.admin.version() == "3\\x1b[2J");
  kong.http.expect("GET /", 200, R"({"version":4})");
  CHECK(error_of(kong.admin.version()) ==
        Error{Errc::invalid, "Kong's version from http://kong:8001: the answer names none"});
}

TEST_CASE("what is not Kong is not taken for it") {
  Replay kong;
  kong.http.expect("GET /status", 200, "{}");
  CHECK(error_of(kong.admin.status()) ==
        Error{Errc::invalid, "Kong's status from http://kong:8001: the answer is not Kong's status"});
  kong.http.expect("GET /status", 200, "<html>");
  CHECK(error_of(kong.admin.status()).code == Errc::invalid);
  kong.http.expect("GET /status", 404, "<html>");
  CHECK(error_of(kong.admin.status()) ==
        Error{Errc::invalid, "what answers at http://kong:8001 is not Kong's Admin API: it has no /status"});
  // As Kong's proxy does where it has no route.
  kong.http.expect("GET /upstreams/svc/targets", 404, R"({"message":"no Route matched with those values"})");
  kong.http.expect("GET /status", 404, R"({"message":"no Route matched with those values"})");
  CHECK(error_of(kong.admin.targets("svc")) ==
        Error{Errc::invalid,
              "targets of 'svc': what answers at http://kong:8001 is not Kong's Admin API: it has no /status"});
}

TEST_CASE("recorded pages of a hundred targets are followed to the last one") {
  Replay kong;
  kong.play("postgres/145-many-default-page");
  kong.play("postgres/146-many-second-page");
  const auto targets = kong.admin.targets("many");
  REQUIRE(targets.has_value());
  CHECK(targets->size() == 120);
  std::set<std::string> addresses;
  for (const auto& target : *targets) {
    addresses.insert(target.address);
  }
  CHECK(addresses.size() == 120);
}

TEST_CASE("pages that never end are given up") {
  Replay kong;
  for (int i = 0; i < 1000; ++i) {
    kong.http.expect("GET /upstreams/svc/targets", 200, R"({"data":[],"next":"/upstreams/svc/targets"})");
  }
  CHECK(error_of(kong.admin.targets("svc")) == Error{Errc::invalid, "targets of 'svc': Kong's pages do not end"});
}

TEST_CASE("pages that come too slowly are given up") {
  struct Slow final : net::HttpTransport {
    explicit Slow(fakes::HandClock& time) : clock(time) {}
    std::vector<Result<net::Response>> send_all(const std::vector<net::Request>& requests) override {
      sent += static_cast<int>(requests.size());
      clock.forward(9s);  // each within its deadline
      return {net::Response{.status = 200, .body = R"({"data": [], "next": "/upstreams/svc/targets?offset=a"})"}};
    }
    fakes::HandClock& clock;
    int sent = 0;
  };
  fakes::HandClock clock;
  Slow http(clock);
  kong::Admin admin(http, clock, {.base_url = "http://kong:8001"}, 10s);
  CHECK(error_of(admin.targets("svc")) ==
        Error{Errc::timed_out, "targets of 'svc': Kong's pages take longer than 30s"});
  CHECK(http.sent == 4);
}

TEST_CASE("a list that Lua wrote as an object is empty, and any other object is none") {
  Replay kong;
  kong.http.expect("GET /upstreams/svc/targets", 200, R"({"data":{},"next":null})");
  CHECK(kong.admin.targets("svc")->empty());
  kong.http.expect("GET /upstreams/svc/targets", 200, R"({"data":{"a":1}})");
  CHECK(error_of(kong.admin.targets("svc")) ==
        Error{Errc::invalid, "targets of 'svc': the answer of Kong has no list in 'data'"});
}

TEST_CASE("more entries than any upstream has are given up") {
  Replay kong;
  std::string page = R"({"next":"/upstreams/svc/targets","data":[)";
  for (int i = 0; i < 50'000; ++i) {
    page += "1,";
  }
  page += "1]}";
  kong.http.expect("GET /upstreams/svc/targets", 200, page);
  kong.http.expect("GET /upstreams/svc/targets", 200, page);
  CHECK(error_of(kong.admin.targets("svc")) ==
        Error{Errc::invalid, "targets of 'svc': Kong lists more than 100000 entries"});
}

TEST_CASE("a next page that is no path is not asked for: the key would go to whom it names") {
  for (const std::string next :
       {"@example.com/", ".example.com/targets", ":1/targets", "", "/a b", "/a\\r\\nHost: b", "/ä"}) {
    CAPTURE(next);
    Replay kong;
    kong.http.expect("GET /upstreams/svc/targets", 200, fmt::format(R"({{"data":[],"next":"{}"}})", next));
    CHECK(error_of(kong.admin.targets("svc")) ==
          Error{Errc::invalid, "targets of 'svc': what Kong names as the next page is no path"});
  }
}

TEST_CASE("figures of the status that can be no count are not known") {
  Replay kong;
  kong.http.expect("GET /status", 200, R"({"database":{},"server":{"total_requests":-1,"connections_active":1e300}})");
  const auto status = kong.admin.status();
  REQUIRE(status);
  CHECK_FALSE(status->total_requests.has_value());
  CHECK_FALSE(status->active_connections.has_value());
}

TEST_CASE("an answer of the status is short") {
  Replay kong;
  kong.play("postgres/02-status");
  CHECK(kong.admin.status().has_value());
  CHECK(kong.http.sent.back().max_answer == 1'048'576);
  CHECK(kong.admin.status_request().max_answer == 1'048'576);
}

TEST_CASE("a recorded 404 says that the upstream is missing") {
  Replay kong;
  kong.play("postgres/11-targets-of-missing-upstream");
  kong.play("postgres/02-status");
  CHECK(error_of(kong.admin.targets("missing")) ==
        Error{Errc::not_found, "Kong at http://kong:8001 has no upstream 'missing'"});
  kong.play("postgres/14-health-missing-upstream");
  CHECK(error_of(kong.admin.health("missing")) == Error{Errc::not_found, "health of 'missing': Kong: Not found"});
}

TEST_CASE("recorded health is read with all addresses") {
  Replay kong;
  kong.play("dbless/12-health");
  const auto health = kong.admin.health("svc");
  REQUIRE(health.has_value());
  CHECK(health->size() == 3);
  kong.play("dbless/93-no-targets-health");
  CHECK(kong.admin.health("svc")->empty());
}

TEST_CASE("the key goes in its header, and a recorded 401 asks for another one") {
  Replay kong;
  kong.http.expect("GET /upstreams/svc/targets", 401, recorded("postgres/100-keyauth-bad-key").body_text);
  CHECK(error_of(kong.admin.targets("svc")) ==
        Error{Errc::unauthorized, "targets of 'svc': Kong wants another key: Invalid authentication credentials"});
  REQUIRE(kong.http.sent.size() == 1);
  CHECK(kong.http.sent[0].to.headers == std::vector<net::Header>{{"Kong-Admin-Token", k_key}});
  CHECK(kong.http.sent[0].path.find(k_key) == std::string::npos);
  kong.http.expect("GET /status", 401, recorded("postgres/99-keyauth-no-key").body_text);
  CHECK(error_of(kong.admin.status()).what ==
        "Kong's status from http://kong:8001: Kong wants another key: No API key found in request");
}

TEST_CASE("a recorded target is made with its weight and our mark") {
  Replay kong;
  kong.play("postgres/02-status");
  kong.play("postgres/16-post-target-json");
  CHECK(kong.admin.change_targets("svc", {{Kind::add, "127.0.0.1:19005", 10}}).has_value());
  const auto& request = kong.http.sent.at(1);
  CHECK(request.body == R"({"target":"127.0.0.1:19005","tags":["kscale"],"weight":10})");
  CHECK(request.headers == std::vector<net::Header>{{"Content-Type", "application/json"}});
}

TEST_CASE("a recorded 409 says that the target is there, so it gets the weight") {
  Replay kong;
  kong.play("postgres/02-status");
  kong.play("postgres/17-post-target-again-json");
  kong.http.expect("PATCH /upstreams/svc/targets/127.0.0.1:19005", 200,
                   recorded("postgres/40-patch-weight-by-name").body_text);
  CHECK(kong.admin.change_targets("svc", {{Kind::add, "127.0.0.1:19005", 77}}).has_value());
  CHECK(kong.http.sent.at(2).body == R"({"weight":77})");
}

TEST_CASE("a recorded target that is missing is removed already, and cannot be weighed") {
  Replay kong;
  kong.play("postgres/02-status");
  kong.play("postgres/69-delete-by-name-missing");
  kong.http.expect("GET /upstreams/svc/targets", 200, R"({"data":[{"target":"127.0.0.1:19000","weight":100}]})");
  CHECK(kong.admin.remove_targets("svc", {"127.0.0.1:19999"}).has_value());
  CHECK(kong.http.sent.at(1).body.empty());
  kong.play("postgres/42-patch-target-missing");
  CHECK(error_of(kong.admin.change_targets("svc", {{Kind::weigh, "127.0.0.1:19999", 1}})) ==
        Error{Errc::not_found, "target 127.0.0.1:19999 of 'svc': Kong: Not found"});
}

TEST_CASE("a 404 is no proof that a target is gone: a proxy before Kong says it of any path") {
  Replay kong;
  kong.play("postgres/02-status");
  kong.http.expect("DELETE /upstreams/svc/targets/127.0.0.1:19000", 404, "<html>");
  kong.http.expect("GET /upstreams/svc/targets", 200, R"({"data":[{"target":"127.0.0.1:19000","weight":100}]})");
  CHECK(
      error_of(kong.admin.remove_targets("svc", {"127.0.0.1:19000"})) ==
      Error{Errc::failed, "Kong lists target 127.0.0.1:19000 of 'svc', but its deletion was answered with status 404"});
  kong.http.expect("DELETE /upstreams/svc/targets/127.0.0.1:19000", 404);
  kong.http.expect("GET /upstreams/svc/targets", 404);
  kong.play("postgres/02-status");
  CHECK(kong.admin.remove_targets("svc", {"127.0.0.1:19000"}).has_value());
  kong.http.expect("DELETE /upstreams/svc/targets/127.0.0.1:19000", 404);
  kong.http.expect("GET /upstreams/svc/targets", 404);
  kong.http.expect("GET /status", 404);
  CHECK(error_of(kong.admin.remove_targets("svc", {"127.0.0.1:19000"})).code == Errc::invalid);
  kong.http.expect("DELETE /upstreams/svc/targets/127.0.0.1:19000", 404);
  kong.http.expect("GET /upstreams/svc/targets", 401);
  CHECK(error_of(kong.admin.remove_targets("svc", {"127.0.0.1:19000"})).code == Errc::unauthorized);
}

TEST_CASE("no change asks Kong nothing") {
  Replay kong;
  CHECK(kong.admin.change_targets("svc", {}).has_value());
}

TEST_CASE("with a database the changes before a failed one have taken effect, and none after it is tried") {
  Replay kong;
  kong.play("postgres/02-status");
  kong.play("postgres/68-delete-by-name");
  kong.play("postgres/166-pg-down-post-target");
  CHECK(error_of(kong.admin.change_targets(
            "svc", {{Kind::remove, "127.0.0.1:19007"}, {Kind::add, "127.0.0.1:19004"}, {Kind::add, "b:1"}})) ==
        Error{Errc::failed, "target 127.0.0.1:19004 of 'svc': Kong: An unexpected error occurred"});
}

TEST_CASE("a Kong whose database is down, or that was not configured yet, is told so in the place of its own words") {
  Replay kong;
  kong.play("postgres/164-pg-down-targets");
  kong.play("postgres/161-pg-down-status");
  CHECK(error_of(kong.admin.targets("svc")) == Error{Errc::busy, "targets of 'svc': Kong cannot reach its database"});
  kong.http.expect("GET /upstreams/svc/targets", 404, R"({"message":"Not found"})");
  kong.play("dbless/111-empty-status");
  CHECK(error_of(kong.admin.targets("svc")) ==
        Error{Errc::not_found, "targets of 'svc': Kong has no configuration yet (DB-less)"});
}

TEST_CASE("a failure that the status does not explain shows as Kong's own words") {
  Replay kong;
  kong.play("postgres/164-pg-down-targets");
  kong.play("postgres/02-status");
  CHECK(error_of(kong.admin.targets("svc")) ==
        Error{Errc::failed, "targets of 'svc': Kong: An unexpected error occurred"});
  kong.play("postgres/164-pg-down-targets");
  kong.http.expect("GET /status", 500);
  CHECK(error_of(kong.admin.targets("svc")) ==
        Error{Errc::failed, "targets of 'svc': Kong: An unexpected error occurred"});
  const auto& metrics = recorded("postgres/171-pg-down-metrics");
  CHECK(error_of(kong.admin.read_metrics(net::Response{.status = metrics.status, .body = metrics.body_text})) ==
        Error{Errc::failed, "Kong's metrics: Kong: An unexpected error occurred"});
}

TEST_CASE("a recorded refusal in HTML shows as its status") {
  Replay kong;
  kong.play("postgres/02-status");
  kong.play("postgres/28-post-target-wrong-content-type");
  CHECK(error_of(kong.admin.change_targets("svc", {{Kind::add, "127.0.0.1:19006"}})) ==
        Error{Errc::refused, "target 127.0.0.1:19006 of 'svc': Kong: status 415"});
}

TEST_CASE("a Kong that takes neither way is told by its answer to the first, as is one before 2.2") {
  Replay kong;
  kong.play("postgres/02-status");
  for (int twice = 0; twice < 2; ++twice) {
    kong.http.expect("PATCH /upstreams/svc/targets/127.0.0.1:19001", 405, R"({"message":"Method not allowed"})");
    kong.play("postgres/02-status");
    CHECK(error_of(kong.admin.change_targets("svc", {{Kind::weigh, "127.0.0.1:19001", 0}})) ==
          Error{Errc::unsupported, "target 127.0.0.1:19001 of 'svc': Kong: Method not allowed"});
  }
}

TEST_CASE("reads wait for a busy Kong too, never less than a second nor more than fifteen") {
  for (const auto& [asked, waited] : std::vector<std::pair<std::string, std::chrono::seconds>>{
           {"7", 7s}, {"15", 15s}, {"0", 1s}, {"-3", 1s}, {"Wed, 21 Oct 2026 07:28:00 GMT", 1s}}) {
    CAPTURE(asked);
    Replay kong;
    kong.http.expect("GET /status", 503, "", {{"retry-after", asked}});
    kong.play("dbless/02-status");
    CHECK(kong.admin.status().has_value());
    CHECK(kong.clock.now().instant - kong.begin == waited);
  }
}

TEST_CASE("targets and their health are read with the urgency asked for") {
  for (const auto urgency : {Urgency::interruptible, Urgency::to_the_end}) {
    Replay kong;
    kong.play("dbless/12-health");
    CHECK(kong.admin.health("svc", urgency).has_value());
    kong.http.expect("GET /upstreams/svc/targets", 404);
    kong.play("dbless/111-empty-status");
    CHECK_FALSE(kong.admin.targets("svc", urgency).has_value());
    CHECK(urgencies_of(kong.http.sent) == std::vector<Urgency>(3, urgency));
  }
}

TEST_CASE("a Kong that does not answer is told by what was tried") {
  Replay kong;
  kong.http.expect("GET /upstreams/svc/targets", fail(Errc::timed_out, "no answer from http://kong:8001 in 10s"));
  CHECK(error_of(kong.admin.targets("svc")) ==
        Error{Errc::timed_out, "targets of 'svc': no answer from http://kong:8001 in 10s"});
}

TEST_CASE("metrics are Prometheus' text, and a Kong without that page is told so") {
  Replay kong;
  CHECK(kong.admin.metrics_request().path == "/metrics");
  const auto& recording = recorded("dbless/105-metrics-admin");
  CHECK(kong.admin.read_metrics(net::Response{.status = 200, .body = recording.body_text}) == recording.body_text);
  CHECK(error_of(kong.admin.read_metrics(net::Response{.status = 404})) ==
        Error{Errc::unsupported, "Kong at http://kong:8001 has no /metrics"});
}

TEST_CASE("names are escaped in paths") {
  Replay kong;
  kong.http.expect("GET /upstreams/a%2Fb%3Fc/targets", 200, R"({"data":[],"next":null})");
  CHECK(kong.admin.targets("a/b?c").has_value());
}

TEST_CASE("on a Kong of either kind targets are added, weighed and removed, twice without harm") {
  for (const auto mode : {sandbox::KongMode::database, sandbox::KongMode::dbless}) {
    fakes::FakeMachine machine(mode, 0);
    const auto before = machine.configuration_without_targets();
    const auto change = [&machine](const Changes& changes) {
      CHECK(machine.admin.change_targets("shop", changes).has_value());
    };
    for (int twice = 0; twice < 2; ++twice) {
      change({{Kind::add, "127.0.0.1:3020", 100, "kscale.shop"}, {Kind::add, "127.0.0.1:3021", 50}});
      CHECK(machine.targets() == std::vector<std::string>{"127.0.0.1:3020 100", "127.0.0.1:3021 50"});
    }
    for (int twice = 0; twice < 2; ++twice) {
      change({{Kind::weigh, "127.0.0.1:3020", 0}});
      CHECK(machine.targets() == std::vector<std::string>{"127.0.0.1:3020 0", "127.0.0.1:3021 50"});
    }
    const auto targets = machine.admin.targets("shop");
    REQUIRE(targets.has_value());
    REQUIRE(targets->size() == 2);
    // Made in the same moment, they stand in no order.
    const auto first = std::ranges::find(*targets, "127.0.0.1:3020", &Target::address);
    REQUIRE(first != targets->end());
    CHECK(first->tags == std::vector<std::string>{"kscale.shop"});
    for (int twice = 0; twice < 2; ++twice) {
      change({{Kind::remove, "127.0.0.1:3020"}, {Kind::remove, "127.0.0.1:3021"}});
      CHECK(machine.targets().empty());
    }
    CHECK(machine.configuration_without_targets() == before);
    const auto others = machine.admin.targets("other");
    REQUIRE(others.has_value());
    CHECK(*others == std::vector<Target>{{"10.9.9.9:80", 7, {}}});
  }
}

TEST_CASE("on a Kong of either kind more targets than a page are read in full") {
  for (const auto mode : {sandbox::KongMode::database, sandbox::KongMode::dbless}) {
    fakes::FakeMachine machine(mode, 0);
    Changes changes;
    for (int i = 0; i < 250; ++i) {
      changes.push_back({Kind::add, fmt::format("10.0.0.{}:80", i), 1});
    }
    CHECK(machine.admin.change_targets("shop", changes).has_value());
    const auto targets = machine.admin.targets("shop");
    REQUIRE(targets.has_value());
    CHECK(targets->size() == 250);
    const auto health = machine.admin.health("shop");
    REQUIRE(health.has_value());
    CHECK(health->size() == 250);
  }
}

TEST_CASE("a Kong of either kind without the upstream says so") {
  for (const auto mode : {sandbox::KongMode::database, sandbox::KongMode::dbless}) {
    fakes::FakeMachine machine(mode, 0);
    CHECK(error_of(machine.admin.targets("nope")) ==
          Error{Errc::not_found, "Kong at http://kong:8001 has no upstream 'nope'"});
    CHECK(error_of(machine.admin.change_targets("nope", {{Kind::add, "a:1"}})).code == Errc::not_found);
  }
}

TEST_CASE("a Kong whose database is down is told apart from one that is gone") {
  fakes::FakeMachine machine(sandbox::KongMode::database, 1);
  machine.kong.set_database_reachable(false);
  const auto status = machine.admin.status();
  REQUIRE(status.has_value());
  CHECK_FALSE(status->database_reachable);
  CHECK(error_of(machine.admin.targets("shop")) ==
        Error{Errc::busy, "targets of 'shop': Kong cannot reach its database"});
}
