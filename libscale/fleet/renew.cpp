#include "libscale/fleet/renew.hpp"

#include <tuple>
#include <vector>

#include "libscale/fleet/blueprint.hpp"
#include "libscale/fleet/launch.hpp"
#include "libscale/fleet/remove.hpp"
#include "libscale/fleet/rotation.hpp"

namespace kscale::fleet {

namespace {

/// Takes the instance's target out of rotation; where the instance does not run it stays, as it does no harm that was
/// not there. Gives the weight that it had; nothing where none is known.
Result<std::optional<int>> step_aside(World& world, const Deployment& deployment, const Instance& instance,
                                      Meanwhile meanwhile) {
  const auto targets = world.kong.targets(deployment.upstream);
  if (!targets) {
    return tl::unexpected(targets.error());
  }
  const auto own = targets_of({instance}, deployment, *targets);
  if (own.empty()) {
    return std::optional<int>();
  }
  Status left;
  if (meanwhile == Meanwhile::others) {
    left = leave_to_others(world, deployment, {instance}, *targets, 1);
  } else if (instance.is_running()) {  // since it was found that none does
    left = leave_rotation(world, deployment, own);
  }
  if (!left) {
    return tl::unexpected(left.error());
  }
  return std::optional(own.front().weight);
}

/// Waits until the started container can serve, and leads requests to it, as many as `weight` says. The outcome is the
/// launch's.
void step_forward(World& world, const Deployment& deployment, Launch& launch, std::optional<int> weight) {
  std::vector<Launch> launches{launch};
  await_ready(world, deployment, launches);
  launch = std::move(launches.front());
  if (!launch.outcome) {
    return;
  }
  auto container = world.engine.inspect(launch.id);
  if (!container) {
    launch.outcome = tl::unexpected(container.error());
    return;
  }
  std::vector<Entrant> entrants{{.instance = {launch.number, std::move(*container)}, .weight = weight}};
  enter_rotation(world, deployment, entrants);
  launch.outcome = entrants.front().outcome;
  launch.target_may_stay = entrants.front().target_may_stay;
}

Status start_again(World& world, const Deployment& deployment, const Instance& instance, std::optional<int> weight) {
  world.step(fmt::format("start {}", instance.container.name));
  auto launch = std::move(start_stopped(world, {instance}, net::Urgency::to_the_end).front());
  if (launch.outcome) {
    step_forward(world, deployment, launch, weight);
  }
  return launch.outcome;
}

/// The container that is to take the instance's place.
Result<Blueprint> successor(World& world, const Deployment& deployment, const Instance& instance,
                            const std::string& image) {
  const auto inspection = inspection_of_its_own(world, instance.container.id);
  if (!inspection) {
    return tl::unexpected(inspection.error());
  }
  auto overrides = deployment.overrides;
  overrides.image.reset();  // what is asked for goes before what the settings say
  return like_sibling(*inspection, instance.number, image, deployment.identity(instance.number), overrides);
}

/// A replacement in the making, and how far it came.
struct Replacement {
  const Instance& old;
  std::optional<int> weight;  ///< of the old one's target
  enum class Aside { no, maybe, yes } aside = Aside::no;
  Launch launch;
};

/// Lets the old one go on as before. Gives what it does now.
Result<std::string> go_on(World& world, const Deployment& deployment, const Replacement& replacement) {
  const auto& old = replacement.old;
  if (old.is_running()) {
    return start_again(world, deployment, old, replacement.weight).map([] { return std::string("serves again"); });
  }
  if (old.is_down()) {
    return "stands stopped as before";
  }
  const auto launch = std::move(start_stopped(world, {old}, net::Urgency::to_the_end).front());
  return launch.outcome.map([] { return std::string("is started again"); });
}

/// Undoes it: the new container goes, the old one gets its name back and goes on as before.
Status bring_back(World& world, const Deployment& deployment, const Replacement& replacement, const Error& why) {
  const auto& [id, name] = std::tie(replacement.old.container.id, replacement.old.container.name);
  world.step(fmt::format("bring the old {} back", name));
  auto back = take_back(world, replacement.launch);
  if (back && replacement.aside != Replacement::Aside::no) {
    back = world.engine.rename(id, name, net::Urgency::to_the_end);
    if (!back && replacement.aside == Replacement::Aside::maybe) {
      back = {};  // it has its name still, and engines differ in what they say to that
    }
  }
  const auto gone_on = back ? go_on(world, deployment, replacement) : tl::unexpected(back.error());
  return fail(why.code, "{}; {}", why.what,
              gone_on ? fmt::format("the old {} {}", name, *gone_on)
                      : fmt::format("the old {} could not be brought back: {}", name, gone_on.error().what));
}

/// One that an earlier replacement could not remove, or left behind in a crash.
Status remove_left_over(World& world, const Instance& instance) {
  const auto left = world.engine.inspect(instance.container.name + k_set_aside);
  if (!left) {
    return left.error().code == Errc::not_found ? Status{} : Status(tl::unexpected(left.error()));
  }
  return remove_container(world, left->id, instance.is_ours(), net::Urgency::to_the_end);
}

}  // namespace

Status restart_instance(World& world, const Deployment& deployment, const Instance& instance) {
  const auto weight = step_aside(world, deployment, instance, Meanwhile::others);
  if (!weight) {
    return tl::unexpected(weight.error());
  }
  // One that did not stop is started all the same, which does nothing where it still runs.
  const auto stopped = stop_for_restart(world, deployment, {instance});
  auto started = start_again(world, deployment, instance, *weight);
  return stopped ? started : stopped;
}

Status replace_instance(World& world, const Deployment& deployment, const Instance& instance, const std::string& image,
                        Meanwhile meanwhile) {
  const auto blueprint = successor(world, deployment, instance, image);
  if (!blueprint) {
    return tl::unexpected(blueprint.error());
  }
  if (auto removed = remove_left_over(world, instance); !removed) {
    return removed;
  }
  const auto weight = step_aside(world, deployment, instance, meanwhile);
  if (!weight) {
    return tl::unexpected(weight.error());
  }
  const auto& [id, name] = std::tie(instance.container.id, instance.container.name);
  Replacement replacement{.old = instance, .weight = *weight, .launch = {.number = instance.number, .name = name}};
  auto made = stop_for_restart(world, deployment, {instance});
  if (made) {
    made = world.engine.rename(id, name + k_set_aside, net::Urgency::to_the_end);
    replacement.aside = made ? Replacement::Aside::yes : Replacement::Aside::maybe;
  }
  auto& launch = replacement.launch;
  if (made) {
    launch = launch_from(world, *blueprint, instance.number);
    if (launch.outcome) {
      step_forward(world, deployment, launch, *weight);
    }
    made = launch.outcome;
  }
  if (launch.target_may_stay) {
    // Requests may come to it. It can serve, and the old one is found and removed by what comes next.
    return fail(made.error().code, "{}; the new {} was left as it is", made.error().what, name);
  }
  if (!made) {
    return bring_back(world, deployment, replacement, made.error());
  }
  if (const auto removed = remove_container(world, id, instance.is_ours(), net::Urgency::to_the_end); !removed) {
    world.step(fmt::format("{}; the next replacement of {} tries again", removed.error().what, name));
  }
  return {};
}

}  // namespace kscale::fleet
