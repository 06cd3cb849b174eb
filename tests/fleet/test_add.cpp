#include <algorithm>

#include <catch2/catch.hpp>

#include "libscale/fleet/add.hpp"
#include "tests/fakes/fake_machine.hpp"

using namespace kscale;
using namespace kscale::fleet;
using fakes::FakeMachine;
using sandbox::KongMode;
using Names = std::vector<std::string>;

namespace {

std::vector<Instance> present(FakeMachine& machine) {
  return instances_of(*machine.engine.find("shop"), "shop");
}

std::vector<Added> add(FakeMachine& machine, int count, const Deployment& deployment = FakeMachine::deployment()) {
  auto world = machine.world();
  return add_instances(world, deployment, present(machine), count);
}

}  // namespace

TEST_CASE("adding makes an instance ready before its target is in Kong") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    FakeMachine machine(mode);
    const auto added = add(machine, 1);
    REQUIRE(added.size() == 1);
    CHECK(added[0].outcome);
    CHECK(added[0].name == "shop-4");
    CHECK(machine.running() == Names{"shop-1", "shop-2", "shop-3", "shop-4"});
    CHECK(machine.targets() ==
          Names{"127.0.0.1:3020 100", "127.0.0.1:3021 100", "127.0.0.1:3022 100", "127.0.0.1:3023 100"});
    // Made with weight 0, seen by the balancer, and only then given its weight.
    REQUIRE(machine.http.changes.size() == 4);
    CHECK(machine.http.changes[2] == (mode == KongMode::database ? "POST /upstreams/shop/targets" : "POST /config"));
    CHECK(machine.http.changes[3] ==
          (mode == KongMode::database ? "PATCH /upstreams/shop/targets/127.0.0.1:3023" : "POST /config"));
  }
}

TEST_CASE("several instances are added side by side") {
  FakeMachine machine;
  const auto before = machine.clock.now().instant;
  machine.http.health_status = {{3023, 0}, {3024, 0}, {3025, 0}};
  int probes = 0;
  machine.http.fate = [&](int, const net::Request& request) {
    // Ready at the fourth look.
    if (request.path.find("/json?all") != std::string::npos && ++probes == 4) {
      machine.http.health_status.clear();
    }
    return fakes::Fate::arrives;
  };
  CHECK(std::ranges::all_of(add(machine, 3), [](const Added& a) { return a.outcome.has_value(); }));
  CHECK(machine.running().size() == 6);
  // Three looks apart by a quarter of a second each, and the propagation wait: one after the other it were three times.
  CHECK(machine.clock.now().instant - before < std::chrono::seconds(2));
}

TEST_CASE("the lowest free number is taken") {
  FakeMachine machine(KongMode::database, 4);
  machine.docker.answer({.method = "DELETE", .target = "/containers/shop-2?force=true"});
  CHECK(add(machine, 1)[0].name == "shop-2");
}

TEST_CASE("a stopped container of somebody else's is started again, not thrown away") {
  FakeMachine machine;
  machine.docker.answer({.method = "POST", .target = "/containers/shop-2/stop"});
  const auto added = add(machine, 1);
  CHECK(added[0].outcome);
  CHECK(added[0].name == "shop-2");
  CHECK(std::ranges::none_of(machine.http.changes, [](const auto& c) { return c.starts_with("DELETE"); }));
}

TEST_CASE("the last ones are started again also where kscale made them, as new ones can be made like no other") {
  FakeMachine machine;
  machine.docker.answer({.method = "DELETE", .target = "/containers/shop-1?force=true"});
  REQUIRE(add(machine, 1)[0].name == "shop-1");
  const auto first = machine.engine.inspect("shop-1")->id;
  machine.docker.answer({.method = "DELETE", .target = "/containers/shop-2?force=true"});
  machine.docker.answer({.method = "DELETE", .target = "/containers/shop-3?force=true"});
  machine.docker.answer({.method = "POST", .target = "/containers/shop-1/stop"});
  machine.http.health_status = {{3020, 503}};
  CHECK_FALSE(add(machine, 1)[0].outcome);
  CHECK(machine.containers() == Names{"shop-1 exited"});
  machine.http.health_status.clear();
  CHECK(add(machine, 1)[0].outcome);
  CHECK(machine.engine.inspect("shop-1")->id == first);
}

TEST_CASE("a stopped container that somebody starts before it is thrown away stays") {
  FakeMachine machine;
  machine.docker.answer({.method = "DELETE", .target = "/containers/shop-2?force=true"});
  REQUIRE(add(machine, 1)[0].name == "shop-2");
  machine.docker.answer({.method = "POST", .target = "/containers/shop-2/stop"});
  const auto seen = present(machine);
  machine.docker.answer({.method = "POST", .target = "/containers/shop-2/start"});
  auto world = machine.world();
  const auto added = add_instances(world, FakeMachine::deployment(), seen, 1);
  CHECK(added[0].name == "shop-4");
  CHECK(machine.running() == Names{"shop-1", "shop-2", "shop-3", "shop-4"});
}

TEST_CASE("an instance that ends by itself leaves nothing behind, and its log says why") {
  FakeMachine machine;
  machine.behaviour->log = "starting\nError: no database\n";
  machine.http.health_status = {{3023, 0}};
  machine.http.fate = [&](int, const net::Request&) {
    machine.docker.exit_container("shop-4", 3);
    return fakes::Fate::arrives;
  };
  auto deployment = FakeMachine::deployment();
  deployment.overrides.restart = "no";
  const auto added = add(machine, 1, deployment);
  CHECK(added[0].outcome.error().what ==
        "shop-4 did not start: it ended with exit code 3; its log ends with \"Error: no database\"");
  CHECK(machine.containers() == Names{"shop-1 running", "shop-2 running", "shop-3 running"});
  CHECK(machine.targets().size() == 3);
}

TEST_CASE("an instance that is never ready is undone when its time is up") {
  FakeMachine machine;
  machine.http.health_status = {{3023, 503}};
  const auto added = add(machine, 1);
  CHECK(added[0].outcome.error().code == Errc::failed);
  CHECK(added[0].outcome.error().what == "shop-4 was not ready in 60s: http://127.0.0.1:3023/health answered 503");
  CHECK(machine.containers().size() == 3);
  CHECK(machine.targets().size() == 3);
}

TEST_CASE("another image that the settings name brings its own command, and all else is as its siblings have it") {
  FakeMachine machine;
  auto deployment = FakeMachine::deployment();
  deployment.overrides.image = "next:1";
  CHECK(add(machine, 1, deployment)[0].outcome);
  const auto inspection = machine.engine.inspection("shop-4");
  REQUIRE(inspection);
  CHECK((*inspection)["Config"]["Cmd"] == json::Value(json::Value::Array{"/next"}));
  const auto& env = (*inspection)["Config"]["Env"].items();
  CHECK(std::ranges::find(env, json::Value("MONGO_URL=mongodb://planted-secret@db")) != env.end());
}

TEST_CASE("a HEALTHCHECK goes before a probe") {
  FakeMachine machine;
  machine.http.health_status = {{3023, 0}};
  auto deployment = FakeMachine::deployment();
  deployment.overrides.image = "checked:1";
  CHECK(add(machine, 1, deployment)[0].outcome);
  machine.behaviour->health = "unhealthy";
  CHECK(add(machine, 1, deployment)[0].outcome.error().what ==
        "shop-5 was not ready in 60s: its HEALTHCHECK says unhealthy");
}

TEST_CASE("a number whose host port is taken is passed over, and nothing is left of the try") {
  FakeMachine machine;
  machine.docker.answer(
      {.method = "POST",
       .target = "/containers/create?name=stranger",
       .headers = {{"Content-Type", "application/json"}},
       .body =
           R"({"Image":"shop:1","HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"3023"}]}}})"});
  machine.docker.answer({.method = "POST", .target = "/containers/stranger/start"});
  const auto added = add(machine, 1);
  CHECK(added[0].outcome);
  CHECK(added[0].name == "shop-5");
  CHECK(machine.running() == Names{"shop-1", "shop-2", "shop-3", "shop-5", "stranger"});
  CHECK(machine.containers().size() == 5);
}

TEST_CASE("a target that Kong cannot resolve is taken back, with its instance") {
  FakeMachine machine;
  machine.kong_resolves_names = false;
  auto deployment = FakeMachine::deployment();
  deployment.addressing = Addressing::name;
  const auto added = add(machine, 1, deployment);
  CHECK(added[0].outcome.error().what ==
        "add target shop-4:3020: Kong cannot resolve shop-4:3020: is it in the same Docker network? See "
        "target-address");
  CHECK(machine.containers().size() == 3);
  CHECK(machine.targets().size() == 3);
}

TEST_CASE("a number whose name Kong takes for an earlier container's address is passed over before a request comes") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    FakeMachine machine(mode);
    machine.kong_dns_cache["shop-4"] = "172.18.0.99";
    auto deployment = FakeMachine::deployment();
    deployment.addressing = Addressing::name;
    const auto added = add(machine, 2, deployment);
    REQUIRE(added.size() == 2);
    CHECK(added[0].name == "shop-5");
    CHECK(added[1].name == "shop-6");
    CHECK(added[0].outcome);
    CHECK(added[1].outcome);
    CHECK(machine.running() == Names{"shop-1", "shop-2", "shop-3", "shop-5", "shop-6"});
    const auto targets = machine.targets();
    CHECK(std::ranges::count_if(targets, [](const auto& t) { return t.starts_with("shop-"); }) == 2);
  }
}

TEST_CASE("when Kong takes every name for another address, that is said") {
  FakeMachine machine;
  for (int number = 4; number < 10; ++number) {
    machine.kong_dns_cache[fmt::format("shop-{}", number)] = "172.18.0.99";
  }
  auto deployment = FakeMachine::deployment();
  deployment.addressing = Addressing::name;
  CHECK(add(machine, 1, deployment)[0].outcome.error().what ==
        "add target shop-6:3020: Kong takes shop-6 for 172.18.0.99, the address of an earlier container; "
        "target-address: ip avoids that");
  CHECK(machine.running().size() == 3);
  CHECK(machine.targets().size() == 3);
}

TEST_CASE("no other number is tried while what failed is still there") {
  FakeMachine machine;
  machine.kong_dns_cache["shop-4"] = "172.18.0.99";
  auto deployment = FakeMachine::deployment();
  deployment.addressing = Addressing::name;
  machine.http.fate = [](int, const net::Request& request) {
    const bool removes = request.method == net::Method::del && request.path.find("/containers/") != std::string::npos;
    return removes ? fakes::Fate::failed : fakes::Fate::arrives;
  };
  const auto added = add(machine, 1, deployment);
  REQUIRE(added.size() == 1);
  CHECK(added[0].outcome.error().what.find("; shop-4 was left as it is: ") != std::string::npos);
  CHECK(machine.running() == Names{"shop-1", "shop-2", "shop-3", "shop-4"});
}

TEST_CASE("when writing the targets fails half-way, all are undone before a request comes") {
  FakeMachine machine;
  auto deployment = FakeMachine::deployment();
  auto world = machine.world();
  int made = 0;
  machine.http.fate = [&](int, const net::Request& request) {
    const bool makes_target = request.method == net::Method::post && request.path.ends_with("/targets");
    return makes_target && ++made == 2 ? fakes::Fate::failed : fakes::Fate::arrives;
  };
  const auto added = add_instances(world, deployment, present(machine), 3);
  machine.http.fate = nullptr;
  CHECK(std::ranges::none_of(added, [](const Added& a) { return a.outcome.has_value(); }));
  CHECK(machine.targets().size() == 3);
  CHECK(machine.running().size() == 3);
}

TEST_CASE("when giving the weights fails half-way, those in rotation stay and the others are undone") {
  FakeMachine machine;
  int weighed = 0;
  machine.http.fate = [&](int, const net::Request& request) {
    return request.method == net::Method::patch && ++weighed == 2 ? fakes::Fate::failed : fakes::Fate::arrives;
  };
  const auto added = add(machine, 3);
  CHECK(added[0].outcome);
  CHECK_FALSE(added[1].outcome);
  CHECK_FALSE(added[2].outcome);
  CHECK(machine.running() == Names{"shop-1", "shop-2", "shop-3", "shop-4"});
  CHECK(machine.targets().back() == "127.0.0.1:3023 100");
  CHECK(machine.targets().size() == 4);
}

TEST_CASE("being told to stop while waiting undoes what is not yet in rotation") {
  FakeMachine machine;
  machine.http.health_status = {{3023, 0}};
  machine.clock.interrupt_after(3);
  const auto added = add(machine, 1);
  CHECK(added[0].outcome.error().code == Errc::interrupted);
  CHECK(machine.containers().size() == 3);
  CHECK(machine.targets().size() == 3);
}

TEST_CASE("whichever request of a scale-up fails, nothing is half-made") {
  // Once for each request, in both modes of Kong and in three ways of failing.
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    FakeMachine counting(mode);
    const auto alike = present(counting);
    counting.http.fate = [](int, const net::Request&) { return fakes::Fate::arrives; };
    auto counted = counting.world();
    add_instances(counted, FakeMachine::deployment(), alike, 2);
    const int requests = counting.http.sent;
    REQUIRE(requests > 10);
    for (const auto fate : {fakes::Fate::lost, fakes::Fate::answer_lost, fakes::Fate::failed}) {
      for (int failing = 0; failing < requests; ++failing) {
        CAPTURE(mode == KongMode::dbless, static_cast<int>(fate), failing);
        FakeMachine machine(mode);
        const auto before = machine.configuration_without_targets();
        const auto instances = present(machine);
        machine.http.fate = [&](int index, const net::Request&) {
          return index == failing ? fate : fakes::Fate::arrives;
        };
        auto world = machine.world();
        const auto added = add_instances(world, FakeMachine::deployment(), instances, 2);
        machine.http.fate = nullptr;
        // What had no outcome of success is not there, and what runs is in rotation.
        const auto running = machine.running();
        const auto targets = machine.targets();
        for (const auto& one : added) {
          if (one.outcome) {
            CHECK(std::ranges::find(running, one.name) != running.end());
          } else {
            CHECK_FALSE(one.outcome.error().what.empty());
          }
        }
        CHECK(std::ranges::find(targets, "127.0.0.1:3020 100") != targets.end());
        CHECK(targets.size() <= running.size());  // never a target without a container
        CHECK(std::ranges::none_of(targets, [](const auto& t) { return t.ends_with(" 0"); }));
        CHECK(machine.configuration_without_targets() == before);
      }
    }
  }
}
