#include <algorithm>

#include <catch2/catch.hpp>

#include "libscale/fleet/drift.hpp"
#include "tests/fakes/fake_machine.hpp"

using namespace kscale;
using namespace kscale::fleet;
using fakes::FakeMachine;
using Names = std::vector<std::string>;

namespace {

Drift drift(FakeMachine& machine, const std::vector<int>& restarting = {}) {
  return drift_of(instances_of(*machine.engine.find("shop"), "shop"), *machine.admin.targets("shop"),
                  FakeMachine::deployment(), restarting);
}

Names mended(FakeMachine& machine) {
  auto world = machine.world();
  const auto mended = mend(world, FakeMachine::deployment(), drift(machine));
  CHECK(mended.failed.empty());
  return mended.done;
}

}  // namespace

TEST_CASE("containers and targets that agree are left alone") {
  FakeMachine machine;
  CHECK(drift(machine).is_none());
  CHECK(mended(machine).empty());
  CHECK(machine.http.changes.empty());
}

TEST_CASE("an instance without target gets one when it can serve") {
  FakeMachine machine;
  machine.compose_up(4);
  machine.http.health_status = {{3023, 503}};
  auto world = machine.world();
  const auto not_yet = mend(world, FakeMachine::deployment(), drift(machine));
  CHECK(not_yet.done.empty());
  CHECK(not_yet.failed.empty());
  CHECK(not_yet.waiting == Names{"shop-4 gets no target yet: http://127.0.0.1:3023/health answered 503"});
  CHECK(described(drift(machine), FakeMachine::deployment()) ==
        Names{"shop-4 runs, but Kong has no target 127.0.0.1:3023"});
  machine.http.health_status.clear();
  CHECK(mended(machine) == Names{"added target 127.0.0.1:3023 of shop-4"});
  CHECK(drift(machine).is_none());
}

TEST_CASE("a target whose instance is gone is removed, a stranger's is not") {
  FakeMachine machine(sandbox::KongMode::dbless);
  machine.docker.answer({.method = "DELETE", .target = "/containers/shop-3?force=true"});
  CHECK(mended(machine) == Names{"removed target 127.0.0.1:3022: no instance runs there"});
  CHECK(machine.targets() == Names{"127.0.0.1:3020 100", "127.0.0.1:3021 100"});
}

TEST_CASE("when no other target serves, even stale ones stay: it may be the wrong engine") {
  FakeMachine machine;
  for (const auto* const name : {"shop-1", "shop-2", "shop-3"}) {
    machine.docker.answer({.method = "DELETE", .target = fmt::format("/containers/{}?force=true", name)});
  }
  CHECK(mended(machine).empty());
  CHECK(machine.targets().size() == 3);
  CHECK(drift(machine).last_ones.size() == 3);
}

TEST_CASE("an instance that is paused or restarting keeps its target") {
  FakeMachine machine;
  machine.docker.answer({.method = "POST", .target = "/containers/shop-3/pause"});
  CHECK(drift(machine).is_none());
}

TEST_CASE("an instance that cannot be addressed gets no requests, and keeps no target that leads nowhere") {
  FakeMachine machine;
  machine.docker.answer({.method = "DELETE", .target = "/containers/shop-3?force=true"});
  machine.docker.answer({.method = "POST",
                         .target = "/containers/create?name=shop-3",
                         .headers = {{"Content-Type", "application/json"}},
                         .body = R"({"Image":"shop:1"})"});
  machine.docker.answer({.method = "POST", .target = "/containers/shop-3/start"});
  const auto found = drift(machine);
  REQUIRE(found.without_target.size() == 1);
  CHECK(found.without_target[0].container.name == "shop-3");
  CHECK(found.without_serving == Names{"127.0.0.1:3022"});
  auto world = machine.world();
  const auto mended = mend(world, FakeMachine::deployment(), found);
  CHECK(mended.done == Names{"removed target 127.0.0.1:3022: no instance runs there"});
  CHECK(mended.failed.empty());
  REQUIRE(mended.waiting.size() == 1);
  CHECK(mended.waiting[0].starts_with("shop-3 has no address for Kong: "));
}

TEST_CASE("a target stays while an instance restarts that may have its address, and that is told") {
  const Instance serving{
      .number = 1,
      .container = {.name = "shop-1", .state = docker::State::running, .ports = {{3020, "127.0.0.1", 3020}}}};
  const Instance restarting{.number = 2, .container = {.name = "shop-2", .state = docker::State::restarting}};
  const auto found =
      drift_of({serving, restarting},
               {{.address = "127.0.0.1:3020", .weight = 100}, {.address = "127.0.0.1:3021", .weight = 100}},
               FakeMachine::deployment(), {});
  CHECK(found.is_none());
  CHECK(described(found, FakeMachine::deployment()) ==
        Names{"Kong has a target 127.0.0.1:3021, but no instance runs there; it stays while one restarts whose address "
              "is not known"});
}

TEST_CASE("an address that changed after a restart is a target that is missing and one too many") {
  auto deployment = FakeMachine::deployment();
  deployment.addressing = Addressing::ip;
  const auto at = [](int number, const std::string& ip) {
    return Instance{
        .number = number,
        .container = {
            .name = fmt::format("shop-{}", number), .state = docker::State::running, .networks = {{"shop_net", ip}}}};
  };
  const auto found = drift_of({at(1, "172.18.0.2"), at(2, "172.18.0.9")},
                              {{.address = "172.18.0.2:3020", .weight = 100, .tags = {"kscale.shop"}},
                               {.address = "172.18.0.3:3020", .weight = 100, .tags = {"kscale.shop"}}},
                              deployment, {});
  REQUIRE(found.without_target.size() == 1);
  CHECK(found.without_target[0].number == 2);
  CHECK(found.without_serving == Names{"172.18.0.3:3020"});
}

TEST_CASE("one that was left out comes back into rotation only where Kong knows its address") {
  FakeMachine machine;
  auto deployment = FakeMachine::deployment();
  deployment.addressing = Addressing::name;
  machine.kong_dns_cache["shop-3"] = "172.18.0.99";
  REQUIRE(machine.admin.change_targets("shop", {{kong::TargetChange::Kind::add, "shop-3:3020", 0, "kscale.shop"},
                                                {kong::TargetChange::Kind::add, "shop-2:3020", 0, "kscale.shop"}}));
  auto world = machine.world();
  const auto found =
      drift_of(instances_of(*machine.engine.find("shop"), "shop"), *machine.admin.targets("shop"), deployment, {});
  CHECK_FALSE(all_serve(found, {3}));
  const auto restored = put_back(world, deployment, found, {});
  CHECK(restored.done == Names{"gave target shop-2:3020 its weight back, after an action that was cut short"});
  REQUIRE(restored.failed.size() == 1);
  CHECK(restored.failed[0].what.find("the address of an earlier container") != std::string::npos);
  const auto targets = machine.targets();
  CHECK(std::ranges::count(targets, "shop-2:3020 100") == 1);
  CHECK(std::ranges::none_of(targets, [](const auto& t) { return t.starts_with("shop-3"); }));
}

TEST_CASE("a weight of 0 that somebody set is told and left alone") {
  FakeMachine machine;
  REQUIRE(machine.admin.change_targets("shop", {{kong::TargetChange::Kind::weigh, "127.0.0.1:3022", 0}}));
  CHECK(drift(machine).is_none());
  CHECK(described(drift(machine), FakeMachine::deployment()) == Names{"target 127.0.0.1:3022 of shop-3 has weight 0"});
}

TEST_CASE("what cannot be mended is told, and the rest is mended all the same") {
  FakeMachine machine;
  machine.compose_up(4);
  fleet::Drift drift = ::drift(machine);
  fleet::Instance leftover{.number = 5, .container = {.id = "5", .name = "shop-5", .state = docker::State::dead}};
  drift.leftovers = {leftover};
  machine.http.fate = [](int, const net::Request& request) {
    return request.path.find("/containers/5") != std::string::npos ? fakes::Fate::failed : fakes::Fate::arrives;
  };
  auto world = machine.world();
  const auto mended = mend(world, FakeMachine::deployment(), drift);
  CHECK(mended.done == Names{"added target 127.0.0.1:3023 of shop-4"});
  REQUIRE(mended.failed.size() == 1);
  CHECK(mended.failed[0].what.starts_with("remove shop-5: "));
}

TEST_CASE("a target that another deployment added to the same upstream is not ours to remove") {
  FakeMachine machine;
  const auto kind = kong::TargetChange::Kind::add;
  REQUIRE(machine.admin.change_targets(
      "shop", {{kind, "10.0.0.7:80", 100, "kscale.shop-canary"}, {kind, "10.0.0.8:80", 100, "kscale.shop"}}));
  CHECK(mended(machine) == Names{"removed target 10.0.0.8:80: no instance runs there"});
}

TEST_CASE("a target without a tag is ours when an instance would be addressed so") {
  FakeMachine machine;
  const auto kind = kong::TargetChange::Kind::add;
  REQUIRE(machine.admin.change_targets("shop", {{kind, "127.0.0.1:3027", 100, "by-hand"},
                                                {kind, "shop-9:3020", 100, "by-hand"},
                                                {kind, "127.0.0.1:80", 100, "by-hand"},
                                                {kind, "127.0.0.1:3028", 100, "kscale.shop-canary"}}));
  auto lines = mended(machine);
  std::ranges::sort(lines);
  CHECK(lines == Names{"removed target 127.0.0.1:3027: no instance runs there",
                       "removed target shop-9:3020: no instance runs there"});
}
