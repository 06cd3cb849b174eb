#include <algorithm>

#include <catch2/catch.hpp>

#include "libscale/fleet/renew.hpp"
#include "tests/fakes/fake_machine.hpp"

using namespace kscale;
using namespace kscale::fleet;
using fakes::FakeMachine;
using sandbox::KongMode;
using Names = std::vector<std::string>;

namespace {

Instance instance(FakeMachine& machine, int number) {
  const auto all = instances_of(*machine.engine.find("shop"), "shop");
  return *std::ranges::find(all, number, &Instance::number);
}

Status restart(FakeMachine& machine, int number) {
  auto world = machine.world();
  return restart_instance(world, FakeMachine::deployment(), instance(machine, number));
}

Status replace(FakeMachine& machine, int number, const std::string& image, Meanwhile meanwhile = Meanwhile::others) {
  auto world = machine.world();
  return replace_instance(world, FakeMachine::deployment(), instance(machine, number), image, meanwhile);
}

/// A deployment whose only instance ends as soon as it is started, again and again.
void let_only_instance_fail(FakeMachine& machine) {
  machine.compose_up(1, "broken:1");
  machine.add_target(1);
  machine.http.changes.clear();
}

const Names k_three{"127.0.0.1:3020 100", "127.0.0.1:3021 100", "127.0.0.1:3022 100"};

/// All as it was: three instances of shop:1 that serve, and nothing besides.
void check_untouched(FakeMachine& machine) {
  CHECK(machine.containers() == Names{"shop-1 running", "shop-2 running", "shop-3 running"});
  CHECK(machine.targets() == k_three);
  CHECK(instance(machine, 2).container.image == "shop:1");
}

}  // namespace

TEST_CASE("a restart leads the requests away first, and back when the instance is ready") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    FakeMachine machine(mode);
    const auto before = instance(machine, 2).container;
    CHECK(restart(machine, 2));
    check_untouched(machine);
    const auto after = instance(machine, 2).container;
    CHECK(after.id == before.id);
    CHECK(after.started_at > before.started_at);
    if (mode == KongMode::database) {
      const auto& changes = machine.http.changes;
      REQUIRE(changes.size() == 6);
      CHECK(changes[0] == "PATCH /upstreams/shop/targets/127.0.0.1:3021");
      CHECK(changes[1] == "DELETE /upstreams/shop/targets/127.0.0.1:3021");
      CHECK(changes[2].ends_with("/stop"));
      CHECK(changes[3].ends_with("/start"));
      CHECK(changes[4] == "POST /upstreams/shop/targets");
      CHECK(changes[5] == "PATCH /upstreams/shop/targets/127.0.0.1:3021");
    }
  }
}

TEST_CASE("the only instance that serves is not restarted, as nobody would serve meanwhile") {
  FakeMachine machine(KongMode::database, 1);
  CHECK(restart(machine, 1).error().code == Errc::refused);
  CHECK(machine.http.changes.empty());
}

TEST_CASE("an instance that is not ready after its restart gets no requests, and that is said") {
  FakeMachine machine;
  machine.http.health_status = {{3021, 503}};
  CHECK(restart(machine, 2).error().what == "shop-2 was not ready in 60s: http://127.0.0.1:3021/health answered 503");
  CHECK(machine.running().size() == 3);
  CHECK(machine.targets() == Names{"127.0.0.1:3020 100", "127.0.0.1:3022 100"});
}

TEST_CASE("a replacement has the new image, and all else as it was") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    FakeMachine machine(mode);
    CHECK(replace(machine, 2, "checked:1"));
    CHECK(machine.containers() == Names{"shop-1 running", "shop-2 running", "shop-3 running"});
    CHECK(machine.targets() == k_three);
    const auto inspection = machine.engine.inspection(instance(machine, 2).container.id);
    REQUIRE(inspection);
    CHECK((*inspection)["Config"]["Image"].text_or("") == "checked:1");
    const auto& env = (*inspection)["Config"]["Env"].items();
    CHECK(std::ranges::find(env, json::Value("INSTANCE_ID=shop-2")) != env.end());
    CHECK((*inspection)["Config"]["Labels"]["com.docker.compose.service"].text_or("") == "shop-2");
  }
}

TEST_CASE("the only instance that serves is not replaced, as nobody would serve meanwhile") {
  FakeMachine machine(KongMode::database, 1);
  CHECK(replace(machine, 1, "checked:1").error().code == Errc::refused);
  CHECK(machine.http.changes.empty());
}

TEST_CASE("one that fails again and again is replaced without a drain, and without others") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    FakeMachine machine(mode, 0);
    let_only_instance_fail(machine);
    REQUIRE(machine.containers() == Names{"shop-1 restarting"});
    CHECK(replace(machine, 1, "checked:1", Meanwhile::nobody));
    CHECK(machine.containers() == Names{"shop-1 running"});
    CHECK(instance(machine, 1).container.image == "checked:1");
    CHECK(machine.targets() == Names{"127.0.0.1:3020 100"});
    CHECK(std::ranges::find(machine.steps, "drain 127.0.0.1:3020") == machine.steps.end());
    CHECK(std::ranges::find(machine.http.changes, "DELETE /upstreams/shop/targets/127.0.0.1:3020") ==
          machine.http.changes.end());
  }
}

TEST_CASE("one that fails again and again does so on, where the new image does not become ready") {
  FakeMachine machine(KongMode::database, 0);
  let_only_instance_fail(machine);
  machine.behaviour->health = "unhealthy";
  CHECK(replace(machine, 1, "checked:1", Meanwhile::nobody).error().what ==
        "shop-1 was not ready in 60s: its HEALTHCHECK says unhealthy; the old shop-1 is started again");
  CHECK(machine.containers() == Names{"shop-1 restarting"});
  CHECK(machine.targets() == Names{"127.0.0.1:3020 100"});
  CHECK(instance(machine, 1).container.image == "broken:1");
}

TEST_CASE("one that stood stopped does so on, where the new image does not become ready") {
  FakeMachine machine(KongMode::database, 1);
  REQUIRE(machine.engine.stop({instance(machine, 1).container.id}, std::chrono::seconds(1)).front());
  const auto outcome = replace(machine, 1, "broken:1", Meanwhile::nobody);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().what.ends_with("; the old shop-1 stands stopped as before"));
  CHECK(machine.containers() == Names{"shop-1 exited"});
  CHECK(machine.targets() == Names{"127.0.0.1:3020 100"});
  CHECK(instance(machine, 1).container.image == "shop:1");
  CHECK(replace(machine, 1, "checked:1", Meanwhile::nobody));
  CHECK(machine.targets() == Names{"127.0.0.1:3020 100"});
}

TEST_CASE("one that runs after all is drained, also where nobody takes its requests") {
  FakeMachine machine(KongMode::database, 1);
  CHECK(replace(machine, 1, "checked:1", Meanwhile::nobody));
  CHECK(machine.http.changes.front() == "PATCH /upstreams/shop/targets/127.0.0.1:3020");
  CHECK(machine.targets() == Names{"127.0.0.1:3020 100"});
  CHECK(replace(machine, 1, "broken:1", Meanwhile::nobody).error().what.ends_with("; the old shop-1 serves again"));
  CHECK(machine.targets() == Names{"127.0.0.1:3020 100"});
}

TEST_CASE("a new image that is never ready leaves the old one serving") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    FakeMachine machine(mode);
    machine.behaviour->health = "unhealthy";
    CHECK(replace(machine, 2, "checked:1").error().what ==
          "shop-2 was not ready in 60s: its HEALTHCHECK says unhealthy; the old shop-2 serves again");
    check_untouched(machine);
  }
}

TEST_CASE("a new image that ends at once leaves the old one serving") {
  FakeMachine machine;
  const auto outcome = replace(machine, 2, "broken:1");
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().what.ends_with("; the old shop-2 serves again"));
  check_untouched(machine);
}

TEST_CASE("an image that is not there changes nothing for long") {
  FakeMachine machine;
  CHECK_FALSE(replace(machine, 2, "missing:1"));
  check_untouched(machine);
}

TEST_CASE("the old one gets its name back also where the answer to taking it did not come") {
  FakeMachine machine;
  machine.http.fate = [](int, const net::Request& request) {
    const bool sets_aside = request.path.find("/rename?name=shop-2.kscale-old") != std::string::npos;
    return sets_aside ? fakes::Fate::answer_lost : fakes::Fate::arrives;
  };
  CHECK(replace(machine, 2, "checked:1").error().what.ends_with("; the old shop-2 serves again"));
  check_untouched(machine);
}

TEST_CASE("a new one is taken back also where the answer to making it did not come") {
  FakeMachine machine;
  machine.http.fate = [](int, const net::Request& request) {
    return request.path.find("/containers/create") != std::string::npos ? fakes::Fate::answer_lost
                                                                        : fakes::Fate::arrives;
  };
  CHECK(replace(machine, 2, "checked:1").error().what.ends_with("; the old shop-2 serves again"));
  check_untouched(machine);
}

TEST_CASE("a new one stays where requests may come to it") {
  FakeMachine machine;
  bool added = false;
  machine.http.fate = [&](int, const net::Request& request) {
    const bool to_kong = request.to.base_url == "http://kong:8001";
    const bool fails = to_kong && added;
    added = added || (to_kong && request.method == net::Method::post);
    return fails ? fakes::Fate::lost : fakes::Fate::arrives;
  };
  const auto replaced = replace(machine, 2, "checked:1");
  REQUIRE_FALSE(replaced);
  CHECK(replaced.error().what.ends_with("; the new shop-2 was left as it is"));
  CHECK(machine.running() == Names{"shop-1", "shop-2", "shop-3"});
}

TEST_CASE("whichever request of a replacement fails, two instances serve, and none is half-made") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    for (const auto fate : {fakes::Fate::lost, fakes::Fate::answer_lost, fakes::Fate::failed}) {
      for (int failing = 0; failing < 30; ++failing) {
        CAPTURE(mode == KongMode::dbless, static_cast<int>(fate), failing);
        FakeMachine machine(mode);
        const auto second = instance(machine, 2);
        machine.http.sent = 0;
        machine.http.fate = [&](int index, const net::Request&) {
          return index == failing ? fate : fakes::Fate::arrives;
        };
        auto world = machine.world();
        const auto replaced =
            replace_instance(world, FakeMachine::deployment(), second, "checked:1", Meanwhile::others);
        machine.http.fate = nullptr;
        const auto targets = machine.targets();
        const auto running = machine.running();
        CHECK(std::ranges::count_if(targets, [](const auto& t) { return t.ends_with(" 100"); }) >= 2);
        CHECK(running.size() >= 2);
        CHECK(targets.size() <= running.size());
        if (replaced) {
          // An old container that could not be removed goes with the next replacement.
          CHECK(replace(machine, 2, "shop:1"));
          CHECK(machine.containers() == Names{"shop-1 running", "shop-2 running", "shop-3 running"});
        } else {
          CHECK_FALSE(replaced.error().what.empty());
        }
      }
    }
  }
}
