#include "libscale/fleet/renew.hpp"

#include <tuple>
#include <vector>

#include "libscale/fleet/blueprint.hpp"
#include "libscale/fleet/launch.hpp"
#include "libscale/fleet/rotation.hpp"

namespace kscale::fleet {

namespace {

/// What the old container is called while the new one has its name.
std::string set_aside(const std::string& name) {
  return name + ".kscale-old";
}

/// Leads the requests to others.
Status step_aside(World& world, const Deployment& deployment, const Instance& instance) {
  const auto targets = world.kong.targets(deployment.upstream);
  if (!targets) {
    return tl::unexpected(targets.error());
  }
  const auto own = targets_of({instance}, deployment, *targets);
  if (own.empty()) {
    return {};
  }
  if (own.front().weight > 0) {
    if (auto others = require_others(world, deployment, own); !others) {
      return others;
    }
  }
  return leave_rotation(world, deployment, own);
}

/// Waits until the started container can serve, and leads requests to it.
Status step_forward(World& world, const Deployment& deployment, Launch launch) {
  std::vector<Launch> launches{std::move(launch)};
  await_ready(world, deployment, launches);
  if (!launches.front().outcome) {
    return launches.front().outcome;
  }
  auto container = world.engine.inspect(launches.front().id);
  if (!container) {
    return tl::unexpected(container.error());
  }
  std::vector<Entrant> entrants{{.instance = {launches.front().number, std::move(*container)}}};
  enter_rotation(world, deployment, entrants);
  return entrants.front().outcome;
}

Status stop(World& world, const Deployment& deployment, const Instance& instance) {
  world.step(fmt::format("stop {}", instance.container.name));
  return world.engine.stop({instance.container.id}, deployment.stop_timeout).front();
}

Status start_again(World& world, const Deployment& deployment, const Instance& instance) {
  const auto& [id, name] = std::tie(instance.container.id, instance.container.name);
  world.step(fmt::format("start {}", name));
  if (const auto started = world.engine.start({id}, net::Urgency::to_the_end).front(); !started) {
    return wrap(started.error(), "start {}", name);
  }
  return step_forward(world, deployment, {.number = instance.number, .name = name, .id = id, .was_there = true});
}

/// The container that is to take the instance's place.
Result<Blueprint> successor(World& world, const Deployment& deployment, const Instance& instance,
                            const std::string& image) {
  auto inspection = world.engine.inspection(instance.container.id);
  if (!inspection) {
    return tl::unexpected(inspection.error());
  }
  const auto defaults = world.engine.image_defaults((*inspection)["Image"].text_or(""));
  if (defaults) {
    // An old image that is gone by now leaves its defaults with the container.
    inspection->set("Config", without_defaults((*inspection)["Config"], *defaults));
  } else if (defaults.error().code != Errc::not_found) {
    return tl::unexpected(defaults.error());
  }
  return like_sibling(*inspection, instance.number, image, deployment.identity(instance.number), deployment.overrides);
}

/// Undoes a replacement: the new container goes, the old one gets its name back and serves again.
Status bring_back(World& world, const Deployment& deployment, const Instance& old, const Launch& launch,
                  const Error& why) {
  world.step(fmt::format("bring the old {} back", old.container.name));
  auto back = take_back(world, launch);
  if (back) {
    back = world.engine.rename(old.container.id, old.container.name, net::Urgency::to_the_end);
  }
  if (back) {
    back = start_again(world, deployment, old);
  }
  return fail(why.code, "{}; {}", why.what,
              back ? fmt::format("the old {} serves again", old.container.name)
                   : fmt::format("the old {} could not be brought back: {}", old.container.name, back.error().what));
}

}  // namespace

Status restart_instance(World& world, const Deployment& deployment, const Instance& instance) {
  if (auto aside = step_aside(world, deployment, instance); !aside) {
    return aside;
  }
  // One that did not stop is started all the same, which does nothing where it still runs.
  const auto stopped = stop(world, deployment, instance);
  auto started = start_again(world, deployment, instance);
  return stopped ? started : stopped;
}

Status replace_instance(World& world, const Deployment& deployment, const Instance& instance,
                        const std::string& image) {
  const auto blueprint = successor(world, deployment, instance, image);
  if (!blueprint) {
    return tl::unexpected(blueprint.error());
  }
  if (auto aside = step_aside(world, deployment, instance); !aside) {
    return aside;
  }
  const auto& [id, name] = std::tie(instance.container.id, instance.container.name);
  Launch launch{.number = instance.number, .name = name};
  auto made = stop(world, deployment, instance);
  if (made) {
    made = world.engine.rename(id, set_aside(name), net::Urgency::to_the_end);
  }
  if (made) {
    launch = launch_from(world, *blueprint, instance.number);
    made = launch.outcome ? step_forward(world, deployment, launch) : launch.outcome;
  }
  if (!made) {
    return bring_back(world, deployment, instance, launch, made.error());
  }
  const auto volumes = instance.is_ours() ? docker::AnonymousVolumes::remove : docker::AnonymousVolumes::keep;
  const auto removed = world.engine.remove({id}, volumes, net::Urgency::to_the_end).front();
  return removed ? removed : wrap(removed.error(), "remove the old {}", name);
}

}  // namespace kscale::fleet
