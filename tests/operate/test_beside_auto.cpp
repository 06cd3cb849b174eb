#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "libscale/fleet/recovery.hpp"
#include "libscale/operate/operator.hpp"
#include "tests/control/scaler.hpp"

using namespace kscale;
using namespace kscale::operate;
using namespace std::chrono_literals;
using control::Scaler;
using policy::Action;
using sandbox::KongMode;

namespace {

/// What an operator asks for.
struct Command {
  std::string name;
  int before;  ///< so many instances run
  int least;   ///< so many of them serve at any moment
  std::function<Plan(const fleet::Deployment&, const Situation&)> plan;
  int after;
  std::string image = "shop:1";  ///< of all instances, when it is done
};

Command scaling(int from, int to) {
  const auto plan = [to](const auto& deployment, const auto& situation) {
    return plan_scale(deployment, situation, to);
  };
  return {fmt::format("scale {}", to), from, std::min(from, to), plan, to};
}

Command restarting(int instances) {
  const auto plan = [](const auto& deployment, const auto& situation) {
    return plan_restart(deployment, situation, {});
  };
  return {"restart", instances, instances - 1, plan, instances};
}

Command replacing(int instances) {
  const auto plan = [](const auto& deployment, const auto& situation) {
    return plan_deploy(deployment, situation, {.image = "checked:1"});
  };
  return {"deploy", instances, instances - 1, plan, instances, "checked:1"};
}

/// The end of a process, whatever it was doing.
struct Killed {};

/// kscale-deploy and kscale-auto on one deployment.
class Pair {
 public:
  Pair(KongMode mode, int instances, double cores) : m_scaler(mode, instances), m_least(instances) {
    m_scaler.load(cores);
    auto opened = control::Records::open(
        m_scaler.settings, [](const std::string&) { return std::nullopt; }, machine().clock, m_scaler.log,
        "kscale-deploy");
    REQUIRE(opened);
    m_records.emplace(std::move(*opened));
  }

  /// One call of kscale-deploy, as its session makes it.
  Result<ActionReport> deploy(const Command& command, std::chrono::milliseconds patience = 0s) {
    Operator op(m_scaler.settings, machine().world(), *m_records, nullptr, m_scaler.log);
    const auto lock = op.lock(patience);
    if (!lock) {
      return tl::unexpected(lock.error());
    }
    op.recover();
    const auto situation = op.observe(Operator::Kong::needed);
    if (!situation) {
      return tl::unexpected(situation.error());
    }
    return op.carry_out(command.plan(m_scaler.settings.deployment, *situation), command.name);
  }

  Result<control::CheckReport> check() const { return m_scaler.autoscaler->check(); }

  /// Watches an action; just before each of its requests, but not of those that are made there, comes `before_each`.
  void watch(const std::function<void()>& before_each, const std::function<void()>& action) {
    bool is_inside = false;
    machine().http.fate = [&](int, const net::Request&) {
      if (!std::exchange(is_inside, true)) {
        look();
        before_each();
        is_inside = false;
      }
      return fakes::Fate::arrives;
    };
    action();
    machine().http.fate = nullptr;
    look();
  }

  void watch(const std::function<void()>& action) {
    watch([] {}, action);
  }

  /// Kills what acts when it has changed so many things; whether it came to that.
  bool killed_after(std::size_t changes, const std::function<void()>& action) {
    const auto kill = [&] {
      if (machine().http.changes.size() >= changes) {
        throw Killed();
      }
    };
    try {
      watch(kill, action);
      return false;
    } catch (const Killed&) {
      machine().http.fate = nullptr;
      look();
      m_scaler.begin();
      return true;
    }
  }

  /// Some checks with nothing to do for them, and then all must agree.
  void require_calm() {
    m_scaler.load(0.5);
    machine().clock.forward(30s);
    m_scaler.checks(3);
    const auto containers = machine().engine.find(m_scaler.settings.deployment.prefix);
    REQUIRE(containers);
    CHECK(fleet::set_aside(*containers, m_scaler.settings.deployment.prefix).empty());
    for (const auto& instance : fleet::instances_of(*containers, m_scaler.settings.deployment.prefix)) {
      CHECK((instance.is_running() || !instance.is_ours()));
    }
    CHECK(m_scaler.running() >= m_scaler.settings.rules.min_instances);
    CHECK(m_scaler.running() <= m_scaler.settings.rules.max_instances);
    CHECK(machine().targets() == targets_of_running());
    const auto state = m_records->load();
    CHECK_FALSE(state.acting);
    CHECK(state.restarting.empty());
    CHECK(m_records->lock_actions());
  }

  /// At no moment fewer than so many served, and at no address in rotation nobody ran.
  void require_held(int least) const {
    CHECK(m_least >= least);
    CHECK_FALSE(m_is_astray);
  }

  int running() { return m_scaler.running(); }
  /// The images of all instances.
  std::set<std::string> images() {
    std::set<std::string> images;
    for (const auto& name : machine().running()) {
      const auto inspection = json::parse(machine().docker.answer({.target = "/containers/" + name + "/json"}).body);
      images.insert((*inspection)["Config"]["Image"].text_or(""));
    }
    return images;
  }

  fakes::FakeMachine& machine() { return m_scaler.machine; }
  std::vector<std::string>& said() { return m_scaler.said; }

 private:
  std::vector<std::string> targets_of_running() {
    std::vector<std::string> targets;
    for (const auto& name : machine().running()) {
      targets.push_back(fmt::format("127.0.0.1:{} 100", 3019 + fleet::number_of(name, "shop").value_or(0)));
    }
    std::ranges::sort(targets);
    return targets;
  }

  /// Who serves now, if anything was changed since the last look.
  void look() {
    if (std::exchange(m_seen, machine().http.changes.size()) == machine().http.changes.size()) {
      return;
    }
    const auto running = targets_of_running();
    int serving = 0;
    for (const auto& target : machine().targets()) {
      const bool runs = std::ranges::find(running, target) != running.end();
      serving += runs ? 1 : 0;
      m_is_astray = m_is_astray || (!runs && !target.ends_with(" 0"));
    }
    m_least = std::min(m_least, serving);
  }

  Scaler m_scaler;
  std::optional<control::Records> m_records;
  std::size_t m_seen = 0;
  int m_least;
  bool m_is_astray = false;
};

std::string busy(std::string_view who) {
  return fmt::format("another kscale ({}, pid {}) is acting on this deployment", who, getpid());
}

constexpr double k_busy = 0.95;  // cores: one instance more is wanted
constexpr double k_idle = 0.05;  // one less

const std::vector<Command> k_commands{scaling(3, 5), scaling(5, 3), restarting(3), replacing(3)};

/// Does each thing to an instance by hand, at requests of each of an operator's actions.
void meddle_by_hand(KongMode mode) {
  for (const auto& command : k_commands) {
    for (const auto& by_hand : control::k_by_hand) {
      bool came_to_it = true;
      // At one request of eleven, and not the same ones for each kind.
      int at = static_cast<int>(by_hand.path.size()) % 11 + (mode == KongMode::dbless ? 5 : 0);
      for (; came_to_it; at += 11) {
        CAPTURE(command.name, by_hand.method, by_hand.path, at);
        Pair pair(mode, command.before, 0.5);
        int requests = 0;
        const auto meddle = [&] {
          if (requests++ == at) {
            pair.machine().docker.answer({.method = by_hand.method, .target = "/containers/shop-2" + by_hand.path});
          }
        };
        // The action may find that its world fell apart.
        pair.watch(meddle, [&] { static_cast<void>(pair.deploy(command)); });
        came_to_it = requests > at;
        pair.machine().docker.answer({.method = "POST", .target = "/containers/shop-2/unpause"});
        pair.require_calm();
      }
    }
  }
}

}  // namespace

TEST_CASE("a check at each request of an operator's action changes nothing, and those after it agree with it") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    for (const double cores : {k_busy, k_idle}) {
      for (const auto& command : k_commands) {
        CAPTURE(cores, command.name);
        Pair pair(mode, command.before, cores);
        int refused = 0;
        const auto check = [&] {
          const auto sent = pair.machine().http.sent;
          const auto report = pair.check();
          REQUIRE_FALSE(report);
          CHECK(report.error() == Error{Errc::locked, busy("kscale-deploy")});
          CHECK(pair.machine().http.sent == sent);
          ++refused;
        };
        pair.watch(check, [&] { CHECK(pair.deploy(command)->status); });
        CHECK(refused > 30);
        pair.require_held(command.least);
        CHECK(pair.running() == command.after);
        CHECK(pair.images() == std::set{command.image});
        pair.require_calm();
        CHECK(pair.running() == command.after);
      }
    }
  }
}

TEST_CASE("an operator at each request of a check is told who acts and changes nothing, and is obeyed after it") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    for (const double cores : {k_busy, k_idle}) {
      for (const auto& command : {scaling(4, 6), scaling(4, 3), restarting(4), replacing(4)}) {
        CAPTURE(cores, command.name);
        Pair pair(mode, 4, cores);
        int refused = 0;
        const auto operate = [&] {
          const auto sent = pair.machine().http.sent;
          const auto report = pair.deploy(command, 1ms);
          REQUIRE_FALSE(report);
          CHECK(report.error() == Error{Errc::locked, busy("kscale-auto")});
          CHECK(pair.said().back() == busy("kscale-auto") + "; waiting for it");
          CHECK(pair.machine().http.sent == sent);
          ++refused;
        };
        pair.watch(operate, [&] {
          const auto report = pair.check();
          REQUIRE(report);
          CHECK(report->decision.action == (cores == k_busy ? Action::up : Action::down));
          CHECK(report->outcome->status);
        });
        CHECK(refused > 20);
        pair.require_held(3);
        CHECK(pair.running() == (cores == k_busy ? 5 : 3));
        pair.watch([&] { CHECK(pair.deploy(command)->status); });
        pair.require_held(command.after == 4 ? 2 : 3);
        CHECK(pair.images() == std::set{command.image});
        pair.require_calm();
      }
    }
  }
}

TEST_CASE("whatever is done by hand to an instance, and whenever in an operator's action, all agree soon after") {
  meddle_by_hand(KongMode::database);
}

TEST_CASE("whatever is done by hand in an operator's action, all agree soon after without a database as well") {
  meddle_by_hand(KongMode::dbless);
}

TEST_CASE("an operator takes over from an autoscaler that was killed after any of its changes") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    for (const double cores : {k_busy, k_idle}) {
      for (const auto& command : {scaling(4, 6), restarting(4)}) {
        bool was_killed = true;
        for (std::size_t changes = 0; was_killed; ++changes) {
          CAPTURE(cores, command.name, changes);
          Pair pair(mode, 4, cores);
          was_killed = pair.killed_after(changes, [&] {
            const auto report = pair.check();
            CHECK(report);
          });
          pair.watch([&] { CHECK(pair.deploy(command)->status); });
          pair.require_held(command.after == 4 ? 2 : 3);
          pair.require_calm();
          if (command.after == 6) {
            CHECK(pair.running() == 6);
          }
        }
      }
    }
  }
}

TEST_CASE("an autoscaler takes over from an operator who was killed after some of its changes") {
  for (const auto mode : {KongMode::database, KongMode::dbless}) {
    for (const auto& command : k_commands) {
      bool was_killed = true;
      // Each third, and others in the other mode; kscale-faults kills at every one.
      for (std::size_t changes = mode == KongMode::dbless ? 2 : 1; was_killed; changes += 3) {
        CAPTURE(command.name, changes);
        Pair pair(mode, command.before, 0.5);
        was_killed = pair.killed_after(changes, [&] {
          const auto report = pair.deploy(command);
          CHECK(report->status);
        });
        pair.watch([&] { CHECK(pair.check()); });
        pair.require_held(command.least);
        pair.require_calm();
      }
    }
  }
}
