#include "libscale/fleet/add.hpp"

#include <algorithm>

#include "libscale/fleet/rotation.hpp"

namespace kscale::fleet {

namespace {

/// Brings those into rotation that can serve; the others have their outcome already, or get it here.
std::vector<Launch*> enter(World& world, const Deployment& deployment, std::vector<Launch>& launches) {
  std::vector<Entrant> entrants;
  std::vector<Launch*> entering;
  for (auto& launch : launches) {
    if (!launch.outcome) {
      continue;
    }
    if (auto container = world.engine.inspect(launch.id)) {
      entrants.push_back({.instance = {launch.number, std::move(*container)}});
      entering.push_back(&launch);
    } else {
      launch.outcome = tl::unexpected(container.error());
    }
  }
  enter_rotation(world, deployment, entrants);
  for (std::size_t i = 0; i < entering.size(); ++i) {
    entering[i]->outcome = entrants[i].outcome;
    entering[i]->target_may_stay = entrants[i].target_may_stay;
  }
  return entering;
}

/// Takes back what did not get into rotation. A container whose target may still be there stays: a target without a
/// container is worse than one instance too many.
void take_back_failed(World& world, std::vector<Launch>& launches) {
  for (auto& launch : launches) {
    if (launch.outcome || launch.stays || launch.target_may_stay) {
      continue;
    }
    if (const auto taken = take_back(world, launch); !taken) {
      launch.is_left = true;
      launch.outcome.error().what += fmt::format("; {} was left as it is: {}", launch.name, taken.error().what);
    }
  }
}

std::vector<Added> outcomes_of(std::vector<Launch>& launches) {
  std::vector<Added> added;
  added.reserve(launches.size());
  for (auto& one : launches) {
    added.push_back({one.number, one.name, std::move(one.outcome)});
  }
  return added;
}

}  // namespace

std::vector<Added> bring_in(World& world, const Deployment& deployment, std::vector<Launch> launches) {
  await_ready(world, deployment, launches);
  enter(world, deployment, launches);
  take_back_failed(world, launches);
  return outcomes_of(launches);
}

std::vector<Added> add_instances(World& world, const Deployment& deployment, const std::vector<Instance>& present,
                                 int count) {
  std::vector<Added> added;
  std::vector<int> avoided;
  for (int tries = 1; count > 0; ++tries) {
    auto launches = launch(world, deployment, present, avoided, count);
    await_ready(world, deployment, launches);
    const auto entered = enter(world, deployment, launches);
    take_back_failed(world, launches);
    count = 0;
    for (auto& one : launches) {
      avoided.push_back(one.number);
      const bool was_entering = std::ranges::find(entered, &one) != entered.end();
      const bool is_gone = !one.target_may_stay && !one.is_left;  // else another one would be one too many
      if (was_entering && is_gone && !one.outcome && one.outcome.error().code == Errc::conflict &&
          tries < k_name_tries) {
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
