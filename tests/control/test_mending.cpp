#include <filesystem>
#include <fstream>
#include <utility>

#include <catch2/catch.hpp>

#include "libscale/store/state_file.hpp"
#include "tests/control/scaler.hpp"

using namespace kscale;
using namespace kscale::control;
using namespace std::chrono_literals;
using policy::Action;
using sandbox::KongMode;
using Names = std::vector<std::string>;

TEST_CASE("a target left at weight 0 by an action that a crash cut short gets its weight back") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    Scaler scaler(mode, 4);
    scaler.load(0.5);
    store::State state;
    state.acting = std::vector{2};  // shop-2 had been taken out by somebody before
    scaler.records->save(state);
    REQUIRE(scaler.machine.admin.change_targets("shop", {{kong::TargetChange::Kind::weigh, "127.0.0.1:3023", 0},
                                                         {kong::TargetChange::Kind::weigh, "127.0.0.1:3021", 0}}));
    scaler.begin();
    const auto report = scaler.check();
    CHECK(report.mended == Names{"gave target 127.0.0.1:3023 its weight back, after an action that was cut short"});
    CHECK(scaler.machine.targets() ==
          Names{"127.0.0.1:3020 100", "127.0.0.1:3021 0", "127.0.0.1:3022 100", "127.0.0.1:3023 100"});
    CHECK_FALSE(scaler.records->load().acting.has_value());
  }
}

TEST_CASE("what a restart or a replacement that was cut short has stopped comes back") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    Scaler scaler(mode, 4);
    scaler.load(0.5);
    store::State state;
    state.acting.emplace();
    state.restarting = {3};
    scaler.records->save(state);
    auto& engine = scaler.machine.engine;
    for (const auto* const name : {"shop-2", "shop-3"}) {
      REQUIRE(engine.stop({engine.inspect(name)->id}, std::chrono::seconds(1)).front());
    }
    REQUIRE(engine.rename(engine.inspect("shop-2")->id, "shop-2.kscale-old"));
    scaler.begin();
    const auto report = scaler.check();
    CHECK(report.mended == Names{"brought shop-2 back, after a replacement that was cut short",
                                 "started shop-3, after a restart that was cut short"});
    CHECK(scaler.machine.running().size() == 4);
    CHECK(scaler.machine.targets().size() == 4);
    CHECK(scaler.records->load().restarting.empty());
  }
}

TEST_CASE("an instance that a restart has stopped is no leftover, also where starting it fails for now") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    Scaler scaler(mode, 3);
    scaler.load(0.95);
    scaler.check();
    REQUIRE(scaler.machine.running().size() == 4);
    scaler.load(0.5);
    store::State state;
    state.acting.emplace();
    state.restarting = {4};  // which kscale made
    scaler.records->save(state);
    auto& engine = scaler.machine.engine;
    REQUIRE(engine.stop({engine.inspect("shop-4")->id}, std::chrono::seconds(1)).front());
    scaler.begin();
    scaler.machine.http.fate = [](int, const net::Request& request) {
      return request.path.ends_with("/start") ? fakes::Fate::failed : fakes::Fate::arrives;
    };
    CHECK(scaler.check().problems.front().starts_with("start shop-4: "));
    CHECK(engine.inspect("shop-4").has_value());
    scaler.machine.http.fate = nullptr;
    CHECK(scaler.check().mended.front() == "started shop-4, after a restart that was cut short");
    CHECK(scaler.machine.running().size() == 4);
    CHECK(scaler.records->load().restarting.empty());
  }
}

TEST_CASE("an instance that was set aside and has its name back is no leftover, also where starting it fails for now") {
  Scaler scaler(KongMode::database, 3);
  scaler.load(0.95);
  scaler.check();
  REQUIRE(scaler.machine.running().size() == 4);
  scaler.load(0.5);
  auto& engine = scaler.machine.engine;
  const auto fourth = engine.inspect("shop-4")->id;  // which kscale made
  REQUIRE(engine.stop({fourth}, std::chrono::seconds(1)).front());
  REQUIRE(engine.rename(fourth, "shop-4.kscale-old"));
  scaler.begin();
  scaler.machine.http.fate = [](int, const net::Request& request) {
    return request.path.ends_with("/start") ? fakes::Fate::failed : fakes::Fate::arrives;
  };
  CHECK(scaler.check().problems.front().starts_with("start shop-4: "));
  scaler.machine.http.fate = nullptr;
  CHECK(scaler.check().mended.front() == "started shop-4, after a restart that was cut short");
  CHECK(engine.inspect("shop-4")->id == fourth);
  CHECK(scaler.machine.running().size() == 4);
  CHECK(scaler.records->load().restarting.empty());
}

TEST_CASE("a removal whose undoing failed too is undone by the next check") {
  Scaler scaler(KongMode::database, 4);
  scaler.load(0.05);
  bool drained = false;
  scaler.machine.http.fate = [&](int, const net::Request& request) {
    // Kong goes away during the drain.
    const bool to_kong = request.to.base_url == "http://kong:8001";
    const bool fails = to_kong && drained && request.method != net::Method::get;
    drained = drained || (to_kong && request.method == net::Method::patch);
    return fails ? fakes::Fate::lost : fakes::Fate::arrives;
  };
  const auto report = scaler.check();
  REQUIRE(report.outcome);
  CHECK_FALSE(report.outcome->status);
  CHECK(scaler.machine.targets().back() == "127.0.0.1:3023 0");
  scaler.machine.http.fate = nullptr;
  scaler.load(0.5);
  CHECK(scaler.check().mended.size() == 1);
  CHECK(scaler.machine.targets().back() == "127.0.0.1:3023 100");
  CHECK(scaler.running() == 4);
}

TEST_CASE("once an action that failed is undone, a weight of 0 is somebody's will again") {
  Scaler scaler(KongMode::database, 4);
  scaler.load(0.05);
  scaler.refuse_to_delete_targets();
  CHECK_FALSE(scaler.check().outcome->status);
  CHECK(scaler.machine.targets().back() == "127.0.0.1:3023 100");
  CHECK_FALSE(scaler.records->load().acting);
  scaler.machine.http.fate = nullptr;
  REQUIRE(scaler.machine.admin.change_targets("shop", {{kong::TargetChange::Kind::weigh, "127.0.0.1:3021", 0}}));
  scaler.machine.clock.forward(30s);
  CHECK(scaler.check().mended.empty());
  CHECK(scaler.machine.targets()[1] == "127.0.0.1:3021 0");
}

TEST_CASE("what cannot be mended is told, and stops neither the repair of min nor the loop") {
  Scaler scaler;
  scaler.load(0.5);
  scaler.check();
  scaler.machine.docker.answer({.method = "DELETE", .target = "/containers/shop-2?force=true"});
  scaler.refuse_to_delete_targets();
  const auto report = scaler.check();
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].starts_with("remove stale targets: target 127.0.0.1:3021 of 'shop'"));
  CHECK(report.decision.action == Action::repair_up);
  CHECK(scaler.running() == 3);
}

TEST_CASE("a weight that could not be given back yet is not taken for somebody's will") {
  Scaler scaler;
  scaler.load(0.95);
  REQUIRE(scaler.machine.admin.change_targets("shop", {{kong::TargetChange::Kind::weigh, "127.0.0.1:3021", 0}}));
  store::State state;
  state.acting.emplace();
  scaler.records->save(state);
  scaler.machine.http.fate = [first = true](int, const net::Request& request) mutable {
    const bool writes = request.to.base_url == "http://kong:8001" && request.method != net::Method::get;
    return writes && std::exchange(first, false) ? fakes::Fate::failed : fakes::Fate::arrives;
  };
  CHECK(scaler.check().decision.action == Action::up);
  CHECK(scaler.running() == 4);
  CHECK(scaler.records->load().acting == std::vector<int>{});
  scaler.machine.clock.forward(30s);
  scaler.check();
  CHECK(scaler.machine.targets()[1] == "127.0.0.1:3021 100");
  CHECK_FALSE(scaler.records->load().acting);
}

TEST_CASE("what an operator wrote counts, also after a save of ours that failed") {
  Scaler scaler;
  scaler.load(0.95);
  const auto file = std::filesystem::path(scaler.settings.state_dir) / "shop.state";
  scaler.records->save({});
  std::filesystem::rename(file, scaler.dir / "aside");
  std::filesystem::create_directory(file);  // so that nothing can be saved
  scaler.check();
  CHECK(scaler.running() == 4);
  std::filesystem::remove(file);
  std::filesystem::rename(scaler.dir / "aside", file);
  CHECK(scaler.records->load().last_up);
  auto operators =
      Records::open(
          scaler.settings, [](const std::string&) { return std::nullopt; }, scaler.machine.clock, scaler.log)
          .value();
  REQUIRE(operators.pause(std::nullopt));
  scaler.machine.clock.forward(10min);
  CHECK(scaler.check().decision.reason == "hold: paused");
  const auto state = scaler.records->load();
  CHECK(state.pause);
  CHECK(state.last_up);
}

TEST_CASE("what was known outlives damage to the state, and a journal of ours what another kscale writes") {
  Scaler scaler;
  REQUIRE(scaler.records->pause(std::nullopt));
  const auto file = std::filesystem::path(scaler.settings.state_dir) / "shop.state";
  std::ofstream(file) << "no state";
  CHECK(scaler.records->load().pause);
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(scaler.records->load().pause);  // with nothing on disk

  std::filesystem::create_directory(file);  // so that nothing can be saved
  store::State ours;
  ours.acting.emplace({2});
  ours.restarting = {3};
  scaler.records->save(ours);
  std::filesystem::remove(file);
  REQUIRE(store::save_state(file, {.pause = store::Pause{}}));
  const auto state = scaler.records->load();
  CHECK(state.pause);
  CHECK(state.acting == std::vector{2});
  CHECK(state.restarting == std::vector{3});
}
