#include <algorithm>
#include <utility>

#include <catch2/catch.hpp>

#include "libscale/store/state.hpp"
#include "tests/operate/operated.hpp"

using namespace kscale;
using namespace kscale::operate;
using namespace std::chrono_literals;
using sandbox::KongMode;
using Kind = Step::Kind;
using Names = std::vector<std::string>;

TEST_CASE("scaling up and down changes containers and targets, the history and the cooldown") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    Operated operated(mode);
    const auto up = operated.scale(5);
    CHECK(up.status);
    CHECK(up.instances == 5);
    CHECK(operated.machine.targets().size() == 5);
    CHECK(operated.records->load().last_up.has_value());
    CHECK_FALSE(operated.records->load().last_down.has_value());
    CHECK(operated.scale(3).instances == 3);
    CHECK(operated.records->load().last_down.has_value());
    CHECK(operated.machine.targets() == k_three_targets);
    const auto events = operated.records->events(WallTime{}, 10);
    REQUIRE(events);
    REQUIRE(events->size() == 2);
    CHECK(events->front().reason == "scale 5");
    CHECK(events->front().actor == "kscale-deploy");
    CHECK(events->back().to == 3);
  }
}

TEST_CASE("scaling to the present number mends the targets by difference") {
  Operated operated;
  REQUIRE(operated.machine.admin.change_targets("shop", {{kong::TargetChange::Kind::remove, "127.0.0.1:3021", 0}}));
  operated.machine.http.changes.clear();
  const auto report = operated.scale(3);
  REQUIRE(report.steps.size() == 1);
  CHECK(report.steps[0].done == Names{"added target 127.0.0.1:3021 of shop-2"});
  CHECK(operated.machine.http.changes ==
        Names{"POST /upstreams/shop/targets", "PATCH /upstreams/shop/targets/127.0.0.1:3021"});
  CHECK(operated.records->events(WallTime{}, 10)->empty());
}

TEST_CASE("an instance that cannot serve yet is told, and keeps nothing else from being done") {
  Operated operated;
  operated.machine.compose_up(4);
  operated.machine.http.health_status = {{3023, 503}};
  const auto report = operated.scale(5);
  CHECK(report.status);
  CHECK(report.instances == 5);
  CHECK(operated.said == Names{"shop-4 gets no target yet: http://127.0.0.1:3023/health answered 503"});
}

TEST_CASE("a lock that is held is waited for, and that is said once") {
  Operated operated;
  {
    const auto held = operated.records->lock_actions();
    REQUIRE(held);
    const auto before = operated.machine.clock.now().instant;
    CHECK(operated.op->lock(5s).error().code == Errc::locked);
    CHECK(operated.machine.clock.now().instant - before >= 5s);
    REQUIRE(operated.said.size() == 1);
    CHECK(operated.said[0].ends_with("is acting on this deployment; waiting for it"));
  }
  CHECK(operated.op->lock(5s));
}

TEST_CASE("a step that fails ends the action, and the rest is not run") {
  Operated operated;
  operated.machine.http.health_status = {{3023, 503}};
  const Plan plan{.action = "test",
                  .steps = {{.kind = Kind::add, .names = {"shop-4"}, .numbers = {4}},
                            {.kind = Kind::restart, .names = {"shop-1"}, .numbers = {1}}}};
  const auto report = operated.op->carry_out(plan, "test");
  CHECK(report.status.error().what == "shop-4 was not ready in 60s: http://127.0.0.1:3023/health answered 503");
  CHECK(report.steps[0].state == StepReport::State::failed);
  CHECK(report.steps[1].state == StepReport::State::not_run);
  CHECK(report.instances == 3);
  CHECK(operated.machine.targets() == k_three_targets);
}

TEST_CASE("for programs a report tells each step and its outcome") {
  ActionReport report{
      .action = "scale",
      .steps = {{.step = {.kind = Kind::mend},
                 .state = StepReport::State::done,
                 .done = {"added target shop-2:3020 of shop-2"}},
                {.step = {.kind = Kind::add, .names = {"shop-4"}, .numbers = {4}}, .state = StepReport::State::failed},
                {.step = {.kind = Kind::resume}}},
      .instances = 3,
      .status = fail(Errc::failed, "shop-4 was not ready in 60s")};
  CHECK(json::dump(json_of(report)) ==
        R"({"action":"scale","steps":[)"
        R"({"step":"mend","names":[],"text":"bring containers and targets to agree","outcome":"done",)"
        R"("done":["added target shop-2:3020 of shop-2"]},)"
        R"({"step":"add","names":["shop-4"],"text":"make shop-4 like the siblings, start, wait until ready, add the )"
        R"(target","outcome":"failed","done":[]},)"
        R"({"step":"resume","names":[],"text":"resume the autoscaler","outcome":"not_run","done":[]}],)"
        R"("instances":3,"error":"shop-4 was not ready in 60s"})");
  report.status = {};
  CHECK(json_of(report)["error"].is_null());
}

TEST_CASE("a deploy replaces all, one after the other") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    Operated operated(mode);
    const auto report = operated.deploy("checked:1");
    CHECK(report.status);
    CHECK(report.instances == 3);
    for (const auto* const name : {"shop-1", "shop-2", "shop-3"}) {
      CHECK(operated.image_of(name) == "checked:1");
    }
    CHECK(operated.machine.targets() == k_three_targets);
  }
}

TEST_CASE("a deploy that fails half-way brings those back that have the new image already") {
  Operated operated;
  int created = 0;
  operated.machine.http.fate = [&](int, const net::Request& request) {
    created += request.path.find("/containers/create") != std::string::npos ? 1 : 0;
    operated.machine.behaviour->health = created == 2 ? "unhealthy" : "healthy";
    return fakes::Fate::arrives;
  };
  const auto report = operated.deploy("checked:1");
  operated.machine.http.fate = nullptr;
  CHECK(report.status.error().what ==
        "shop-2 was not ready in 60s: its HEALTHCHECK says unhealthy; the old shop-2 serves again");
  CHECK(operated.said == Names{"shop-1 has its old image again"});
  CHECK(operated.machine.running() == Names{"shop-1", "shop-2", "shop-3"});
  CHECK(operated.machine.targets() == k_three_targets);
  CHECK(operated.image_of("shop-2") == "shop:1");
  CHECK(operated.image_of("shop-1") == "shop:1");
}

TEST_CASE("an image that its name no longer means is brought back by id, and its name is remembered") {
  Operated operated;
  // As a build does: the name means another image from now on.
  operated.machine.docker.add_image(
      {.name = "shop:1", .ports = {"3020/tcp"}, .health_check = true, .build = "of today"});
  int created = 0;
  operated.machine.http.fate = [&](int, const net::Request& request) {
    created += request.path.find("/containers/create") != std::string::npos ? 1 : 0;
    operated.machine.behaviour->health = created == 2 ? "unhealthy" : "healthy";
    return fakes::Fate::arrives;
  };
  CHECK_FALSE(operated.deploy("").status);
  operated.machine.http.fate = nullptr;
  operated.machine.behaviour->health = "healthy";
  CHECK(operated.machine.targets() == k_three_targets);
  const auto again = operated.deploy("");
  CHECK(again.status);
  CHECK(operated.image_of("shop-1") == "shop:1");
}

TEST_CASE("an instance that has the image already is left alone") {
  Operated operated;
  operated.machine.http.changes.clear();
  CHECK(operated.deploy("shop:1").status);
  CHECK(operated.machine.http.changes.empty());
}

TEST_CASE("a single instance is renewed while another serves for it") {
  Operated operated(KongMode::database, 1);
  const auto plan = plan_restart(operated.settings.deployment, operated.situation(), {});
  CHECK(operated.op->carry_out(plan, "restart").status);
  CHECK(operated.machine.running() == Names{"shop-1"});
  CHECK(operated.machine.targets() == Names{"127.0.0.1:3020 100"});
}

TEST_CASE("an instance that somebody stopped is not taken for a helper") {
  Operated operated(KongMode::database, 2);
  operated.machine.docker.answer({.method = "POST", .target = "/containers/shop-2/stop"});
  REQUIRE(operated.machine.admin.change_targets("shop", {{kong::TargetChange::Kind::remove, "127.0.0.1:3021", 0}}));
  const auto plan = plan_restart(operated.settings.deployment, operated.situation(), {});
  CHECK(operated.op->carry_out(plan, "restart").status);
  CHECK(operated.machine.containers() == Names{"shop-1 running", "shop-2 exited"});
}

TEST_CASE("the one that helps a single instance goes again when that cannot be renewed") {
  Operated operated(KongMode::database, 1);
  operated.machine.http.health_status = {{3020, 503}};
  const auto plan = plan_deploy(operated.settings.deployment, operated.situation(), {.image = "broken:1"});
  operated.machine.http.health_status.clear();
  CHECK_FALSE(operated.op->carry_out(plan, "deploy").status);
  CHECK(operated.machine.running() == Names{"shop-1"});
  CHECK(operated.machine.targets() == Names{"127.0.0.1:3020 100"});
  CHECK(operated.image_of("shop-1") == "shop:1");
}

TEST_CASE("what fails behind a replacement does not bring the old image back") {
  Operated operated(KongMode::database, 1);
  const auto plan = plan_deploy(operated.settings.deployment, operated.situation(), {.image = "checked:1"});
  REQUIRE(plan.steps.back().kind == Kind::end_help);
  bool is_replaced = false;
  operated.machine.http.fate = [&](int, const net::Request& request) {
    is_replaced = is_replaced || operated.image_of("shop-1") == "checked:1";
    const bool drains =
        request.method == net::Method::patch && request.path.find("/targets/127.0.0.1:3021") != std::string::npos;
    return is_replaced && drains ? fakes::Fate::failed : fakes::Fate::arrives;
  };
  const auto report = operated.op->carry_out(plan, "deploy");
  operated.machine.http.fate = nullptr;
  CHECK_FALSE(report.status);
  CHECK(report.steps.back().state == StepReport::State::failed);
  CHECK(operated.image_of("shop-1") == "checked:1");
  CHECK(operated.machine.targets()[0] == "127.0.0.1:3020 100");
}

TEST_CASE("the image that is asked for goes before the one of the settings") {
  Operated operated;
  operated.settings.deployment.overrides.image = "shop:1";
  CHECK(operated.deploy("checked:1").status);
  CHECK(operated.image_of("shop-3") == "checked:1");
}

TEST_CASE("a deploy leads out of a crash loop") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    Operated operated(mode, 0);
    for (const int number : {1, 2, 3}) {
      operated.machine.compose_up(number, "broken:1");
      operated.machine.add_target(number);
    }
    CHECK(operated.deploy("broken:1").status.error().what ==
          "shop-1 has this image already, and ends with it again and again; its log may say why");
    CHECK(operated.deploy("checked:1").status);
    CHECK(operated.machine.containers() == Names{"shop-1 running", "shop-2 running", "shop-3 running"});
    CHECK(operated.machine.targets() == k_three_targets);
    CHECK(operated.image_of("shop-3") == "checked:1");
  }
}

TEST_CASE("a deploy that fails leaves what stood stopped, and starts what has the image") {
  Operated operated;
  REQUIRE(operated.op->carry_out(operated.stop_plan(), "stop").status);
  const Names stopped{"shop-1 exited", "shop-2 exited", "shop-3 exited"};
  CHECK_FALSE(operated.deploy("broken:1").status);
  CHECK(operated.machine.containers() == stopped);
  CHECK(operated.image_of("shop-1") == "shop:1");
  operated.op->recover();
  CHECK(operated.machine.containers() == stopped);
  CHECK(operated.records->load().pause.has_value());
  CHECK(operated.deploy("shop:1").status);
  CHECK(operated.machine.targets() == k_three_targets);
  CHECK_FALSE(operated.records->load().pause.has_value());
}

TEST_CASE("what did not run before keeps the new image when the deploy fails behind it, and the next one ends it") {
  Operated operated;
  REQUIRE(operated.op->carry_out(operated.stop_plan(), "stop").status);
  operated.machine.http.fate = [&](int, const net::Request& request) {
    return request.path.find("/rename?name=shop-2.kscale-old") != std::string::npos ? fakes::Fate::failed
                                                                                    : fakes::Fate::arrives;
  };
  const auto report = operated.deploy("checked:1");
  operated.machine.http.fate = nullptr;
  REQUIRE_FALSE(report.status);
  CHECK(report.status.error().what.ends_with("; what did not run before and serves with the new image stays: shop-1"));
  CHECK(operated.machine.containers() == Names{"shop-1 running", "shop-2 exited", "shop-3 exited"});
  CHECK(operated.deploy("checked:1").status);
  CHECK(operated.image_of("shop-3") == "checked:1");
  CHECK(operated.machine.targets() == k_three_targets);
  CHECK_FALSE(operated.records->load().pause.has_value());
}

TEST_CASE("what has the image and is not ready with it stands stopped again") {
  Operated operated(KongMode::database, 1);
  REQUIRE(operated.op->carry_out(operated.stop_plan(), "stop").status);
  operated.machine.http.health_status = {{3020, 503}};
  CHECK_FALSE(operated.deploy("shop:1").status);
  CHECK(operated.machine.containers() == Names{"shop-1 exited"});
}

TEST_CASE("a weight that somebody gave outlives a restart") {
  Operated operated;
  REQUIRE(operated.machine.admin.change_targets("shop", {{kong::TargetChange::Kind::weigh, "127.0.0.1:3021", 0},
                                                         {kong::TargetChange::Kind::weigh, "127.0.0.1:3022", 10}}));
  const auto plan = plan_restart(operated.settings.deployment, operated.situation(), {});
  CHECK(operated.op->carry_out(plan, "restart").status);
  CHECK(operated.machine.targets() == Names{"127.0.0.1:3020 100", "127.0.0.1:3021 0", "127.0.0.1:3022 10"});
}

TEST_CASE("a drain that a crash cut short is put right by the next action") {
  Operated operated;
  store::State state;
  state.acting = std::vector<int>{};
  operated.records->save(state);
  REQUIRE(operated.machine.admin.change_targets("shop", {{kong::TargetChange::Kind::weigh, "127.0.0.1:3021", 0}}));
  CHECK(operated.scale(4).status);
  CHECK(operated.machine.targets()[1] == "127.0.0.1:3021 100");
  CHECK_FALSE(operated.records->load().acting.has_value());
}

TEST_CASE("a restart that fails says in the journal whom it has stopped, and the next action starts them") {
  Operated operated;
  auto& machine = operated.machine;
  bool stopped = false;
  machine.http.fate = [&](int, const net::Request& request) {
    const bool is_stop = request.path.find("/stop?") != std::string::npos;
    const bool fails = stopped;
    stopped = stopped || is_stop;
    return fails ? fakes::Fate::lost : fakes::Fate::arrives;
  };
  const auto plan = plan_restart(operated.settings.deployment, operated.situation(), {});
  CHECK_FALSE(operated.op->carry_out(plan, "restart").status);
  machine.http.fate = nullptr;
  CHECK(machine.running() == Names{"shop-2", "shop-3"});
  CHECK(operated.records->load().restarting == std::vector{1, 2, 3});
  operated.op->recover();
  CHECK(operated.said.back() == "started shop-1, after a restart that was cut short");
  CHECK(machine.running() == Names{"shop-1", "shop-2", "shop-3"});
  CHECK(operated.scale(3).status);
  CHECK(machine.targets() == k_three_targets);
  CHECK(operated.records->load().restarting.empty());
}

TEST_CASE("what was stopped is not thrown away by another action, and scale starts it again") {
  Operated operated;
  CHECK(operated.deploy("checked:1").status);  // by now kscale has made all of them
  const auto stop = plan_stop(operated.settings.deployment, operated.situation(), false);
  CHECK(operated.op->carry_out(stop, "stop").status);
  const auto restart = plan_restart(operated.settings.deployment, operated.situation(), {});
  CHECK(operated.op->carry_out(restart, "restart").status);
  CHECK(operated.machine.containers().size() == 3);
  CHECK(operated.scale(3).status);
  CHECK(operated.machine.running() == Names{"shop-1", "shop-2", "shop-3"});
  CHECK(operated.machine.targets() == k_three_targets);
}

TEST_CASE("whom somebody had taken out of rotation is known, also when Kong fails as the action begins") {
  Operated operated;
  auto& machine = operated.machine;
  const auto& upstream = operated.settings.deployment.upstream;
  REQUIRE(machine.admin.change_targets(upstream, {{kong::TargetChange::Kind::weigh, "127.0.0.1:3022", 0}}));
  const auto plan = plan_scale(operated.settings.deployment, operated.situation(), 2);
  operated.take_kong_away(1000);
  CHECK_FALSE(operated.op->carry_out(plan, "scale 2").status);
  CHECK(operated.records->load().acting == std::vector{3});
}

TEST_CASE("what Docker may still be stopping gets no target") {
  Operated operated;
  auto& machine = operated.machine;
  // As a restart leaves it that is killed while shop-2 takes its time to stop.
  REQUIRE(machine.admin.remove_targets(operated.settings.deployment.upstream, {"127.0.0.1:3021"}));
  store::State state;
  state.acting.emplace();
  state.restarting = {2};
  operated.records->save(state);
  const auto second = machine.engine.inspect("shop-2")->id;
  const auto end = machine.clock.now().instant + operated.settings.deployment.stop_timeout;
  machine.http.fate = [&, stopped = false](int, const net::Request& request) mutable {
    const bool adds = request.method == net::Method::post && request.path.find("/targets") != std::string::npos;
    CHECK((stopped || !adds));
    if (machine.clock.now().instant >= end && !std::exchange(stopped, true)) {
      machine.docker.answer({.method = "POST", .target = "/containers/" + second + "/kill"});
    }
    return fakes::Fate::arrives;
  };
  operated.op->recover();
  CHECK(machine.running() == Names{"shop-1", "shop-2", "shop-3"});
  CHECK(machine.targets() == k_three_targets);
  CHECK(operated.said == Names{"started shop-2, after a restart that was cut short"});
  CHECK(operated.records->load().restarting.empty());
}

TEST_CASE("without a compose file, what needs one says so") {
  Operated operated;
  const Plan plan{.action = "start", .steps = {{.kind = Kind::start_services, .names = {"kong"}}}};
  CHECK(operated.op->carry_out(plan, "start").status.error().what ==
        "no compose file: start kong with Compose needs one; see compose-file");
}

TEST_CASE("whichever request of a rolling restart fails, two instances serve at least") {
  for (int failing = 0; failing < 60; ++failing) {
    CAPTURE(failing);
    Operated operated;
    const auto plan = plan_restart(operated.settings.deployment, operated.situation(), {});
    operated.machine.http.sent = 0;
    operated.machine.http.fate = [&](int index, const net::Request&) {
      return index == failing ? fakes::Fate::failed : fakes::Fate::arrives;
    };
    const auto report = operated.op->carry_out(plan, "restart");
    operated.machine.http.fate = nullptr;
    const auto targets = operated.machine.targets();
    CHECK(std::ranges::count_if(targets, [](const auto& t) { return t.ends_with(" 100"); }) >= 2);
    CHECK(operated.machine.running().size() >= 2);
    CHECK(targets.size() <= operated.machine.running().size());
  }
}

TEST_CASE("the journal stays open while a weight could not be given back") {
  for (const auto* const failing : {"GET", "PATCH"}) {
    CAPTURE(failing);
    Operated operated;
    auto& machine = operated.machine;
    REQUIRE(machine.admin.change_targets("shop", {{kong::TargetChange::Kind::weigh, "127.0.0.1:3021", 0}}));
    store::State state;
    state.acting.emplace();
    operated.records->save(state);
    const auto plan = plan_scale(operated.settings.deployment, operated.situation(), 4);
    machine.http.fate = [&, first = true](int, const net::Request& request) mutable {
      const bool is_it = request.path.starts_with("/upstreams/shop/targets") &&
                         (request.method == net::Method::get) == (std::string_view(failing) == "GET");
      return is_it && std::exchange(first, false) ? fakes::Fate::failed : fakes::Fate::arrives;
    };
    CHECK(operated.op->carry_out(plan, "scale 4").status);
    CHECK(operated.said.size() == 1);
    CHECK(operated.records->load().acting == std::vector<int>{});
    CHECK(operated.scale(4).status);
    CHECK(machine.targets()[1] == "127.0.0.1:3021 100");
    CHECK_FALSE(operated.records->load().acting);
  }
}

TEST_CASE("a change is remembered also where Docker does not tell how many run after it") {
  Operated operated(KongMode::database, 6);
  auto& machine = operated.machine;
  const auto plan = plan_scale(operated.settings.deployment, operated.situation(), 4);
  machine.http.fate = [removed = 0](int, const net::Request& request) mutable {
    const bool lists = request.path.find("/containers/json") != std::string::npos;
    removed += request.method == net::Method::del && request.path.find("/containers/") != std::string::npos ? 1 : 0;
    return lists && removed == 2 ? fakes::Fate::failed : fakes::Fate::arrives;
  };
  const auto report = operated.op->carry_out(plan, "scale 4");
  CHECK(report.status);
  CHECK_FALSE(report.instances);
  CHECK(operated.records->load().last_down);
  const auto events = operated.records->events(WallTime{}, 10);
  REQUIRE(events);
  REQUIRE(events->size() == 1);
  CHECK(events->front().from == 6);
  CHECK(events->front().to == 4);
}

TEST_CASE("what an operator could add ends the autoscaler's wait after failures") {
  Operated operated;
  store::State state;
  state.failures = 7;
  state.last_failure = store::Stamp{operated.machine.clock.now().instant, operated.machine.clock.now().wall, ""};
  operated.records->save(state);
  CHECK(operated.scale(2).status);
  CHECK(operated.records->load().failures == 7);
  CHECK(operated.scale(3).status);
  CHECK(operated.records->load().failures == 0);
  CHECK_FALSE(operated.records->load().last_failure);
}

TEST_CASE("a deploy that could not make the missing ones makes them when it is called again") {
  Operated operated;
  REQUIRE(operated.op->carry_out(operated.stop_plan(), "stop").status);
  operated.machine.docker.answer({.method = "DELETE", .target = "/containers/shop-3?force=true"});
  operated.machine.http.fate = [&](int, const net::Request& request) {
    return request.path.find("/containers/create?name=shop-3") != std::string::npos ? fakes::Fate::failed
                                                                                    : fakes::Fate::arrives;
  };
  CHECK_FALSE(operated.deploy("checked:1").status);
  operated.machine.http.fate = nullptr;
  CHECK(operated.machine.containers() == Names{"shop-1 running", "shop-2 running"});
  REQUIRE(operated.deploy("checked:1").status);
  CHECK(operated.image_of("shop-3") == "checked:1");
  CHECK(operated.machine.targets() == k_three_targets);
  CHECK_FALSE(operated.records->load().pause.has_value());
}

TEST_CASE("a pause after a stop is still that of a stop, until it is over") {
  Operated operated;
  REQUIRE(operated.records->pause(60s));
  CHECK_FALSE(operated.situation().stopped);
  REQUIRE(operated.op->carry_out(operated.stop_plan(), "stop").status);
  REQUIRE(operated.records->pause(60s));
  CHECK(operated.situation().stopped);
  operated.machine.clock.forward(61s);
  CHECK_FALSE(operated.situation().stopped);
  REQUIRE(operated.records->pause(60s));
  CHECK_FALSE(operated.situation().stopped);
}

TEST_CASE("who scales after a stop has brought up what is wanted, and the autoscaler stays paused") {
  Operated operated;
  REQUIRE(operated.op->carry_out(operated.stop_plan(), "stop").status);
  REQUIRE(operated.op->carry_out(plan_scale(operated.settings.deployment, operated.situation(), 2), "scale").status);
  CHECK(operated.situation().paused);
  CHECK_FALSE(operated.situation().stopped);
}

TEST_CASE("a pause that is over is none") {
  Operated operated;
  REQUIRE(operated.records->pause(60s));
  CHECK(operated.situation().paused);
  operated.machine.clock.forward(61s);
  CHECK_FALSE(operated.situation().paused);
  REQUIRE(operated.records->pause(std::nullopt));
  operated.machine.clock.forward(24h);
  CHECK(operated.situation().paused);
}
