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

bool others_serve(const std::vector<kong::Target>& targets, const std::vector<kong::Target>& leaving) {
  return std::ranges::any_of(targets, [&](const kong::Target& t) {
    return t.weight > 0 && std::ranges::find(leaving, t.address, &kong::Target::address) == leaving.end();
  });
}

std::vector<kong::TargetChange> changes_for(const std::vector<kong::Target>& targets, Kind kind,
                                            std::optional<int> weight) {
  std::vector<kong::TargetChange> changes;
  changes.reserve(targets.size());
  for (const auto& target : targets) {
    changes.push_back({kind, target.address, weight.value_or(target.weight)});
  }
  return changes;
}

/// Gives the targets the weight back that they had, and then tells why.
Status put_back(World& world, const Deployment& deployment, const std::vector<kong::Target>& targets,
                const Error& why) {
  const auto restored = world.kong.change_targets(deployment.upstream, changes_for(targets, Kind::weigh, std::nullopt),
                                                  net::Urgency::to_the_end);
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
  const auto deleted = world.kong.change_targets(deployment.upstream, changes_for(leaving, Kind::remove, std::nullopt));
  if (!deleted) {
    return put_back(world, deployment, leaving, deleted.error());
  }
  return {};
}

/// Stops and removes containers that no request reaches any more.
Status discard(World& world, const Deployment& deployment, const std::vector<Instance>& leaving) {
  std::vector<std::string> ids;
  for (const auto& instance : leaving) {
    world.step(fmt::format("stop {}", instance.container.name));
    ids.push_back(instance.container.id);
  }
  // An interrupted or failed stop is followed by the removal all the same, which kills what still runs.
  static_cast<void>(world.engine.stop(ids, deployment.stop_timeout));
  Status outcome;
  for (const auto& instance : leaving) {
    const auto volumes = instance.is_ours() ? docker::AnonymousVolumes::remove : docker::AnonymousVolumes::keep;
    const auto removed = world.engine.remove({instance.container.id}, volumes, net::Urgency::to_the_end);
    if (!removed.front() && outcome) {
      outcome = wrap(removed.front().error(), "take {} away", instance.container.name);
    }
  }
  return outcome;
}

}  // namespace

Status remove_instances(World& world, const Deployment& deployment, const std::vector<Instance>& leaving,
                        const std::vector<kong::Target>& targets) {
  const auto in_rotation = targets_of(leaving, deployment, targets);
  if (!in_rotation.empty()) {
    if (!others_serve(targets, in_rotation)) {
      return fail(Errc::refused, "no other target of '{}' is in rotation, so nothing is taken out of it",
                  deployment.upstream);
    }
    if (auto drained = drain(world, deployment, in_rotation); !drained) {
      return drained;
    }
  }
  return discard(world, deployment, leaving);
}

}  // namespace kscale::fleet
