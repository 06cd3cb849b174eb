#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "libscale/kong/admin.hpp"
#include "libscale/kong/declarative.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/kong/replay.hpp"

using namespace kscale;
using namespace kscale::kong;
using namespace std::chrono_literals;
using net::Urgency;
using Changes = std::vector<TargetChange>;
using Kind = TargetChange::Kind;

TEST_CASE("without a database the whole recorded configuration is written, changed in one place") {
  Replay kong;
  kong.play("dbless/02-status");
  kong.play_reading();
  kong.play_writing();
  CHECK(kong.admin.change_targets("svc", {{Kind::weigh, "127.0.0.1:19001", 0}}).has_value());
  const auto& request = kong.http.sent.at(4);
  CHECK(request.headers == std::vector<net::Header>{{"Content-Type", "application/json"}});
  const auto wanted = with_changed_targets(config_in("dbless/36-config-get"), "svc",
                                           {{Kind::weigh, "127.0.0.1:19001", 0}}, [] { return ""; });
  CHECK(body_of(request)["config"].text_or("") == wanted.value());
}

TEST_CASE("without a database each new target gets an id of its own") {
  Replay kong;
  kong.play("dbless/02-status");
  kong.play_reading();
  kong.play_writing();
  CHECK(kong.admin.change_targets("svc", {{Kind::add, "a:1"}, {Kind::add, "b:1"}}).has_value());
  const auto text = body_of(kong.http.sent.at(4))["config"].text_or("");
  std::set<std::string> ids;
  for (auto place = text.find("- id: "); place != std::string::npos; place = text.find("- id: ", place + 1)) {
    const auto next = text.find("  target: '", place);
    if (next == place + 43) {
      const auto id = text.substr(place + 6, 36);
      CHECK(id[14] == '4');
      CHECK(std::string("89ab").find(id[19]) != std::string::npos);
      ids.insert(id);
    }
  }
  CHECK(ids.size() == 2);
}

TEST_CASE("a configuration that says so already is not written") {
  Replay kong;
  kong.play("dbless/02-status");
  kong.play_reading();
  CHECK(kong.admin.change_targets("svc", {{Kind::remove, "127.0.0.1:19099"}}).has_value());
}

TEST_CASE("a recorded 405 says that Kong has no database any more") {
  Replay kong;
  kong.play("postgres/02-status");
  kong.play("dbless/19-post-target-json");
  kong.play_reading();
  kong.play_writing();
  CHECK(kong.admin.change_targets("svc", {{Kind::add, "127.0.0.1:19004", 50}}).has_value());
  // From now on it knows.
  kong.play_reading("dbless/40-config-get-after-post");
  CHECK(kong.admin.change_targets("svc", {{Kind::add, "127.0.0.1:19004", 50}}).has_value());
}

TEST_CASE("recorded 405s of the other writes say so too") {
  Replay kong;
  kong.play("postgres/02-status");
  kong.play("dbless/25-patch-target-by-name");
  kong.play_reading();
  kong.play_writing();
  CHECK(kong.admin.change_targets("svc", {{Kind::weigh, "127.0.0.1:19001", 0}}).has_value());
  Replay another;
  another.play("postgres/02-status");
  another.play("dbless/28-delete-target-by-name");
  another.play_reading();
  another.play_writing();
  CHECK(another.admin.change_targets("svc", {{Kind::remove, "127.0.0.1:19001"}}).has_value());
}

TEST_CASE("a recorded 400 of the configuration says that Kong has a database now") {
  Replay kong;
  kong.play("dbless/02-status");
  kong.play("dbless/02-status");
  kong.play("postgres/78-config-get");
  kong.play("postgres/16-post-target-json");
  CHECK(kong.admin.change_targets("svc", {{Kind::add, "127.0.0.1:19005", 10}}).has_value());
  kong.play("postgres/68-delete-by-name");
  CHECK(kong.admin.change_targets("svc", {{Kind::remove, "127.0.0.1:19007"}}).has_value());
}

TEST_CASE("after a recorded 429 the client waits as long as Kong says and starts from what is there then") {
  Replay kong;
  kong.play("dbless/02-status");
  kong.play_reading();
  kong.play_writing("dbless/125-config-post-concurrent-429");
  kong.play_reading("dbless/40-config-get-after-post");
  kong.play_writing();
  CHECK(kong.admin.change_targets("svc", {{Kind::weigh, "127.0.0.1:19001", 0}}).has_value());
  CHECK(kong.clock.now().instant - kong.begin == 10s);
  const auto second = body_of(kong.http.sent.at(8))["config"].text_or("");
  CHECK(second == with_changed_targets(config_in("dbless/40-config-get-after-post"), "svc",
                                       {{Kind::weigh, "127.0.0.1:19001", 0}}, [] { return ""; })
                      .value());
}

TEST_CASE("a Kong that stays busy is given up after four tries") {
  Replay kong;
  kong.play("dbless/02-status");
  for (int i = 0; i < 4; ++i) {
    kong.play_reading();
    kong.play_writing("dbless/125-config-post-concurrent-429");
  }
  CHECK(error_of(kong.admin.change_targets("svc", {{Kind::weigh, "127.0.0.1:19001", 0}})) ==
        Error{Errc::busy, "write Kong's configuration: Kong answered 429"});
  CHECK(kong.clock.now().instant - kong.begin == 30s);
}

TEST_CASE("a Kong that asks for a longer wait is not asked before, but given up") {
  for (const std::string asked : {"16", "60", "99999999999999999999"}) {
    CAPTURE(asked);
    Replay kong;
    kong.http.expect("GET /status", 503, "", {{"Retry-After", asked}});
    CHECK(error_of(kong.admin.status()) ==
          Error{Errc::busy, fmt::format("Kong's status: Kong asks to come back in {}s", asked)});
    kong.play("dbless/02-status");
    kong.play_reading();
    kong.play("dbless/02-status");
    kong.http.expect("POST /config", 429, "", {{"Retry-After", asked}});
    CHECK(error_of(kong.admin.change_targets("svc", {{Kind::weigh, "127.0.0.1:19001", 0}})) ==
          Error{Errc::busy, fmt::format("write Kong's configuration: Kong asks to come back in {}s", asked)});
    CHECK(kong.clock.now().instant == kong.begin);
  }
}

TEST_CASE("a signal ends the wait for a busy Kong, but not where something must be finished") {
  Replay kong;
  kong.clock.interrupt_after(0);
  kong.play("dbless/02-status");
  kong.play_reading();
  kong.play_writing("dbless/125-config-post-concurrent-429");
  CHECK(error_of(kong.admin.change_targets("svc", {{Kind::weigh, "127.0.0.1:19001", 0}})) ==
        Error{Errc::interrupted, "write Kong's configuration: interrupted"});
  CHECK(kong.clock.now().instant == kong.begin);
  kong.play_reading();
  kong.play_writing("dbless/125-config-post-concurrent-429");
  kong.play_reading();
  kong.play_writing();
  CHECK(kong.admin.change_targets("svc", {{Kind::weigh, "127.0.0.1:19001", 0}}, Urgency::to_the_end).has_value());
  CHECK(kong.clock.now().instant - kong.begin == 10s);
}

TEST_CASE("a change is made as a change and read for as an interruptible call, and what must be finished to the end") {
  for (const auto& [urgency, reading] :
       {std::pair(Urgency::change, Urgency::interruptible), std::pair(Urgency::to_the_end, Urgency::to_the_end),
        std::pair(Urgency::interruptible, Urgency::interruptible)}) {
    Replay dbless;
    dbless.play("dbless/02-status");
    dbless.play_reading();
    dbless.play_writing();
    CHECK(dbless.admin.change_targets("svc", {{Kind::weigh, "127.0.0.1:19001", 0}}, urgency).has_value());
    CHECK(urgencies_of(dbless.http.sent) == std::vector<Urgency>{reading, reading, reading, reading, urgency});
    Replay database;
    database.play("postgres/02-status");
    database.play("postgres/17-post-target-again-json");
    database.http.expect("PATCH /upstreams/svc/targets/127.0.0.1:19005", 200, "{}");
    CHECK(database.admin.change_targets("svc", {{Kind::add, "127.0.0.1:19005", 77}}, urgency).has_value());
    CHECK(urgencies_of(database.http.sent) == std::vector<Urgency>{reading, urgency, urgency});
  }
  Replay kong;
  kong.play("postgres/02-status");
  kong.play("postgres/16-post-target-json");
  CHECK(kong.admin.change_targets("svc", {{Kind::add, "127.0.0.1:19005", 10}}).has_value());
  CHECK(kong.http.sent.back().urgency == Urgency::change);
}

TEST_CASE("what must be finished is written although Kong says so already: an earlier write may still be loading") {
  Replay kong;
  kong.play("dbless/02-status");
  kong.play_reading();
  kong.play_writing("dbless/125-config-post-concurrent-429");
  kong.play_reading();
  kong.play_writing();
  CHECK(kong.admin.change_targets("svc", {{Kind::remove, "127.0.0.1:19099"}}, Urgency::to_the_end).has_value());
  CHECK(body_of(kong.http.sent.back())["config"].text_or("") == config_in("dbless/36-config-get"));
}

TEST_CASE("a refused configuration shows its status and nothing of what Kong says, which may hold credentials") {
  for (const auto& [status, code] : std::vector<std::pair<int, Errc>>{{400, Errc::refused},
                                                                      {401, Errc::unauthorized},
                                                                      {403, Errc::unauthorized},
                                                                      {413, Errc::refused},
                                                                      {500, Errc::failed},
                                                                      {502, Errc::failed}}) {
    Replay kong;
    kong.play("dbless/02-status");
    kong.play_reading();
    kong.play("dbless/02-status");
    kong.http.expect("POST /config", status, R"({"message":"declarative config is invalid: s3cret-key"})");
    CHECK(error_of(kong.admin.change_targets("svc", {{Kind::weigh, "127.0.0.1:19001", 0}})) ==
          Error{code, fmt::format("write Kong's configuration: Kong answered {}", status)});
  }
}

TEST_CASE("an answer without a configuration is refused without showing it") {
  for (const std::string body : {"{}", R"({"config":{"key":"s3cret-key"}})", "s3cret-key"}) {
    CAPTURE(body);
    Replay kong;
    kong.play("dbless/02-status");
    kong.play("dbless/02-status");
    kong.http.expect("GET /config", 200, body);
    CHECK(error_of(kong.admin.change_targets("svc", {{Kind::remove, "a:1"}})) ==
          Error{Errc::invalid, "Kong's configuration: the answer has no text in 'config'"});
  }
}

TEST_CASE("a Kong that was given no configuration yet has no such upstream") {
  Replay kong;
  kong.play("dbless/111-empty-status");
  kong.play("dbless/111-empty-status");
  kong.play("dbless/115-empty-config-get");
  CHECK(error_of(kong.admin.change_targets("svc", {{Kind::add, "a:1"}})) ==
        Error{Errc::not_found, "change Kong's configuration: Kong has no upstream 'svc'"});
}

TEST_CASE("a Kong without a database that is just loading is waited for") {
  fakes::FakeMachine machine(sandbox::KongMode::dbless, 0);
  machine.kong.set_loading(true);
  const auto begin = machine.clock.now().instant;
  CHECK(error_of(machine.admin.change_targets("shop", {{Kind::add, "127.0.0.1:3020"}})) ==
        Error{Errc::busy, "write Kong's configuration: Kong answered 429"});
  CHECK(machine.clock.now().instant - begin == 30s);
  CHECK(machine.targets().empty());
}

TEST_CASE(
    "what another editor loads into a Kong without a database outlives a change, whenever it comes but just before") {
  const auto edit = [](fakes::FakeMachine& machine, int number) {
    const auto text = json::parse(machine.kong.answer({.target = "/config"}).body).value()["config"].text_or("");
    const Changes change{{Kind::add, fmt::format("10.8.8.{}:80", number), 7}};
    const auto body =
        json::dump(json::Value::Object{{"config", with_changed_targets(text, "other", change, [number] {
                                                    return fmt::format("00000000-0000-4000-8000-{:012}", number);
                                                  }).value()}});
    CHECK(machine.kong
              .answer({.method = "POST",
                       .target = "/config",
                       .headers = {{"Content-Type", "application/json"}},
                       .body = body})
              .status == 201);
  };
  constexpr int k_requests = 4;  // of a change that nobody disturbs
  for (int at = 0; at < k_requests; ++at) {
    CAPTURE(at);
    fakes::FakeMachine machine(sandbox::KongMode::dbless, 1);
    bool is_edited = false;
    bool comes_just_before = false;
    machine.http.fate = [&](int index, const net::Request& request) {
      if (index == at) {
        edit(machine, at);
        is_edited = true;
        comes_just_before = request.method == net::Method::post;
      }
      return fakes::Fate::arrives;
    };
    REQUIRE(machine.admin.change_targets("shop", {{Kind::add, "127.0.0.1:3099", 100}}).has_value());
    CHECK(is_edited);
    CHECK(machine.http.sent >= k_requests);
    machine.http.fate = {};
    CHECK(machine.admin.targets("other")->size() == (comes_just_before ? 1 : 2));
    CHECK(machine.admin.targets("shop")->size() == 2);
  }
}

TEST_CASE("an editor who never rests is waited for no longer than four tries") {
  Replay kong;
  kong.play("dbless/02-status");
  for (int i = 0; i < 4; ++i) {
    kong.play_reading();
    kong.http.expect("GET /status", 200, fmt::format(R"({{"server":{{}},"configuration_hash":"a{}"}})", i));
  }
  CHECK(error_of(kong.admin.change_targets("svc", {{Kind::weigh, "127.0.0.1:19001", 0}})) ==
        Error{Errc::busy, "write Kong's configuration: others change it all the time"});
}
