#include <filesystem>

#include <catch2/catch.hpp>
#include <fmt/ranges.h>

#include "libscale/store/scaling_log.hpp"
#include "libscale/store/state.hpp"
#include "tests/control/scaler.hpp"

using namespace kscale;
using namespace kscale::control;
using namespace std::chrono_literals;
using fakes::FakeMachine;
using policy::Action;
using sandbox::KongMode;
using Names = std::vector<std::string>;

namespace {

bool agrees(FakeMachine& machine) {
  return machine.running().size() == machine.targets().size();
}

}  // namespace

TEST_CASE("load takes the fleet to max, idleness back to min, and targets agree at every check") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    Scaler scaler(mode);
    scaler.settings.rules.cooldown = 60s;
    scaler.begin();
    const auto configuration = scaler.machine.configuration_without_targets();
    scaler.load(0.95);
    for (int i = 0; i < 12; ++i) {
      scaler.check();
      CHECK(agrees(scaler.machine));
      scaler.machine.clock.forward(30s);
    }
    CHECK(scaler.running() == 6);
    scaler.load(0.05);
    for (int i = 0; i < 16; ++i) {
      scaler.check();
      CHECK(agrees(scaler.machine));
      scaler.machine.clock.forward(30s);
    }
    CHECK(scaler.running() == 3);
    CHECK(scaler.machine.configuration_without_targets() == configuration);
    const auto events = store::read_log(scaler.settings.history_log);
    REQUIRE(events);
    CHECK(events->size() == 6);
    CHECK(events->front().from == 3);
    CHECK(events->front().to == 4);
  }
}

TEST_CASE("the first check looks twice, so that it knows the CPU at once") {
  Scaler scaler;
  scaler.load(0.5);
  const auto report = scaler.check();
  REQUIRE(report.sample.load().cpu);
  CHECK(report.sample.load().cpu->at_least.value == Approx(50).margin(1));
}

TEST_CASE("a check less than a second after another looks twice too: Kong's counters may not have moved yet") {
  Scaler scaler;
  scaler.load(0.5);
  scaler.check();
  const auto takes = [&](std::chrono::milliseconds after) {
    scaler.machine.clock.forward(after);
    scaler.begin();
    const auto begun = scaler.machine.clock.now().instant;
    scaler.check();
    return scaler.machine.clock.now().instant - begun;
  };
  CHECK(takes(800ms) >= 2s);
  CHECK(takes(1000ms) == 0s);
}

TEST_CASE("a dry run decides as a run does, and changes nothing") {
  Scaler scaler;
  scaler.load(0.95);
  scaler.settings.dry_run = true;
  scaler.settings.state_dir = (scaler.dir / "untouched").string();
  scaler.begin();
  const auto dry = scaler.check();
  CHECK(dry.decision.action == Action::up);
  CHECK_FALSE(dry.outcome.has_value());
  CHECK(scaler.machine.http.changes.empty());
  CHECK_FALSE(std::filesystem::exists(scaler.settings.state_dir));
  CHECK_FALSE(std::filesystem::exists(scaler.settings.history_log));
  scaler.settings.dry_run = false;
  scaler.begin();
  const auto real = scaler.check();
  CHECK(real.decision == dry.decision);
  CHECK(scaler.running() == 4);
}

TEST_CASE("runs from cron keep the cooldown and the counters between them") {
  Scaler scaler;
  scaler.load(1.2);
  CHECK(scaler.check().decision.action == Action::up);
  scaler.begin();
  scaler.machine.clock.forward(60s);
  const auto before = scaler.machine.clock.now().instant;
  const auto held = scaler.check();
  CHECK(held.decision.reason.starts_with("hold: cooldown, 2"));
  CHECK(scaler.machine.clock.now().instant == before);  // no second look was needed
  scaler.begin();
  scaler.machine.clock.forward(240s);
  CHECK(scaler.check().decision.action == Action::up);
}

TEST_CASE("the cooldown outlives a step of the clock in either direction") {
  for (const auto step : {3600s, -3600s}) {
    Scaler scaler;
    scaler.load(1.2);
    scaler.check();
    scaler.machine.clock.step_wall(step);
    scaler.machine.clock.forward(60s);
    scaler.begin();
    CHECK(scaler.check().decision.action == Action::hold);
    scaler.machine.clock.forward(241s);
    scaler.begin();
    CHECK(scaler.check().decision.action == Action::up);
  }
}

TEST_CASE("a dead instance is replaced at once, whatever the cooldown") {
  Scaler scaler;
  scaler.load(0.5);
  scaler.check();
  scaler.machine.docker.answer({.method = "DELETE", .target = "/containers/shop-2?force=true"});
  const auto report = scaler.check();
  CHECK(report.decision.action == Action::repair_up);
  CHECK(scaler.machine.running() == Names{"shop-1", "shop-2", "shop-3"});
  CHECK(agrees(scaler.machine));
}

TEST_CASE("settings with a lower max take instances away without a cooldown") {
  Scaler scaler(KongMode::database, 5);
  scaler.settings.rules.max_instances = 3;
  scaler.begin();
  const auto report = scaler.check();
  CHECK(report.decision.action == Action::repair_down);
  CHECK(report.outcome->names == Names{"shop-5", "shop-4"});
  CHECK(scaler.running() == 3);
}

TEST_CASE("an unreachable Kong or Docker is never read as idleness") {
  Scaler scaler(KongMode::database, 5);
  scaler.load(0.01);
  scaler.settings.rules.cooldown = 0s;
  scaler.begin();
  for (const auto* const peer : {"http://kong:8001", "http://localhost"}) {
    scaler.machine.http.fate = [&](int, const net::Request& request) {
      return request.to.base_url == peer ? fakes::Fate::lost : fakes::Fate::arrives;
    };
    const auto report = scaler.autoscaler->check();
    REQUIRE_FALSE(report);
    CHECK(report.error().code == Errc::unreachable);
    CHECK(scaler.running() == 5);
  }
}

TEST_CASE("stats that fail for one instance hold the scale-down") {
  Scaler scaler(KongMode::database, 5);
  scaler.load(0.01);
  scaler.settings.rules.cooldown = 0s;
  scaler.begin();
  int failed = 0;
  scaler.machine.http.fate = [&](int, const net::Request& request) {
    return request.path.find("/stats") != std::string::npos && ++failed % 5 == 0 ? fakes::Fate::failed
                                                                                 : fakes::Fate::arrives;
  };
  const auto report = scaler.check();
  CHECK(report.decision.action == Action::hold);
  CHECK(report.decision.reason == "hold: cpu not known of every instance, memory not known of every instance");
}

TEST_CASE("an instance that cannot start makes the next tries rarer, and the load is served by those there are") {
  Scaler scaler;
  scaler.load(0.95);
  scaler.settings.deployment.overrides.image = "broken:1";
  scaler.settings.deployment.overrides.restart = "no";
  scaler.begin();
  const auto report = scaler.check();
  REQUIRE(report.outcome);
  CHECK_FALSE(report.outcome->status);
  CHECK(scaler.machine.running() == Names{"shop-1", "shop-2", "shop-3"});
  CHECK(scaler.check().decision.reason.starts_with("hold: adding instances failed, next try in"));
  int tries = 0;
  for (int i = 0; i < 120; ++i) {  // an hour
    scaler.machine.clock.forward(30s);
    tries += scaler.check().outcome ? 1 : 0;
  }
  CHECK(tries <= 7);
  CHECK(agrees(scaler.machine));
}

TEST_CASE("two at once: the second is told who acts") {
  Scaler scaler;
  const auto lock = scaler.records->lock_actions();
  REQUIRE(lock);
  const auto report = scaler.autoscaler->check();
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Errc::locked);
  CHECK(report.error().what.starts_with("another kscale (kscale-auto, pid "));
}

TEST_CASE("the fleet is not made smaller while an instance is unhealthy or out of rotation") {
  Scaler scaler(KongMode::database, 5);
  scaler.load(0.01);
  REQUIRE(scaler.machine.admin.change_targets("shop", {{kong::TargetChange::Kind::weigh, "127.0.0.1:3020", 0}}));
  const auto report = scaler.check();
  CHECK(report.decision.reason == "hold: 1 of 5 not serving");
  CHECK_FALSE(report.sample.instances[0].serving);
  CHECK(scaler.running() == 5);
}

TEST_CASE("whom Kong's health checks have given up does not serve, and the fleet is not made smaller") {
  Scaler scaler(KongMode::database, 5);
  scaler.load(0.01);
  scaler.machine.give_up({"127.0.0.1:3021", "127.0.0.1:3022"});
  const auto report = scaler.check();
  CHECK(report.decision.reason == "hold: 2 of 5 not serving");
  CHECK(report.sample.instances[0].serving);
  CHECK_FALSE(report.sample.instances[1].serving);
  CHECK_FALSE(report.sample.instances[2].serving);
  CHECK(scaler.running() == 5);
}

TEST_CASE("where Kong does not tell whom it takes for healthy, the fleet is not made smaller") {
  Scaler scaler(KongMode::database, 5);
  scaler.load(0.01);
  scaler.machine.http.fate = [](int, const net::Request& request) {
    return request.path.ends_with("/health") ? fakes::Fate::failed : fakes::Fate::arrives;
  };
  const auto report = scaler.check();
  CHECK(report.decision.reason == "hold: health by Kong's checks unknown");
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].starts_with("health of 'shop': "));
  scaler.load(0.95);
  scaler.machine.clock.forward(30s);
  CHECK(scaler.check().decision.action == Action::up);
}

TEST_CASE("whoever does not serve leaves first, then who has only just begun, then the highest number") {
  Scaler scaler(KongMode::database, 5);
  scaler.machine.give_up({"127.0.0.1:3021"});
  scaler.machine.docker.answer({.method = "POST", .target = "/containers/shop-3/restart"});
  scaler.settings.rules.max_instances = 3;
  scaler.settings.rules.min_instances = 1;
  scaler.begin();
  CHECK(scaler.check().decision.action == Action::repair_down);
  CHECK(scaler.machine.running() == Names{"shop-1", "shop-4", "shop-5"});
  scaler.settings.rules.max_instances = 2;
  scaler.begin();
  scaler.check();
  CHECK(scaler.machine.running() == Names{"shop-1", "shop-4"});
}

TEST_CASE("a container that cannot be removed has left all the same: the cooldown begins") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    Scaler scaler(mode, 5);
    scaler.load(0.01);
    scaler.machine.http.fate = [](int, const net::Request& request) {
      const bool removes = request.method == net::Method::del && request.path.find("/containers/") != std::string::npos;
      return removes ? fakes::Fate::failed : fakes::Fate::arrives;
    };
    const auto report = scaler.check();
    REQUIRE(report.outcome);
    CHECK_FALSE(report.outcome->status);
    CHECK(report.outcome->reached == 4);
    CHECK(report.outcome->names.empty());
    CHECK(scaler.running() == 4);
    scaler.machine.clock.forward(30s);
    CHECK(scaler.check().decision.reason.starts_with("hold: idle, cooldown, 2"));
    const auto events = store::read_log(scaler.settings.history_log);
    REQUIRE(events);
    REQUIRE(events->size() == 1);
    CHECK(events->front().to == 4);
  }
}

TEST_CASE("a scale-down that fails is tried again after the cooldown, as each try leads traffic away") {
  Scaler scaler(KongMode::database, 5);
  scaler.load(0.01);
  scaler.refuse_to_delete_targets();
  CHECK(scaler.check().outcome->reached == 5);
  scaler.machine.clock.forward(30s);
  CHECK(scaler.check().decision.reason.starts_with("hold: idle, cooldown, 2"));
  scaler.machine.clock.forward(300s);
  CHECK(scaler.check().decision.action == Action::down);
}

TEST_CASE("a service that Kong does not know is not idle, and that is told") {
  Scaler scaler(KongMode::database, 5);
  scaler.load(0.01);
  scaler.settings.service = "shopp";
  scaler.begin();
  const auto peer = scaler.machine.kong.pick("/shop");
  REQUIRE(peer);
  scaler.machine.kong.record(*peer, 200, "service", 5ms, 4ms, 100, 100);
  const auto report = scaler.check();
  CHECK(report.decision.action == Action::hold);
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0] == "Kong has no service 'shopp': its requests cannot be counted; see service");
}

TEST_CASE("a failure of long ago does not lengthen the wait after the next one") {
  Scaler scaler;
  auto state = scaler.records->load();
  const auto now = scaler.machine.clock.now();
  state.failures = 7;
  state.last_failure = store::Stamp{now.instant, now.wall, store::boot_id()};
  scaler.records->save(state);
  scaler.settings.deployment.overrides.image = "broken:1";
  scaler.settings.deployment.overrides.restart = "no";
  scaler.load(0.95);
  scaler.begin();
  CHECK(scaler.check().decision.reason == "hold: adding instances failed, next try in 1798s");
  scaler.machine.clock.forward(24h);
  CHECK_FALSE(scaler.check().outcome->status);
  CHECK(scaler.records->load().failures == 1);
}

TEST_CASE("the shortest request-timeout leaves a first check its second look") {
  Scaler scaler;
  scaler.settings.request_timeout = 100ms;
  scaler.begin();
  scaler.load(0.5);
  CHECK(scaler.check().sample.load().cpu);
}

TEST_CASE("a paused autoscaler looks on and changes nothing until the pause is over") {
  Scaler scaler;
  scaler.load(0.95);
  scaler.check();
  scaler.machine.clock.forward(30s);
  auto state = scaler.records->load();
  state.pause = store::Pause{
      .since = {scaler.machine.clock.now().instant, scaler.machine.clock.now().wall, store::boot_id()}, .length = 600s};
  scaler.records->save(state);
  scaler.machine.docker.answer({.method = "DELETE", .target = "/containers/shop-2?force=true"});
  scaler.machine.http.changes.clear();
  const auto report = scaler.check();
  CHECK(report.decision.reason == "hold: paused, 600s left");
  CHECK(report.drift.size() == 1);
  CHECK(scaler.machine.http.changes.empty());
  REQUIRE(scaler.records->load().last_check);
  CHECK(scaler.records->load().last_check->decision == line_of(report));
  scaler.machine.clock.forward(600s);
  CHECK(scaler.check().mended.size() == 1);
}

TEST_CASE("a decision is told before it is acted on") {
  Scaler scaler;
  scaler.load(0.95);
  int told_at = 0;
  int changed_at = 0;
  int count = 0;
  scaler.autoscaler = std::make_unique<Autoscaler>(scaler.settings, scaler.machine.world(), *scaler.records, scaler.log,
                                                   [&](const CheckReport&) { told_at = ++count; });
  scaler.machine.http.fate = [&](int, const net::Request& request) {
    changed_at = changed_at == 0 && request.method == net::Method::post ? ++count : changed_at;
    return fakes::Fate::arrives;
  };
  scaler.check();
  CHECK(told_at == 1);
  CHECK(changed_at == 2);
}

TEST_CASE("a stop during the look is no measurement") {
  Scaler scaler;
  scaler.load(0.5);
  scaler.check();
  scaler.machine.clock.forward(30s);
  const auto kept = scaler.records->load().reading;
  scaler.machine.http.interrupted = true;
  const auto report = scaler.autoscaler->check();
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Errc::interrupted);
  CHECK(scaler.records->load().reading == kept);
}

TEST_CASE("a DB-less Kong that forgot its targets gets them back") {
  Scaler scaler(KongMode::dbless);
  scaler.load(0.5);
  scaler.check();
  scaler.machine.kong.restart();
  REQUIRE(scaler.machine.targets().empty());
  const auto report = scaler.check();
  CHECK(report.mended.size() == 3);
  CHECK(scaler.machine.targets().size() == 3);
}

TEST_CASE("nobody is told a secret") {
  Scaler scaler(KongMode::dbless);
  scaler.load(0.95);
  const auto report = scaler.check();
  const auto everything = line_of(report) + outcome_line_of(report) + json::dump(json_of(report)) +
                          fmt::format("{}", fmt::join(scaler.said, "\n")) +
                          fmt::format("{}", fmt::join(scaler.machine.steps, "\n"));
  CHECK(everything.find("planted-secret") == std::string::npos);
}

TEST_CASE("being told to stop while a new instance is waited for leaves nothing half-made") {
  Scaler scaler;
  scaler.load(1.2);
  scaler.check();  // the second look is behind us
  scaler.machine.clock.forward(301s);
  scaler.machine.http.health_status = {{3024, 0}};
  scaler.machine.clock.interrupt_after(2);
  const auto report = scaler.check();
  REQUIRE(report.outcome);
  CHECK(report.outcome->status.error().code == Errc::interrupted);
  scaler.machine.clock.no_interrupt();
  CHECK(scaler.running() == 4);
  CHECK(agrees(scaler.machine));
  CHECK(scaler.records->load().failures == 0);
}

TEST_CASE("a check whose readings take too long, each within its deadline, decides nothing and does nothing") {
  Scaler scaler;
  scaler.load(0.95);
  scaler.machine.http.fate = [&](int, const net::Request&) {
    scaler.machine.clock.forward(9900ms);
    return fakes::Fate::arrives;
  };
  const auto slow = scaler.autoscaler->check();
  REQUIRE_FALSE(slow);
  CHECK(slow.error() == Error{Errc::timed_out,
                              "the check is given up: Docker and Kong took longer than 62s (6 times request-timeout, "
                              "and 2s) to be read, and what "
                              "was read first is too old to act upon"});
  CHECK(scaler.machine.http.changes.empty());
  CHECK(scaler.running() == 3);
  CHECK_FALSE(scaler.records->load().acting);
  scaler.machine.http.fate = nullptr;
  CHECK(scaler.check().decision.action == Action::up);
}

TEST_CASE("once its time is up a check reads nothing more") {
  Scaler scaler;
  scaler.check();
  int calls_to_kong = 0;
  scaler.machine.http.fate = [&](int, const net::Request& request) {
    calls_to_kong += request.to.unix_socket.empty() ? 1 : 0;
    scaler.machine.clock.forward(63s);
    return fakes::Fate::arrives;
  };
  CHECK(scaler.autoscaler->check().error().code == Errc::timed_out);
  CHECK(calls_to_kong == 0);
}

TEST_CASE("the time of a check is for reading: an action that takes longer is finished") {
  Scaler scaler;
  scaler.load(0.95);
  scaler.machine.http.fate = [&](int, const net::Request& request) {
    if (request.method == net::Method::post) {
      scaler.machine.clock.forward(100s);
    }
    return fakes::Fate::arrives;
  };
  const auto report = scaler.check();
  REQUIRE(report.outcome);
  CHECK(report.outcome->status);
  CHECK(report.outcome->reached == 4);
  CHECK(report.outcome->took >= 300s);
  CHECK(agrees(scaler.machine));
}
