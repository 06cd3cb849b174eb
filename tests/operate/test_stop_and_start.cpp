#include <filesystem>
#include <string_view>
#include <utility>

#include <catch2/catch.hpp>

#include "tests/operate/operated.hpp"

using namespace kscale;
using namespace kscale::operate;
using namespace std::chrono_literals;
using sandbox::KongMode;
using Kind = Step::Kind;
using Names = std::vector<std::string>;

TEST_CASE("stop and start take all out and bring all back, and the autoscaler is paused between") {
  Operated operated;
  const auto stop = plan_stop(operated.settings.deployment, operated.situation(), false);
  CHECK(operated.op->carry_out(stop, "stop").status);
  CHECK(operated.machine.running().empty());
  CHECK(operated.machine.targets().empty());
  CHECK(operated.records->load().pause.has_value());
  const auto start = plan_start(operated.settings.deployment, operated.situation(), {.instances = 3});
  CHECK(operated.op->carry_out(start, "start").status);
  CHECK(operated.machine.running() == Names{"shop-1", "shop-2", "shop-3"});
  CHECK(operated.machine.targets() == k_three_targets);
  CHECK_FALSE(operated.records->load().pause.has_value());
}

TEST_CASE("where Compose fails, the autoscaler is paused all the same") {
  Operated operated;
  auto situation = operated.situation();
  situation.services = {{.name = "kong"}};
  const auto& deployment = operated.settings.deployment;
  for (const auto& plan : {plan_stop(deployment, situation, true), plan_cleanup(situation, false)}) {
    CAPTURE(plan.action);
    REQUIRE(operated.records->resume());
    CHECK_FALSE(operated.op->carry_out(plan, plan.action).status);
    CHECK(operated.machine.running().empty());
    CHECK(operated.records->load().pause.has_value());
  }
}

TEST_CASE("a cleanup removes what is of this deployment, and nothing else") {
  Operated operated;
  operated.machine.docker.answer({.method = "POST",
                                  .target = "/containers/create?name=stranger",
                                  .headers = {{"Content-Type", "application/json"}},
                                  .body = R"({"Image":"shop:1"})"});
  // What a replacement could not remove.
  operated.machine.docker.answer({.method = "POST",
                                  .target = "/containers/create?name=shop-2.kscale-old",
                                  .headers = {{"Content-Type", "application/json"}},
                                  .body = R"({"Image":"shop:1"})"});
  const auto plan = plan_cleanup(operated.situation(), true);
  CHECK(operated.op->carry_out(plan, "cleanup").status);
  CHECK(operated.machine.containers() == Names{"stranger created"});
  CHECK(operated.machine.targets().empty());
}

TEST_CASE(
    "with Kong away, a cleanup removes the containers and says that targets stay, and the next one deletes them") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    Operated operated(mode);
    operated.take_kong_away(1000);
    CHECK(operated.op->carry_out(operated.cleanup_plan(), "cleanup").status);
    CHECK(operated.machine.containers().empty());
    CHECK(operated.has_told_that_targets_stay());
    CHECK(operated.machine.targets() == k_three_targets);
    operated.take_kong_away(0);
    CHECK(operated.op->carry_out(operated.cleanup_plan(), "cleanup").status);
    CHECK(operated.machine.targets().empty());
  }
}

TEST_CASE("with Kong away, a stop stops the containers and says that targets stay, and the next one deletes them") {
  Operated operated;
  operated.take_kong_away(1000);
  CHECK(operated.op->carry_out(operated.stop_plan(), "stop").status);
  CHECK(operated.machine.running().empty());
  CHECK(operated.has_told_that_targets_stay());
  operated.take_kong_away(0);
  CHECK(operated.op->carry_out(operated.stop_plan(), "stop").status);
  CHECK(operated.machine.targets().empty());
  CHECK(operated.machine.containers().size() == 3);
}

TEST_CASE("one answer of Kong that does not come is no reason to leave its targets") {
  Operated operated;
  operated.take_kong_away(1);
  CHECK(operated.op->carry_out(operated.stop_plan(), "stop").status);
  CHECK(operated.machine.targets().empty());
  CHECK_FALSE(operated.has_told_that_targets_stay());
}

TEST_CASE("when Kong goes away after the plan was made, nothing is stopped nor removed") {
  Operated operated;
  const auto situation = operated.situation();
  const auto& deployment = operated.settings.deployment;
  for (const auto& plan : {plan_stop(deployment, situation, false), plan_cleanup(situation, false),
                           plan_restart(deployment, situation, {.at_once = true})}) {
    operated.take_kong_away(1000);
    CHECK(operated.op->carry_out(plan, plan.action).status.error().code == Errc::unreachable);
    operated.take_kong_away(0);
    CHECK(operated.machine.running() == Names{"shop-1", "shop-2", "shop-3"});
    CHECK(operated.machine.targets() == k_three_targets);
  }
}

TEST_CASE("a restart all at once that fails half-way starts all again") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    for (const auto* const failing : {"/stop?t=", "/start"}) {
      CAPTURE(failing);
      Operated operated(mode);
      const auto second = operated.machine.engine.inspect("shop-2")->id;
      const auto plan = plan_restart(operated.settings.deployment, operated.situation(), {.at_once = true});
      operated.machine.http.fate = [&, once = true](int, const net::Request& request) mutable {
        const bool fails = request.path.find(second + failing) != std::string::npos && std::exchange(once, false);
        return fails ? fakes::Fate::failed : fakes::Fate::arrives;
      };
      const auto report = operated.op->carry_out(plan, "restart");
      CHECK_FALSE(report.status);
      const bool comes_back = std::string_view(failing) != "/start";
      CHECK(report.status.error().what.ends_with("; all were started again") == comes_back);
      CHECK(operated.machine.running().size() == (comes_back ? 3 : 2));
      CHECK(operated.machine.targets().size() == (comes_back ? 3 : 2));
      operated.op->recover();
      CHECK(operated.machine.targets() == k_three_targets);
    }
  }
}

TEST_CASE("a restart all at once that is interrupted stops nobody, or starts all again") {
  bool came_to_it = true;
  int at = 0;
  for (; came_to_it; ++at) {
    CAPTURE(at);
    Operated operated;
    auto& machine = operated.machine;
    const auto plan = plan_restart(operated.settings.deployment, operated.situation(), {.at_once = true});
    machine.http.sent = 0;
    machine.http.fate = [&](int index, const net::Request&) {
      machine.http.interrupted = index >= at;
      return fakes::Fate::arrives;
    };
    static_cast<void>(operated.op->carry_out(plan, "restart"));
    came_to_it = machine.http.sent > at;
    CHECK(machine.running() == Names{"shop-1", "shop-2", "shop-3"});
    machine.http.fate = nullptr;
    machine.http.interrupted = false;
    CHECK(operated.scale(3).status);
    CHECK(machine.targets() == k_three_targets);
  }
  CHECK(at > 30);
}

TEST_CASE("a pause that cannot be written is no pause") {
  Operated operated;
  const auto file = operated.dir / "state" / "shop.state";
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  CHECK_FALSE(operated.records->pause(std::nullopt));
  CHECK_FALSE(operated.records->resume());
  const auto report = operated.op->carry_out({.action = "stop", .steps = {{.kind = Kind::pause}}}, "stop");
  CHECK_FALSE(report.status);
}

TEST_CASE("a Kong that refuses to be asked is not away") {
  Operated operated;
  operated.machine.http.fate = [](int, const net::Request& request) {
    return request.to.base_url == "http://kong:8001" ? fakes::Fate::failed : fakes::Fate::arrives;
  };
  CHECK_FALSE(operated.op->observe(Operator::Kong::may_be_absent));
  CHECK(operated.op->observe(Operator::Kong::is_to_start));
}
