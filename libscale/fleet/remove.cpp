#include "libscale/fleet/remove.hpp"

#include <algorithm>

#include "libscale/fleet/rotation.hpp"

namespace kscale::fleet {

namespace {

/// Stops and removes containers that no request reaches any more.
std::vector<Removed> discard(World& world, const Deployment& deployment, const std::vector<Instance>& leaving) {
  std::vector<Removed> removed;
  std::vector<std::string> ids;
  for (const auto& instance : leaving) {
    world.step(fmt::format("stop {}", instance.container.name));
    removed.push_back({instance.container.name, {}});
    ids.push_back(instance.container.id);
  }
  // An interrupted or failed stop is followed by the removal all the same, which kills what still runs.
  static_cast<void>(world.engine.stop(ids, deployment.stop_timeout));
  for (const bool ours : {true, false}) {
    std::vector<std::string> alike;
    std::vector<Removed*> places;
    for (std::size_t i = 0; i < leaving.size(); ++i) {
      if (leaving[i].is_ours() == ours) {
        alike.push_back(ids[i]);
        places.push_back(&removed[i]);
      }
    }
    const auto volumes = ours ? docker::AnonymousVolumes::remove : docker::AnonymousVolumes::keep;
    const auto outcomes = world.engine.remove(alike, volumes, net::Urgency::to_the_end);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (!outcomes[i]) {
        places[i]->outcome = wrap(outcomes[i].error(), "take {} away", places[i]->name);
      }
    }
  }
  return removed;
}

Status take_out(World& world, const Deployment& deployment, const std::vector<kong::Target>& leaving) {
  if (std::ranges::any_of(leaving, [](const kong::Target& t) { return t.weight > 0; })) {
    if (auto others = require_others(world, deployment, leaving); !others) {
      return others;
    }
  }
  return leave_rotation(world, deployment, leaving);
}

}  // namespace

std::vector<Removed> remove_instances(World& world, const Deployment& deployment, const std::vector<Instance>& leaving,
                                      const std::vector<kong::Target>& targets) {
  if (const auto left = take_out(world, deployment, targets_of(leaving, deployment, targets)); !left) {
    std::vector<Removed> none;
    for (const auto& instance : leaving) {
      none.push_back({instance.container.name, left});
    }
    return none;
  }
  return discard(world, deployment, leaving);
}

}  // namespace kscale::fleet
