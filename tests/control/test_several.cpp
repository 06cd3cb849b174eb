#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/control/scaler.hpp"

using namespace kscale;
using namespace kscale::control;
using namespace std::chrono_literals;
using policy::Action;
using sandbox::KongMode;
using Names = std::vector<std::string>;

namespace {

/// Another deployment on the machine of a scaler, in the same upstream, whose name begins like the other's.
struct Neighbour {
  explicit Neighbour(Scaler& beside) : machine(beside.machine) {
    settings.deployment.prefix = "shop-1";
    settings.deployment.host_port_base = 4000;
    settings.deployment.container_port = 3020;
    settings.deployment.overrides.image = "shop:1";
    settings.state_dir = beside.settings.state_dir;
    settings.history_log.clear();
    auto opened = Records::open(
        settings, [](const std::string&) { return std::nullopt; }, machine.clock, log);
    REQUIRE(opened);
    records = std::make_unique<Records>(std::move(*opened));
    autoscaler = std::make_unique<Autoscaler>(settings, machine.world(), *records, log, [](const CheckReport&) {});
  }

  fakes::FakeMachine& machine;
  Settings settings = fakes::FakeMachine::settings();
  Log log{[](Level, std::string_view) {}};
  std::unique_ptr<Records> records;
  std::unique_ptr<Autoscaler> autoscaler;
};

/// Those that run, of the deployment of that prefix.
std::size_t running_of(fakes::FakeMachine& machine, const std::string& prefix) {
  const auto running = machine.running();
  return static_cast<std::size_t>(std::ranges::count_if(running, [&](const std::string& name) {
    return name.starts_with(prefix + "-") && name.find('-', prefix.size() + 1) == std::string::npos;
  }));
}

}  // namespace

TEST_CASE("two deployments on one machine and in one upstream each keep to their own") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    Scaler scaler(mode);
    Neighbour neighbour(scaler);
    const auto both = [&](double cores, int checks) {
      scaler.load(cores);
      for (int i = 0; i < checks; ++i) {
        scaler.check();
        REQUIRE(neighbour.autoscaler->check());
        scaler.machine.clock.forward(30s);
      }
    };
    both(0.5, 2);
    CHECK(running_of(scaler.machine, "shop") == 3);
    CHECK(running_of(scaler.machine, "shop-1") == 3);
    both(0.95, 60);
    CHECK(running_of(scaler.machine, "shop") == 6);
    CHECK(running_of(scaler.machine, "shop-1") == 6);
    CHECK(scaler.machine.targets().size() == 12);
    both(0.05, 80);
    CHECK(running_of(scaler.machine, "shop") == 3);
    CHECK(running_of(scaler.machine, "shop-1") == 3);
    CHECK(scaler.machine.targets().size() == 6);
  }
}

TEST_CASE("whatever is done by hand to an instance, and whenever in an action, all agree soon after") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    for (const double cores : {0.95, 0.05}) {
      for (const auto& by_hand : k_by_hand) {
        // One kind at each request, the others at some.
        const int step = by_hand.method == "DELETE" ? 1 : 5;
        int requests = 1;
        for (int at = 0; at < requests; at += step) {
          CAPTURE(cores, by_hand.method, by_hand.path, at);
          Scaler scaler(mode, 4);
          scaler.load(cores);
          scaler.machine.http.fate = [&](int index, const net::Request&) {
            if (index == at) {
              scaler.machine.docker.answer({.method = by_hand.method, .target = "/containers/shop-2" + by_hand.path});
            }
            return fakes::Fate::arrives;
          };
          scaler.machine.http.sent = 0;
          // The check itself may find that its world fell apart; the loop goes on all the same.
          [[maybe_unused]] const auto report = scaler.autoscaler->check();
          requests = std::max(requests, scaler.machine.http.sent);
          scaler.machine.http.fate = {};
          scaler.machine.docker.answer({.method = "POST", .target = "/containers/shop-2/unpause"});
          scaler.load(0.5);
          for (int i = 0; i < 6; ++i) {
            scaler.machine.clock.forward(60s);
            scaler.check();
          }
          CHECK(scaler.running() >= 3);
          CHECK(scaler.running() <= 6);
          CHECK(scaler.machine.targets().size() == scaler.machine.running().size());
          for (const auto& target : scaler.machine.targets()) {
            CHECK(target.ends_with(" 100"));
          }
        }
      }
    }
  }
}

TEST_CASE("an operator who scales between two checks is not undone before the cooldown is over") {
  Scaler scaler;
  scaler.load(0.05);
  scaler.check();
  scaler.machine.compose_up(4);
  scaler.machine.add_target(4);
  auto state = scaler.records->load();
  const auto now = scaler.machine.clock.now();
  state.last_up = store::Stamp{now.instant, now.wall, store::boot_id()};  // as kscale-deploy leaves it
  scaler.records->save(state);
  for (int i = 0; i < 9; ++i) {
    scaler.machine.clock.forward(30s);
    CHECK(scaler.check().decision.action == Action::hold);
  }
  scaler.machine.clock.forward(60s);
  CHECK(scaler.check().decision.action == Action::down);
}
