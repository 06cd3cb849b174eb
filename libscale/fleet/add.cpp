#include "libscale/fleet/add.hpp"

#include <algorithm>
#include <optional>

#include "libscale/fleet/launch.hpp"

namespace kscale::fleet {

namespace {

using namespace std::chrono_literals;

/// How long a target that Kong accepted may take to show in its list.
constexpr auto k_seen_timeout = 10s;
constexpr auto k_seen_poll = 100ms;

struct Entering {
  Launch* launch;
  std::string address;
};

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
    if (auto address = deployment.address_of({launch.number, *container})) {
      ready.push_back({&launch, std::move(*address)});
    } else {
      launch.outcome = fail(Errc::failed,
                            "{} has no address for Kong: it publishes no port {}, or is in no network; see "
                            "target-address",
                            launch.name, deployment.container_port);
    }
  }
  return ready;
}

/// What keeps the target from being seen by Kong's balancer; nothing when it is there.
std::optional<std::string> unseen(const Entering& entering, const std::vector<kong::TargetHealth>& health) {
  const auto found = std::ranges::find(health, entering.address, &kong::TargetHealth::address);
  if (found == health.end()) {
    return fmt::format("Kong accepted target {}, but its balancer does not know it", entering.address);
  }
  if (found->health == "DNS_ERROR") {
    return fmt::format("Kong cannot resolve {}: is it in the same Docker network? See target-address",
                       entering.address);
  }
  return std::nullopt;
}

/// The first thing that keeps one of the targets from being seen; nothing when all are.
Result<std::optional<std::string>> first_unseen(World& world, const Deployment& deployment,
                                                const std::vector<Entering>& added) {
  const auto health = world.kong.health(deployment.upstream);
  if (!health) {
    return tl::unexpected(health.error());
  }
  for (const auto& entering : added) {
    if (auto why = unseen(entering, *health)) {
      return why;
    }
  }
  return std::nullopt;
}

/// Waits until Kong's balancer has all the targets, and then as long as a change takes to reach every worker.
Status await_seen(World& world, const Deployment& deployment, const std::vector<Entering>& added) {
  const auto end = world.clock.now().instant + k_seen_timeout;
  while (true) {
    const auto why = first_unseen(world, deployment, added);
    if (why && !*why) {
      break;
    }
    if (world.clock.now().instant >= end) {
      return why ? fail(Errc::timed_out, "{}", **why) : tl::unexpected(why.error());
    }
    if (world.clock.wait(k_seen_poll) == Waited::interrupted) {
      return {};  // the targets are written and their instances can serve: that is no half-made thing
    }
  }
  world.clock.wait(deployment.propagation_wait);
  return {};
}

Status enter_rotation(World& world, const Deployment& deployment, const std::vector<Entering>& ready) {
  std::vector<kong::TargetChange> changes;
  for (const auto& [launch, address] : ready) {
    world.step(fmt::format("add target {}", address));
    changes.push_back({kong::TargetChange::Kind::add, address, deployment.target_weight});
  }
  auto added = world.kong.change_targets(deployment.upstream, changes);
  return added ? await_seen(world, deployment, ready) : added;
}

/// Takes targets out again whose writing failed half-way, and then their containers. A container that may still be in
/// rotation stays: a target without a container is worse than one instance too many.
void leave_rotation(World& world, const Deployment& deployment, const std::vector<Entering>& entered,
                    const Error& why) {
  std::vector<kong::TargetChange> changes;
  for (const auto& [launch, address] : entered) {
    changes.push_back({kong::TargetChange::Kind::remove, address, 0});
    launch->outcome = wrap(why, "add target {}", address);
  }
  const auto removed = world.kong.change_targets(deployment.upstream, changes, net::Urgency::to_the_end);
  if (removed) {
    world.clock.wait(deployment.propagation_wait);
  }
  for (const auto& [launch, address] : entered) {
    const auto taken = removed ? take_back(world, *launch) : removed;
    if (!taken) {
      launch->outcome.error().what += fmt::format("; {} was left running: {}", launch->name, taken.error().what);
    }
  }
}

}  // namespace

std::vector<Added> add_instances(World& world, const Deployment& deployment, const std::vector<Instance>& present,
                                 int count) {
  auto launches = launch(world, deployment, present, count);
  await_ready(world, deployment, launches);
  const auto ready = entering(world, deployment, launches);
  for (auto& launch : launches) {
    if (!launch.outcome) {
      if (const auto taken = take_back(world, launch); !taken) {
        launch.outcome.error().what += "; " + taken.error().what;
      }
    }
  }
  if (!ready.empty()) {
    if (const auto entered = enter_rotation(world, deployment, ready); !entered) {
      leave_rotation(world, deployment, ready, entered.error());
    }
  }
  std::vector<Added> added;
  added.reserve(launches.size());
  for (auto& launch : launches) {
    added.push_back({launch.number, launch.name, std::move(launch.outcome)});
  }
  return added;
}

}  // namespace kscale::fleet
