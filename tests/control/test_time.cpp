#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/control/scaler.hpp"

using namespace kscale;
using namespace kscale::control;
using namespace std::chrono_literals;
using policy::Action;

namespace {

/// What checks before and after an event decide: an action in the event's shadow is the event's doing.
std::vector<Action> actions_around(Scaler& scaler, double cores, const std::function<void()>& event) {
  scaler.load(cores);
  std::vector<Action> actions;
  for (int i = 0; i < 8; ++i) {
    if (i == 4) {
      event();
    }
    const auto report = scaler.check();
    actions.push_back(report.decision.action);
    if (const auto cpu = figure_of(report.sample.load().cpu)) {
      CHECK(cpu->value >= 0);
      CHECK(cpu->value <= 100 * cores + 1);  // less where one is warming up
    }
    scaler.machine.clock.forward(30s);
  }
  return actions;
}

}  // namespace

TEST_CASE("a clock that is set by an hour, forward or back, changes no decision") {
  for (const double cores : {0.05, 0.5, 0.95}) {
    Scaler untouched;
    const auto wanted = actions_around(untouched, cores, [] {});
    for (const auto step : {1h, -1h}) {
      CAPTURE(cores, step.count());
      Scaler scaler;
      CHECK(actions_around(scaler, cores, [&] { scaler.machine.clock.step_wall(step); }) == wanted);
    }
  }
}

TEST_CASE("a cooldown that began before a reboot while the clock was ahead ends in its time") {
  Scaler scaler;
  scaler.load(0.95);
  store::State state;
  const auto now = scaler.machine.clock.now();
  state.last_up = store::Stamp{now.instant, now.wall + 5h, "the boot before"};
  scaler.records->save(state);
  scaler.begin();
  CHECK(scaler.check().decision.action == Action::hold);
  scaler.machine.clock.forward(301s);
  CHECK(scaler.check().decision.action == Action::up);
}

TEST_CASE("a machine that slept for ten minutes takes one step at most, and counts the cooldown from there") {
  for (const double cores : {0.05, 0.95}) {
    // Some clocks stand still while a machine sleeps, those of some virtual machines do not.
    for (const bool steady_goes_on : {false, true}) {
      CAPTURE(cores, steady_goes_on);
      Scaler scaler(sandbox::KongMode::database, 5);
      const auto before = scaler.running();
      scaler.load(0.5);
      scaler.checks(4);
      CHECK(scaler.running() == before);
      if (steady_goes_on) {
        scaler.machine.clock.forward(10min);
      } else {
        scaler.machine.clock.step_wall(10min);
      }
      scaler.load(cores);
      for (int i = 0; i < 4; ++i) {
        scaler.check();
        scaler.machine.clock.forward(30s);
      }
      CHECK(std::abs(scaler.running() - before) <= 1);
    }
  }
}
