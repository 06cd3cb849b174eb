#include <algorithm>

#include <catch2/catch.hpp>

#include "libscale/fleet/recovery.hpp"
#include "libscale/fleet/remove.hpp"
#include "libscale/fleet/renew.hpp"
#include "tests/fakes/fake_machine.hpp"

using namespace kscale;
using namespace kscale::fleet;
using fakes::FakeMachine;
using sandbox::KongMode;
using Names = std::vector<std::string>;

namespace {

const Names k_all{"shop-1 running", "shop-2 running", "shop-3 running"};

docker::Container container(FakeMachine& machine, const std::string& name) {
  return machine.engine.inspect(name).value();
}

/// As a replacement of shop-2 leaves it that is killed when the old one has been set aside.
void set_second_aside(FakeMachine& machine) {
  const auto id = container(machine, "shop-2").id;
  REQUIRE(machine.engine.stop({id}, std::chrono::seconds(1)).front());
  REQUIRE(machine.engine.rename(id, "shop-2.kscale-old"));
}

/// A new shop-2, as kscale makes it.
std::string make_second(FakeMachine& machine) {
  const auto inspection = machine.engine.inspection("shop-1");
  REQUIRE(inspection);
  const auto blueprint = like_sibling(*inspection, 1, "shop:1", FakeMachine::deployment().identity(2), {});
  const auto made = machine.engine.create({blueprint.container}).front();
  REQUIRE(made);
  return *made;
}

Mended recovered(FakeMachine& machine, std::vector<int> restarting = {}) {
  auto world = machine.world();
  return recover(world, FakeMachine::deployment(), machine.engine.find("shop").value(), restarting);
}

}  // namespace

TEST_CASE("what was set aside comes back where nothing has taken its place") {
  FakeMachine machine;
  set_second_aside(machine);
  const auto mended = recovered(machine);
  CHECK(mended.done == Names{"brought shop-2 back, after a replacement that was cut short"});
  CHECK(mended.failed.empty());
  CHECK(machine.containers() == k_all);
}

TEST_CASE("what was set aside comes back where its successor never ran, and that one goes") {
  FakeMachine machine;
  const auto old = container(machine, "shop-2").id;
  set_second_aside(machine);
  make_second(machine);
  CHECK(recovered(machine).done == Names{"brought shop-2 back, after a replacement that was cut short"});
  CHECK(machine.containers() == k_all);
  CHECK(container(machine, "shop-2").id == old);
}

TEST_CASE("what was set aside goes when its successor can serve") {
  FakeMachine machine;
  set_second_aside(machine);
  const auto made = make_second(machine);
  REQUIRE(machine.engine.start({made}).front());
  CHECK(recovered(machine).done == Names{"removed shop-2.kscale-old, which was replaced"});
  CHECK(machine.containers() == k_all);
  CHECK(container(machine, "shop-2").id == made);
}

TEST_CASE("a successor gets its time to become ready, and is given up after that") {
  FakeMachine machine;
  machine.http.health_status = {{3021, 503}};
  set_second_aside(machine);
  REQUIRE(machine.engine.start({make_second(machine)}).front());
  CHECK(recovered(machine).done.empty());
  CHECK(machine.containers().size() == 4);
  machine.clock.forward(FakeMachine::deployment().ready_timeout + std::chrono::seconds(1));
  // While it is in rotation, one bad answer is no reason to end it.
  CHECK(recovered(machine).done.empty());
  CHECK(machine.containers().size() == 4);
  REQUIRE(machine.admin.remove_targets(FakeMachine::deployment().upstream, {"127.0.0.1:3021"}));
  CHECK(recovered(machine).done == Names{"brought shop-2 back, after a replacement that was cut short"});
  CHECK(machine.containers() == k_all);
}

TEST_CASE("a container of another's that has the name is left alone") {
  FakeMachine machine;
  set_second_aside(machine);
  machine.compose_up(2);
  const auto id = container(machine, "shop-2").id;
  REQUIRE(machine.engine.stop({id}, std::chrono::seconds(1)).front());
  CHECK(recovered(machine).done.empty());
  CHECK(machine.containers() == Names{"shop-1 running", "shop-2 exited", "shop-2.kscale-old exited", "shop-3 running"});
}

TEST_CASE("only what was stopped to be started again is started") {
  FakeMachine machine;
  for (const auto* const name : {"shop-2", "shop-3"}) {
    REQUIRE(machine.engine.stop({container(machine, name).id}, std::chrono::seconds(1)).front());
  }
  CHECK(recovered(machine, {1, 2, 7}).done == Names{"started shop-2, after a restart that was cut short"});
  CHECK(machine.running() == Names{"shop-1", "shop-2"});
}

TEST_CASE("what was stopped to be started again is waited for and serves, or is told") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    FakeMachine machine(mode);
    auto world = machine.world();
    const auto all = machine.engine.find("shop").value();
    const auto deployment = FakeMachine::deployment();
    const auto instances = instances_of(all, "shop");
    REQUIRE(stop_instances(world, deployment, instances, world.kong.targets(deployment.upstream).value()));
    REQUIRE(machine.targets().empty());
    machine.http.health_status = {{3022, 503}};
    const auto mended = recovered(machine, {1, 2, 3});
    CHECK(mended.done.size() == 3);
    REQUIRE(mended.failed.size() == 1);
    CHECK(mended.failed.front().what.starts_with("shop-3"));
    CHECK(machine.targets() == Names{"127.0.0.1:3020 100", "127.0.0.1:3021 100"});
    CHECK(machine.running() == Names{"shop-1", "shop-2", "shop-3"});
  }
}

TEST_CASE("a replacement cut short anywhere is taken up by the next look") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    for (int last = 0; last < 30; ++last) {
      CAPTURE(mode == KongMode::dbless, last);
      FakeMachine machine(mode);
      const auto second = Instance{2, container(machine, "shop-2")};
      machine.http.sent = 0;
      machine.http.fate = [last](int index, const net::Request&) {
        return index <= last ? fakes::Fate::arrives : fakes::Fate::lost;
      };
      auto world = machine.world();
      static_cast<void>(replace_instance(world, FakeMachine::deployment(), second, "checked:1", Meanwhile::others));
      machine.http.fate = nullptr;
      CHECK(recovered(machine, {2}).failed.empty());
      CHECK(machine.containers() == k_all);
    }
  }
}
