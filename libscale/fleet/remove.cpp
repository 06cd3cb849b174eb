#include "libscale/fleet/remove.hpp"

#include <algorithm>

#include "libscale/fleet/rotation.hpp"

namespace kscale::fleet {

namespace {

docker::AnonymousVolumes volumes_with(bool is_ours) {
  return is_ours ? docker::AnonymousVolumes::remove : docker::AnonymousVolumes::keep;
}

/// Removes containers that no request reaches any more.
std::vector<Removed> remove_containers(World& world, const std::vector<Instance>& leaving) {
  std::vector<Removed> removed;
  removed.reserve(leaving.size());
  for (const auto& instance : leaving) {
    removed.push_back({.name = instance.container.name, .is_out = true});
  }
  for (const bool ours : {true, false}) {
    std::vector<std::string> alike;
    std::vector<Removed*> places;
    for (std::size_t i = 0; i < leaving.size(); ++i) {
      if (leaving[i].is_ours() == ours) {
        alike.push_back(leaving[i].container.id);
        places.push_back(&removed[i]);
      }
    }
    const auto outcomes = world.engine.remove(alike, volumes_with(ours), net::Urgency::to_the_end);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (!outcomes[i]) {
        places[i]->outcome = wrap(outcomes[i].error(), "take {} away", places[i]->name);
      }
    }
  }
  return removed;
}

/// The first thing that went wrong.
Status stop(World& world, const Deployment& deployment, const std::vector<Instance>& stopping, net::Urgency urgency) {
  std::vector<std::string> ids;
  for (const auto& instance : stopping) {
    world.step(fmt::format("stop {}", instance.container.name));
    ids.push_back(instance.container.id);
  }
  auto outcomes = world.engine.stop(ids, deployment.stop_timeout, urgency);
  const auto failed = std::ranges::find(outcomes, false, &Status::has_value);
  return failed != outcomes.end() ? std::move(*failed) : Status{};
}

}  // namespace

Status remove_container(World& world, const std::string& id, bool is_ours, net::Urgency urgency) {
  return world.engine.remove({id}, volumes_with(is_ours), urgency).front();
}

std::vector<Removed> remove_instances(World& world, const Deployment& deployment, const std::vector<Instance>& leaving,
                                      const std::vector<kong::Target>& targets, int staying) {
  if (const auto left = leave_to_others(world, deployment, leaving, targets, staying); !left) {
    std::vector<Removed> none;
    none.reserve(leaving.size());
    for (const auto& instance : leaving) {
      none.push_back({.name = instance.container.name, .outcome = left});
    }
    return none;
  }
  // An interrupted or failed stop is followed by the removal all the same, which kills what still runs.
  static_cast<void>(stop(world, deployment, leaving, net::Urgency::change));
  return remove_containers(world, leaving);
}

Status stop_instances(World& world, const Deployment& deployment, const std::vector<Instance>& stopping,
                      const std::vector<kong::Target>& targets) {
  if (auto left = leave_rotation(world, deployment, targets_of(stopping, deployment, targets)); !left) {
    return left;
  }
  return stop(world, deployment, stopping, net::Urgency::change);
}

Status stop_for_restart(World& world, const Deployment& deployment, const std::vector<Instance>& stopping) {
  return stop(world, deployment, stopping, net::Urgency::to_the_end);
}

Status discard_instances(World& world, const Deployment& deployment, const std::vector<Instance>& instances,
                         const std::vector<kong::Target>& targets) {
  std::vector<std::string> addresses;
  for (const auto& target : targets_of(instances, deployment, targets)) {
    addresses.push_back(target.address);
  }
  if (auto deleted = world.kong.remove_targets(deployment.upstream, addresses); !deleted) {
    return deleted;
  }
  for (auto& removed : remove_containers(world, instances)) {
    if (!removed.outcome) {
      return removed.outcome;
    }
  }
  return {};
}

}  // namespace kscale::fleet
