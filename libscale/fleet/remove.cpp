#include "libscale/fleet/remove.hpp"

#include <algorithm>

namespace kscale::fleet {

namespace {

using Kind = kong::TargetChange::Kind;

/// The targets of those that leave, as they are now.
std::vector<kong::Target> targets_of(const std::vector<Instance>& leaving, const Deployment& deployment,
                                     const std::vector<kong::Target>& targets) {
  std::vector<kong::Target> found;
  for (const auto& instance : leaving) {
    const auto address = deployment.address_of(instance);
    const auto target = std::ranges::find_if(targets, [&](const auto& t) { return t.address == address; });
    if (target != targets.end()) {
      found.push_back(*target);
    }
  }
  return found;
}

std::vector<kong::Target> in_rotation(const std::vector<kong::Target>& targets) {
  std::vector<kong::Target> found;
  std::ranges::copy_if(targets, std::back_inserter(found), [](const kong::Target& t) { return t.weight > 0; });
  return found;
}

/// Whether requests would still be served without those that leave, as far as Kong's health checks know.
Status require_others(World& world, const Deployment& deployment, const std::vector<kong::Target>& leaving) {
  const auto health = world.kong.health(deployment.upstream);
  if (!health) {
    return tl::unexpected(health.error());
  }
  const bool others_serve = std::ranges::any_of(*health, [&](const kong::TargetHealth& t) {
    return t.weight > 0 && t.health != "UNHEALTHY" && t.health != "DNS_ERROR" &&
           std::ranges::find(leaving, t.address, &kong::Target::address) == leaving.end();
  });
  return others_serve ? Status{}
                      : fail(Errc::refused, "no other target of '{}' serves, so nothing is taken out of rotation",
                             deployment.upstream);
}

std::vector<kong::TargetChange> changes_for(const std::vector<kong::Target>& targets, Kind kind, int weight) {
  std::vector<kong::TargetChange> changes;
  changes.reserve(targets.size());
  for (const auto& target : targets) {
    changes.push_back({kind, target.address, weight});
  }
  return changes;
}

/// Gives the targets the weight back that they had, also those that are deleted already, and then tells why.
Status put_back(World& world, const Deployment& deployment, const std::vector<kong::Target>& targets,
                const Error& why) {
  std::vector<kong::TargetChange> changes;
  changes.reserve(targets.size());
  for (const auto& target : targets) {
    changes.push_back(deployment.to_add(target.address, target.weight));
  }
  const auto restored = world.kong.change_targets(deployment.upstream, changes, net::Urgency::to_the_end);
  if (!restored) {
    return fail(why.code, "{}; the weight of the targets could not be given back: {}", why.what, restored.error().what);
  }
  return tl::unexpected(why);
}

/// Leads the traffic away. After success no request reaches those that leave.
Status drain(World& world, const Deployment& deployment, const std::vector<kong::Target>& leaving) {
  for (const auto& target : leaving) {
    world.step(fmt::format("drain {}", target.address));
  }
  const auto weighed = world.kong.change_targets(deployment.upstream, changes_for(leaving, Kind::weigh, 0));
  if (!weighed) {
    return put_back(world, deployment, leaving, weighed.error());
  }
  if (world.clock.wait(deployment.propagation_wait + deployment.drain_timeout) == Waited::interrupted) {
    return put_back(world, deployment, leaving, {Errc::interrupted, "interrupted while draining"});
  }
  return {};
}

/// Takes those that leave out of Kong.
Status leave_rotation(World& world, const Deployment& deployment, const std::vector<kong::Target>& leaving) {
  const auto serving = in_rotation(leaving);
  if (!serving.empty()) {
    if (auto others = require_others(world, deployment, leaving); !others) {
      return others;
    }
    if (auto drained = drain(world, deployment, serving); !drained) {
      return drained;
    }
  }
  const auto deleted = world.kong.change_targets(deployment.upstream, changes_for(leaving, Kind::remove, 0));
  return deleted ? deleted : put_back(world, deployment, leaving, deleted.error());
}

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

}  // namespace

std::vector<Removed> remove_instances(World& world, const Deployment& deployment, const std::vector<Instance>& leaving,
                                      const std::vector<kong::Target>& targets) {
  if (const auto left = leave_rotation(world, deployment, targets_of(leaving, deployment, targets)); !left) {
    std::vector<Removed> none;
    for (const auto& instance : leaving) {
      none.push_back({instance.container.name, left});
    }
    return none;
  }
  return discard(world, deployment, leaving);
}

}  // namespace kscale::fleet
