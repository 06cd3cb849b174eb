#include "libscale/fleet/recovery.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "libscale/fleet/add.hpp"
#include "libscale/fleet/launch.hpp"
#include "libscale/fleet/readiness.hpp"
#include "libscale/fleet/remove.hpp"
#include "libscale/fleet/rotation.hpp"

namespace kscale::fleet {

namespace {

using namespace std::chrono_literals;

/// For what was started again. One that is slower is not worth keeping the others out of rotation, and a check waiting.
constexpr std::chrono::milliseconds k_longest_wait = 15s;

std::string name_before(const docker::Container& old) {
  return old.name.substr(0, old.name.size() - std::string_view(k_set_aside).size());
}

Status remove(World& world, const Instance& instance) {
  return remove_container(world, instance.container.id, instance.is_ours(), net::Urgency::change);
}

/// What was recovered so far, and the instances that were started for it and do not serve yet.
struct Recovery {
  Mended mended;
  std::vector<Launch> started;

  /// Whether it went well.
  bool note(const Status& outcome, const std::string& done) {
    if (outcome) {
      mended.done.push_back(done);
    } else {
      mended.failed.push_back(outcome.error());
    }
    return outcome.has_value();
  }
};

bool start(World& world, const Instance& instance, const std::string& done, Recovery& recovery) {
  auto launch = std::move(start_stopped(world, {instance}, net::Urgency::change).front());
  const bool is_started = recovery.note(launch.outcome, done);
  if (is_started) {
    recovery.started.push_back(std::move(launch));
  }
  return is_started;
}

bool bring_back(World& world, Instance old, Recovery& recovery) {
  const auto name = name_before(old.container);
  const auto done = fmt::format("brought {} back, after a replacement that was cut short", name);
  if (const auto renamed = world.engine.rename(old.container.id, name); !renamed) {
    return recovery.note(wrap(renamed.error(), "bring {} back", name), done);
  }
  old.container.name = name;
  return start(world, old, done, recovery);
}

/// Whether Kong sends requests to the instance; so that it is not given up, also where that cannot be asked.
bool may_be_in_rotation(World& world, const Deployment& deployment, const Instance& instance) {
  const auto all = world.kong.targets(deployment.upstream);
  return !all || std::ranges::any_of(targets_of({instance}, deployment, *all),
                                     [](const kong::Target& target) { return target.weight > 0; });
}

enum class Settled { done, undecided, failed };

Settled settled(bool went_well) {
  return went_well ? Settled::done : Settled::failed;
}

/// Decides between the container that was set aside and the one that was to take its place.
Settled settle(World& world, const Deployment& deployment, const Instance& old,
               const std::vector<docker::Container>& containers, Recovery& recovery) {
  const auto name = name_before(old.container);
  const auto found = std::ranges::find(containers, name, &docker::Container::name);
  if (found == containers.end()) {
    return settled(bring_back(world, old, recovery));
  }
  const Instance successor{old.number, *found};
  const auto seen = look(world, deployment, {successor}).front().state;
  if (seen == Readiness::State::ready) {
    const auto removed = remove(world, old);
    return settled(recovery.note(removed ? removed : wrap(removed.error(), "remove {}", old.container.name),
                                 fmt::format("removed {}, which was replaced", old.container.name)));
  }
  const auto& started = successor.container.started_at;
  const bool had_its_time = started && world.clock.now().wall - *started > deployment.ready_timeout;
  const bool is_of_use = !successor.is_down() && (!had_its_time || may_be_in_rotation(world, deployment, successor));
  if (!successor.is_ours() || is_of_use) {
    return Settled::undecided;
  }
  if (const auto removed = remove(world, successor); !removed) {
    recovery.mended.failed.push_back(wrap(removed.error(), "bring {} back", name).value());
    return Settled::failed;
  }
  return settled(bring_back(world, old, recovery));
}

}  // namespace

std::vector<docker::Container> set_aside(const std::vector<docker::Container>& containers, std::string_view prefix) {
  std::vector<docker::Container> found;
  for (const auto& container : containers) {
    if (container.name.ends_with(k_set_aside) && number_of(name_before(container), prefix)) {
      found.push_back(container);
    }
  }
  return found;
}

bool let_stops_end(World& world, const Deployment& deployment, const Drift& drift) {
  constexpr auto k_slack = 1s;  // for Docker itself
  if (drift.without_target.empty()) {
    return false;
  }
  world.step("wait for what an action that was cut short may be stopping");
  return world.clock.wait(deployment.stop_timeout + k_slack) == Waited::whole;
}

Mended recover(World& world, const Deployment& deployment, const std::vector<docker::Container>& containers,
               std::vector<int>& restarting) {
  Recovery recovery;
  auto to_start = std::exchange(restarting, {});
  for (auto& old : set_aside(containers, deployment.prefix)) {
    const int number = number_of(name_before(old), deployment.prefix).value_or(0);
    const auto settled = settle(world, deployment, {number, std::move(old)}, containers, recovery);
    const bool was_known = std::erase(to_start, number) > 0;
    if (settled == Settled::failed || (settled == Settled::undecided && was_known)) {
      restarting.push_back(number);
    }
  }
  for (const auto& instance : instances_of(containers, deployment.prefix)) {
    const auto done = fmt::format("started {}, after a restart that was cut short", instance.container.name);
    const bool is_to_start = std::ranges::find(to_start, instance.number) != to_start.end();
    if (is_to_start && instance.is_down() && !start(world, instance, done, recovery)) {
      restarting.push_back(instance.number);
    }
  }
  auto patient = deployment;
  patient.ready_timeout = std::min(patient.ready_timeout, k_longest_wait);
  for (const auto& added : bring_in(world, patient, std::move(recovery.started))) {
    if (!added.outcome) {
      recovery.mended.failed.push_back(added.outcome.error());
    }
  }
  return std::move(recovery.mended);
}

}  // namespace kscale::fleet
