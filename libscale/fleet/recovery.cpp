#include "libscale/fleet/recovery.hpp"

#include <algorithm>
#include <string>

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

void note(Mended& mended, const Status& outcome, const std::string& done, std::string_view what) {
  if (outcome) {
    mended.done.push_back(done);
  } else {
    mended.failed.push_back(wrap(outcome.error(), "{}", what).value());
  }
}

Status bring_back(World& world, const docker::Container& old, const std::string& name) {
  auto back = world.engine.rename(old.id, name);
  return back ? world.engine.start({old.id}).front() : back;
}

/// Decides between the container that was set aside and the one that was to take its place.
void settle(World& world, const Deployment& deployment, const docker::Container& old,
            const std::vector<docker::Container>& containers, Mended& mended) {
  const auto name = name_before(old);
  const auto brought_back = fmt::format("brought {} back, after a replacement that was cut short", name);
  const auto found = std::ranges::find(containers, name, &docker::Container::name);
  if (found == containers.end()) {
    note(mended, bring_back(world, old, name), brought_back, fmt::format("bring {} back", name));
    return;
  }
  const Instance successor{number_of(name, deployment.prefix).value_or(0), *found};
  const auto seen = look(world, deployment, {successor}).front().state;
  if (seen == Readiness::State::ready) {
    note(mended, remove(world, {successor.number, old}), fmt::format("removed {}, which was replaced", old.name),
         fmt::format("remove {}", old.name));
    return;
  }
  const auto& started = successor.container.started_at;
  const bool had_its_time = started && world.clock.now().wall - *started > deployment.ready_timeout;
  if (!successor.is_ours() || !(stands(successor.container) || had_its_time)) {
    return;
  }
  auto outcome = remove(world, successor);
  note(mended, outcome ? bring_back(world, old, name) : outcome, brought_back, fmt::format("bring {} back", name));
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
               const std::vector<int>& restarting) {
  Mended mended;
  const auto olds = set_aside(containers, deployment.prefix);
  for (const auto& old : olds) {
    settle(world, deployment, old, containers, mended);
  }
  for (const auto& instance : instances_of(containers, deployment.prefix)) {
    const auto& container = instance.container;
    const bool is_settled = std::ranges::find(olds, container.name, name_before) != olds.end();
    if (!is_settled && stands(container) && std::ranges::find(restarting, instance.number) != restarting.end()) {
      note(mended, world.engine.start({container.id}).front(),
           fmt::format("started {}, after a restart that was cut short", container.name),
           fmt::format("start {}", container.name));
    }
  }
  return mended;
}

}  // namespace kscale::fleet
