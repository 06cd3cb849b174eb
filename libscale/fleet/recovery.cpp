#include "libscale/fleet/recovery.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "libscale/fleet/add.hpp"
#include "libscale/fleet/launch.hpp"
#include "libscale/fleet/readiness.hpp"
#include "libscale/fleet/remove.hpp"

namespace kscale::fleet {

namespace {

std::string name_before(const docker::Container& old) {
  return old.name.substr(0, old.name.size() - std::string_view(k_set_aside).size());
}

/// Whether it ended, or never began: one that restarts or is paused may come back by itself.
bool stands(const docker::Container& container) {
  return container.state == docker::State::exited || container.state == docker::State::created ||
         container.state == docker::State::dead;
}

Status remove(World& world, const Instance& instance) {
  return remove_container(world, instance.container.id, instance.is_ours(), net::Urgency::change);
}

/// What was recovered so far, and the instances that were started for it and serve not yet.
struct Recovery {
  Mended mended;
  std::vector<Launch> started;
};

/// Starts it; the line tells of that.
Status start(World& world, const Instance& instance, const std::string& done, Recovery& recovery) {
  auto launch = std::move(start_again(world, {instance}, net::Urgency::change).front());
  auto outcome = launch.outcome;
  if (outcome) {
    recovery.mended.done.push_back(done);
    recovery.started.push_back(std::move(launch));
  } else {
    recovery.mended.failed.push_back(outcome.error());
  }
  return outcome;
}

void bring_back(World& world, const Deployment& deployment, docker::Container old, Recovery& recovery) {
  const auto name = name_before(old);
  if (const auto renamed = world.engine.rename(old.id, name); !renamed) {
    recovery.mended.failed.push_back(wrap(renamed.error(), "bring {} back", name).value());
    return;
  }
  old.name = name;
  const int number = number_of(name, deployment.prefix).value_or(0);
  static_cast<void>(start(world, {number, std::move(old)},
                          fmt::format("brought {} back, after a replacement that was cut short", name), recovery));
}

/// Decides between the container that was set aside and the one that was to take its place.
void settle(World& world, const Deployment& deployment, const docker::Container& old,
            const std::vector<docker::Container>& containers, Recovery& recovery) {
  const auto name = name_before(old);
  const auto found = std::ranges::find(containers, name, &docker::Container::name);
  if (found == containers.end()) {
    bring_back(world, deployment, old, recovery);
    return;
  }
  const Instance successor{number_of(name, deployment.prefix).value_or(0), *found};
  const auto seen = look(world, deployment, {successor}).front().state;
  if (seen == Readiness::State::ready) {
    if (const auto removed = remove(world, {successor.number, old})) {
      recovery.mended.done.push_back(fmt::format("removed {}, which was replaced", old.name));
    } else {
      recovery.mended.failed.push_back(wrap(removed.error(), "remove {}", old.name).value());
    }
    return;
  }
  const auto& started = successor.container.started_at;
  const bool had_its_time = started && world.clock.now().wall - *started > deployment.ready_timeout;
  if (!successor.is_ours() || !(stands(successor.container) || had_its_time)) {
    return;
  }
  if (const auto removed = remove(world, successor)) {
    bring_back(world, deployment, old, recovery);
  } else {
    recovery.mended.failed.push_back(wrap(removed.error(), "bring {} back", name).value());
  }
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

Mended recover(World& world, const Deployment& deployment, const std::vector<docker::Container>& containers,
               std::vector<int>& restarting) {
  Recovery recovery;
  const auto olds = set_aside(containers, deployment.prefix);
  for (const auto& old : olds) {
    settle(world, deployment, old, containers, recovery);
  }
  const auto to_start = std::exchange(restarting, {});
  for (const auto& instance : instances_of(containers, deployment.prefix)) {
    const auto& name = instance.container.name;
    const bool is_settled = std::ranges::find(olds, name, name_before) != olds.end();
    if (is_settled || !stands(instance.container) || std::ranges::find(to_start, instance.number) == to_start.end()) {
      continue;
    }
    if (!start(world, instance, fmt::format("started {}, after a restart that was cut short", name), recovery)) {
      restarting.push_back(instance.number);
    }
  }
  for (const auto& added : bring_in(world, deployment, std::move(recovery.started))) {
    if (!added.outcome) {
      recovery.mended.failed.push_back(added.outcome.error());
    }
  }
  return std::move(recovery.mended);
}

}  // namespace kscale::fleet
