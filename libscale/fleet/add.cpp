#include "libscale/fleet/add.hpp"

#include <algorithm>
#include <optional>

#include "libscale/fleet/launch.hpp"

namespace kscale::fleet {

namespace {

using namespace std::chrono_literals;
using Kind = kong::TargetChange::Kind;

/// How long a target that Kong accepted may take to show in its balancer.
constexpr auto k_seen_timeout = 10s;
constexpr auto k_seen_poll = 100ms;
/// How many numbers are tried for one instance when Kong takes its name for another address.
constexpr int k_name_tries = 3;

/// A launched container on its way into rotation.
struct Entering {
  Launch* launch;
  std::string address;           ///< of its target
  std::vector<std::string> ips;  ///< of its container
};

std::vector<Entering> those_well(const std::vector<Entering>& all) {
  std::vector<Entering> well;
  std::ranges::copy_if(all, std::back_inserter(well), [](const Entering& e) { return e.launch->outcome.has_value(); });
  return well;
}

/// The launches that can serve, with the addresses that Kong is to send their requests to.
std::vector<Entering> entering(World& world, const Deployment& deployment, std::vector<Launch>& launches) {
  std::vector<Entering> ready;
  for (auto& launch : launches) {
    if (!launch.outcome) {
      continue;
    }
    const auto container = world.engine.inspect(launch.id);
    if (!container) {
      launch.outcome = tl::unexpected(container.error());
      continue;
    }
    auto address = deployment.address_of({launch.number, *container});
    if (!address) {
      launch.outcome = fail(Errc::failed,
                            "{} has no address for Kong: it publishes no port {}, or is in no network; see "
                            "target-address",
                            launch.name, deployment.container_port);
      continue;
    }
    Entering one{.launch = &launch, .address = std::move(*address)};
    for (const auto& attachment : container->networks) {
      one.ips.push_back(attachment.ip);
    }
    ready.push_back(std::move(one));
  }
  return ready;
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

void fail_all(const std::vector<Entering>& those, const Error& why) {
  for (const auto& one : those) {
    one.launch->outcome = wrap(why, "add target {}", one.address);
  }
}

/// Whether Kong would send the requests for a target addressed by name to another address than the container has: it
/// keeps an answer of Docker's DNS for ten minutes, also that of an earlier container of the same name.
bool is_elsewhere(const Entering& entering, const kong::TargetHealth& seen) {
  const auto is_known = [&](const auto& address) {
    // IPv6 addresses of containers are not read; Kong uses them only where there is no other.
    return address.ip.find(':') != std::string::npos ||
           std::ranges::find(entering.ips, address.ip) != entering.ips.end();
  };
  return !seen.resolved.empty() && std::ranges::none_of(seen.resolved, is_known);
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
  if (deployment.addressing == Addressing::name && is_elsewhere(entering, *found)) {
    return Error{
        Errc::conflict,
        fmt::format("Kong takes {} for {}, the address of an earlier container; target-address: ip avoids that",
                    entering.launch->name, found->resolved.front().ip)};
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
    const auto serves = [&](const kong::Target& t) { return t.address == one.address && t.weight > 0; };
    if (!targets || std::ranges::none_of(*targets, serves)) {
      fail_all({one}, why);
    }
  }
}

/// The targets are made with weight 0, so that all that can go wrong does before the first request comes.
void enter_rotation(World& world, const Deployment& deployment, const std::vector<Entering>& ready) {
  for (const auto& one : ready) {
    world.step(fmt::format("add target {}", one.address));
  }
  if (const auto made = world.kong.change_targets(deployment.upstream, changes_for(deployment, ready, Kind::add, 0));
      !made) {
    fail_all(ready, made.error());
    return;
  }
  await_seen(world, deployment, ready);
  const auto seen = those_well(ready);
  const auto weights = changes_for(deployment, seen, Kind::weigh, deployment.target_weight);
  if (const auto weighed = world.kong.change_targets(deployment.upstream, weights); !weighed) {
    sort_out(world, deployment, seen, weighed.error());
  }
  if (!those_well(seen).empty()) {
    world.clock.wait(deployment.propagation_wait);
  }
}

/// Takes back what did not get into rotation: first the targets, then the containers. A container whose target may
/// still be there stays: a target without a container is worse than one instance too many.
void take_back_failed(World& world, const Deployment& deployment, std::vector<Launch>& launches,
                      const std::vector<Entering>& tried) {
  std::vector<Entering> failed;
  std::ranges::copy_if(tried, std::back_inserter(failed), [](const Entering& e) { return !e.launch->outcome; });
  const auto removed = world.kong.change_targets(deployment.upstream, changes_for(deployment, failed, Kind::remove, 0),
                                                 net::Urgency::to_the_end);
  for (auto& launch : launches) {
    if (launch.outcome) {
      continue;
    }
    const bool has_target = std::ranges::find(failed, &launch, &Entering::launch) != failed.end();
    const auto taken = removed || !has_target ? take_back(world, launch) : removed;
    if (!taken) {
      launch.outcome.error().what += fmt::format("; {} was left as it is: {}", launch.name, taken.error().what);
    }
  }
}

}  // namespace

std::vector<Added> add_instances(World& world, const Deployment& deployment, const std::vector<Instance>& present,
                                 int count) {
  std::vector<Added> added;
  std::vector<int> avoided;
  for (int tries = 1; count > 0; ++tries) {
    auto launches = launch(world, deployment, present, avoided, count);
    await_ready(world, deployment, launches);
    const auto ready = entering(world, deployment, launches);
    if (!ready.empty()) {
      enter_rotation(world, deployment, ready);
    }
    take_back_failed(world, deployment, launches, ready);
    count = 0;
    for (auto& one : launches) {
      avoided.push_back(one.number);
      const bool entered = std::ranges::find(ready, &one, &Entering::launch) != ready.end();
      if (entered && !one.outcome && one.outcome.error().code == Errc::conflict && tries < k_name_tries) {
        world.step(fmt::format("{}; the next number is tried", one.outcome.error().what));
        ++count;
      } else {
        added.push_back({one.number, one.name, std::move(one.outcome)});
      }
    }
  }
  return added;
}

}  // namespace kscale::fleet
