#include "libscale/fleet/rotation.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace kscale::fleet {

namespace {

using namespace std::chrono_literals;
using Kind = kong::TargetChange::Kind;

/// How long a target that Kong accepted may take to show in its balancer.
constexpr auto k_seen_timeout = 10s;
constexpr auto k_seen_poll = 100ms;

struct Entering {
  Entrant* entrant;
  std::string address;
};

std::vector<Entering> those_well(const std::vector<Entering>& all) {
  std::vector<Entering> well;
  std::ranges::copy_if(all, std::back_inserter(well), [](const Entering& e) { return e.entrant->outcome.has_value(); });
  return well;
}

std::vector<Entering> those_failed(const std::vector<Entering>& all) {
  std::vector<Entering> failed;
  std::ranges::copy_if(all, std::back_inserter(failed), [](const Entering& e) { return !e.entrant->outcome; });
  return failed;
}

std::vector<kong::TargetChange> changes_for(const Deployment& deployment, const std::vector<Entering>& those, Kind kind,
                                            int weight) {
  std::vector<kong::TargetChange> changes;
  changes.reserve(those.size());
  for (const auto& one : those) {
    changes.push_back({kind, one.address, weight, deployment.tag()});
  }
  return changes;
}

std::vector<kong::TargetChange> changes_for(const std::vector<kong::Target>& targets, Kind kind, int weight) {
  std::vector<kong::TargetChange> changes;
  changes.reserve(targets.size());
  for (const auto& target : targets) {
    changes.push_back({kind, target.address, weight});
  }
  return changes;
}

void fail_all(const std::vector<Entering>& those, const Error& why) {
  for (const auto& one : those) {
    one.entrant->outcome = wrap(why, "add target {}", one.address);
  }
}

/// What keeps the target from being used by Kong's balancer; nothing when it can be.
std::optional<Error> obstacle(const Deployment& deployment, const Entering& entering,
                              const std::vector<kong::TargetHealth>& health) {
  const auto found = std::ranges::find(health, entering.address, &kong::TargetHealth::address);
  if (found == health.end()) {
    return Error{Errc::failed,
                 fmt::format("Kong accepted target {}, but its balancer does not know it", entering.address)};
  }
  if (found->health == "DNS_ERROR") {
    return Error{Errc::failed, fmt::format("Kong cannot resolve {}: is it in the same Docker network? See "
                                           "target-address",
                                           entering.address)};
  }
  if (deployment.addressing == Addressing::name && is_elsewhere(entering.entrant->instance, *found)) {
    return Error{
        Errc::conflict,
        fmt::format("Kong takes {} for {}, the address of an earlier container; target-address: ip avoids that",
                    entering.entrant->instance.container.name, found->resolved.front().ip)};
  }
  return std::nullopt;
}

/// One look at Kong's balancer. Those that it can use are left out of what comes back; the others have the reason as
/// their outcome where waiting does not help, or the time is up.
std::vector<Entering> still_unseen(World& world, const Deployment& deployment, const std::vector<Entering>& waiting,
                                   bool time_is_up) {
  const auto health = world.kong.health(deployment.upstream);
  if (!health) {
    if (time_is_up || health.error().code == Errc::interrupted) {
      fail_all(waiting, health.error());
      return {};
    }
    return waiting;
  }
  std::vector<Entering> left;
  for (const auto& one : waiting) {
    const auto why = obstacle(deployment, one, *health);
    if (!why) {
      continue;
    }
    if (time_is_up || why->code == Errc::conflict) {
      fail_all({one}, *why);
    } else {
      left.push_back(one);
    }
  }
  return left;
}

/// Waits until Kong's balancer can use the targets.
void await_seen(World& world, const Deployment& deployment, std::vector<Entering> waiting) {
  const auto end = world.clock.now().instant + k_seen_timeout;
  while (!waiting.empty()) {
    waiting = still_unseen(world, deployment, waiting, world.clock.now().instant >= end);
    if (!waiting.empty() && world.clock.wait(k_seen_poll) == Waited::interrupted) {
      fail_all(waiting, {Errc::interrupted, "interrupted"});
      return;
    }
  }
}

/// After writing weights went wrong: those that Kong has in rotation all the same have entered it.
void sort_out(World& world, const Deployment& deployment, const std::vector<Entering>& those, const Error& why) {
  const auto targets = world.kong.targets(deployment.upstream, net::Urgency::to_the_end);
  for (const auto& one : those) {
    const int weight = one.entrant->weight.value_or(deployment.target_weight);
    const auto serves = [&](const kong::Target& t) { return t.address == one.address && t.weight == weight; };
    if (!targets || std::ranges::none_of(*targets, serves)) {
      fail_all({one}, why);
    }
  }
}

void make_targets(World& world, const Deployment& deployment, const std::vector<Entering>& all) {
  if (const auto made = world.kong.change_targets(deployment.upstream, changes_for(deployment, all, Kind::add, 0));
      !made) {
    fail_all(all, made.error());
    return;
  }
  await_seen(world, deployment, all);
  const auto seen = those_well(all);
  auto weights = changes_for(deployment, seen, Kind::weigh, deployment.target_weight);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    weights[i].weight = seen[i].entrant->weight.value_or(weights[i].weight);
  }
  if (const auto weighed = world.kong.change_targets(deployment.upstream, weights); !weighed) {
    sort_out(world, deployment, seen, weighed.error());
  }
  if (!those_well(seen).empty()) {
    world.clock.wait(deployment.propagation_wait);
  }
}

/// Takes the targets of those that failed out of Kong again.
void take_back(World& world, const Deployment& deployment, const std::vector<Entering>& failed) {
  const auto removed = world.kong.change_targets(deployment.upstream, changes_for(deployment, failed, Kind::remove, 0),
                                                 net::Urgency::to_the_end);
  if (!removed) {
    for (const auto& one : failed) {
      one.entrant->target_may_stay = true;
      one.entrant->outcome.error().what +=
          fmt::format("; target {} may be left: {}", one.address, removed.error().what);
    }
  }
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

/// Whether requests are still served when `leaving` are gone, as far as Kong's health checks know.
Status require_others(World& world, const Deployment& deployment, const std::vector<kong::Target>& leaving) {
  const auto health = world.kong.health(deployment.upstream);
  if (!health) {
    return tl::unexpected(health.error());
  }
  const bool others_serve = std::ranges::any_of(*health, [&](const kong::TargetHealth& t) {
    return t.weight > 0 && !t.is_given_up() &&
           std::ranges::find(leaving, t.address, &kong::Target::address) == leaving.end();
  });
  return others_serve ? Status{}
                      : fail(Errc::refused, "no other target of '{}' serves, so nothing is taken out of rotation",
                             deployment.upstream);
}

/// Whether so many run besides those that leave. Kong may not have noticed yet where one does not.
Status require_running(World& world, const Deployment& deployment, const std::vector<Instance>& leaving, int staying) {
  const auto instances = instances_of(world, deployment);
  if (!instances) {
    return tl::unexpected(instances.error());
  }
  const auto stays = [&](const Instance& instance) {
    return instance.is_running() && std::ranges::find(leaving, instance.number, &Instance::number) == leaving.end();
  };
  const auto count = std::ranges::count_if(*instances, stays);
  return count >= staying ? Status{}
                          : fail(Errc::refused,
                                 "only {} of the {} instances that were to stay run after the drain, so nothing is "
                                 "taken away",
                                 count, staying);
}

std::vector<kong::Target> serving(const std::vector<kong::Target>& targets) {
  std::vector<kong::Target> found;
  std::ranges::copy_if(targets, std::back_inserter(found), [](const kong::Target& t) { return t.weight > 0; });
  return found;
}

Status delete_drained(World& world, const Deployment& deployment, const std::vector<kong::Target>& leaving) {
  const auto deleted = world.kong.change_targets(deployment.upstream, changes_for(leaving, Kind::remove, 0));
  return deleted ? deleted : put_back(world, deployment, leaving, deleted.error());
}

}  // namespace

void enter_rotation(World& world, const Deployment& deployment, std::vector<Entrant>& entrants) {
  std::vector<Entering> entering;
  for (auto& entrant : entrants) {
    if (auto address = deployment.address_of(entrant.instance)) {
      world.step(fmt::format("add target {}", *address));
      entering.push_back({&entrant, std::move(*address)});
    } else {
      entrant.outcome = fail(Errc::failed,
                             "{} has no address for Kong: it publishes no port {}, or is in no network; see "
                             "target-address",
                             entrant.instance.container.name, deployment.container_port);
    }
  }
  if (!entering.empty()) {
    make_targets(world, deployment, entering);
    take_back(world, deployment, those_failed(entering));
  }
}

bool is_elsewhere(const Instance& instance, const kong::TargetHealth& seen) {
  const auto& networks = instance.container.networks;
  const auto is_known = [&](const auto& address) {
    // IPv6 addresses of containers are not read; Kong uses them only where there is no other.
    return address.ip.find(':') != std::string::npos ||
           std::ranges::find(networks, address.ip, &docker::Attachment::ip) != networks.end();
  };
  return !seen.resolved.empty() && std::ranges::none_of(seen.resolved, is_known);
}

std::vector<kong::Target> targets_of(const std::vector<Instance>& instances, const Deployment& deployment,
                                     const std::vector<kong::Target>& targets) {
  std::vector<kong::Target> found;
  for (const auto& instance : instances) {
    const auto address = deployment.address_of(instance);
    const auto target = std::ranges::find_if(targets, [&](const auto& t) { return t.address == address; });
    if (target != targets.end()) {
      found.push_back(*target);
    }
  }
  return found;
}

Status leave_rotation(World& world, const Deployment& deployment, const std::vector<kong::Target>& leaving) {
  if (const auto draining = serving(leaving); !draining.empty()) {
    if (auto drained = drain(world, deployment, draining); !drained) {
      return drained;
    }
  }
  return delete_drained(world, deployment, leaving);
}

Status leave_to_others(World& world, const Deployment& deployment, const std::vector<Instance>& leaving,
                       const std::vector<kong::Target>& targets, int staying) {
  const auto own = targets_of(leaving, deployment, targets);
  if (const auto draining = serving(own); !draining.empty()) {
    if (auto others = require_others(world, deployment, own); !others) {
      return others;
    }
    if (auto drained = drain(world, deployment, draining); !drained) {
      return drained;
    }
    if (const auto running = require_running(world, deployment, leaving, staying); !running) {
      return put_back(world, deployment, draining, running.error());
    }
  }
  return delete_drained(world, deployment, own);
}

}  // namespace kscale::fleet
