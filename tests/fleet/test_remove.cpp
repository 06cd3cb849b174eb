#include <algorithm>

#include <catch2/catch.hpp>

#include "libscale/fleet/remove.hpp"
#include "tests/fakes/fake_machine.hpp"

using namespace kscale;
using namespace kscale::fleet;
using namespace std::chrono_literals;
using fakes::FakeMachine;
using sandbox::KongMode;
using Names = std::vector<std::string>;

namespace {

/// The first failure among the outcomes.
Status first_failure(const std::vector<Removed>& removed) {
  const auto failed = std::ranges::find_if(removed, [](const Removed& r) { return !r.outcome; });
  return failed != removed.end() ? failed->outcome : Status{};
}

Status remove(FakeMachine& machine, const std::vector<int>& numbers, int staying = 1) {
  std::vector<Instance> leaving;
  for (const auto& instance : instances_of(*machine.engine.find("shop"), "shop")) {
    if (std::ranges::find(numbers, instance.number) != numbers.end()) {
      leaving.push_back(instance);
    }
  }
  auto world = machine.world();
  return first_failure(
      remove_instances(world, FakeMachine::deployment(), leaving, *machine.admin.targets("shop"), staying));
}

}  // namespace

TEST_CASE("removing drains first, and stops an instance only when no request can reach it") {
  FakeMachine machine(KongMode::database, 4);
  const auto before = machine.clock.now().instant;
  CHECK(remove(machine, {4}));
  CHECK(machine.running() == Names{"shop-1", "shop-2", "shop-3"});
  CHECK(machine.containers().size() == 3);
  CHECK(machine.targets() == Names{"127.0.0.1:3020 100", "127.0.0.1:3021 100", "127.0.0.1:3022 100"});
  REQUIRE(machine.http.changes.size() == 4);
  CHECK(machine.http.changes[0] == "PATCH /upstreams/shop/targets/127.0.0.1:3023");
  CHECK(machine.http.changes[1] == "DELETE /upstreams/shop/targets/127.0.0.1:3023");
  CHECK(machine.http.changes[2].ends_with("/stop"));
  CHECK(machine.http.changes[3].starts_with("DELETE /v1.41/containers/"));
  CHECK(machine.clock.now().instant - before >= 30s);  // the drain time-out
}

TEST_CASE("without a database the weight goes to 0 and the target away through the configuration") {
  FakeMachine machine(KongMode::dbless, 5);
  const auto before = machine.configuration_without_targets();
  CHECK(remove(machine, {4, 5}));
  CHECK(machine.targets().size() == 3);
  CHECK(machine.configuration_without_targets() == before);
  CHECK(machine.http.changes[0] == "POST /config");
  CHECK(machine.http.changes[1] == "POST /config");
}

TEST_CASE("the last target in rotation is never taken out") {
  FakeMachine machine(KongMode::database, 2);
  CHECK(remove(machine, {1, 2}).error().what ==
        "no other target of 'shop' serves, so nothing is taken out of rotation");
  CHECK(machine.running().size() == 2);
  CHECK(machine.http.changes.empty());
}

TEST_CASE("an instance whose target has weight 0 already goes without a drain") {
  FakeMachine machine(KongMode::database, 4);
  REQUIRE(machine.admin.change_targets("shop", {{kong::TargetChange::Kind::weigh, "127.0.0.1:3023", 0}}));
  const auto before = machine.clock.now().instant;
  CHECK(remove(machine, {4}));
  CHECK(machine.targets().size() == 3);
  CHECK(machine.clock.now().instant - before < 30s);
}

TEST_CASE("the last target that Kong finds healthy is never taken out") {
  FakeMachine machine(KongMode::database, 2);
  // As health checks would have it: a target that cannot be resolved serves nobody.
  machine.kong_resolves_names = false;
  machine.docker.answer({.method = "DELETE", .target = "/containers/shop-1?force=true"});
  REQUIRE(machine.admin.change_targets("shop", {{kong::TargetChange::Kind::remove, "127.0.0.1:3020", 0},
                                                {kong::TargetChange::Kind::add, "elsewhere:80", 100}}));
  CHECK(remove(machine, {2}).error().what == "no other target of 'shop' serves, so nothing is taken out of rotation");
  CHECK(machine.running() == Names{"shop-2"});
}

TEST_CASE("nothing is taken away where one that was to stay does not run any more after the drain") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    FakeMachine machine(mode, 3);
    bool is_gone = false;
    machine.http.fate = [&](int, const net::Request& request) {
      if (request.to.base_url == "http://kong:8001" && request.method != net::Method::get && !is_gone) {
        is_gone = true;
        machine.docker.answer({.method = "DELETE", .target = "/containers/shop-1?force=true"});
      }
      return fakes::Fate::arrives;
    };
    CHECK(remove(machine, {3}, 2).error() ==
          Error{Errc::refused,
                "only 1 of the 2 instances that were to stay run after the drain, so nothing is taken away"});
    CHECK(machine.running() == Names{"shop-2", "shop-3"});
    CHECK(machine.targets().back() == "127.0.0.1:3022 100");
  }
}

TEST_CASE("being told to stop while draining puts the instance back into rotation") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    FakeMachine machine(mode, 4);
    machine.clock.interrupt_after(0);
    CHECK(remove(machine, {4}).error().code == Errc::interrupted);
    CHECK(machine.running().size() == 4);
    CHECK(machine.targets().back() == "127.0.0.1:3023 100");
  }
}

TEST_CASE("whichever request of a scale-down fails, no container in rotation is removed") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    for (const auto fate : {fakes::Fate::lost, fakes::Fate::answer_lost, fakes::Fate::failed}) {
      for (int failing = 0; failing < 12; ++failing) {
        CAPTURE(mode == KongMode::dbless, static_cast<int>(fate), failing);
        FakeMachine machine(mode, 5);
        const auto instances = instances_of(*machine.engine.find("shop"), "shop");
        const auto targets = *machine.admin.targets("shop");
        machine.http.sent = 0;
        machine.http.fate = [&](int index, const net::Request&) {
          return index == failing ? fate : fakes::Fate::arrives;
        };
        auto world = machine.world();
        const auto removed =
            first_failure(remove_instances(world, FakeMachine::deployment(), {instances[3], instances[4]}, targets, 3));
        machine.http.fate = nullptr;
        const auto running = machine.running();
        CHECK(running.size() >= 3);
        CHECK(machine.targets().size() <= running.size());
        CHECK(std::ranges::none_of(machine.targets(), [](const auto& t) { return t.ends_with(" 0"); }));
        if (removed) {
          CHECK(machine.targets().size() == 3);
        } else {
          CHECK_FALSE(removed.error().what.empty());
        }
      }
    }
  }
}
