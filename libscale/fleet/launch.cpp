#include "libscale/fleet/launch.hpp"

#include <algorithm>
#include <optional>

#include "libscale/base/printable.hpp"
#include "libscale/fleet/readiness.hpp"

namespace kscale::fleet {

namespace {

using namespace std::chrono_literals;

/// How many numbers are tried for one instance when names or ports are taken.
constexpr int k_number_tries = 3;
constexpr auto k_ready_poll = 250ms;

/// What new containers are made like.
class Model {
 public:
  static Result<Model> choose(World& world, const Deployment& deployment, const std::vector<Instance>& present);

  Result<Blueprint> blueprint(int number) const;

 private:
  explicit Model(const Deployment& deployment) : m_deployment(deployment) {}

  const Deployment& m_deployment;
  std::optional<int> m_sibling;  ///< the number of the one to copy; nothing where the settings have to do
  json::Value m_inspection;
  std::string m_image;
};

/// Copies the lowest sibling that runs, else the lowest there is.
Result<Model> Model::choose(World& world, const Deployment& deployment, const std::vector<Instance>& present) {
  Model model(deployment);
  const auto lowest_running = std::ranges::find_if(present, &Instance::is_running);
  const auto sibling = lowest_running != present.end() ? lowest_running : present.begin();
  if (sibling == present.end()) {
    return model;
  }
  // The name may stand for another image by now; the new instance must be like its siblings all the same.
  model.m_image = image_name(sibling->container);
  const auto& wanted = deployment.overrides.image;
  auto inspection = wanted && *wanted != model.m_image ? inspection_of_its_own(world, sibling->container.id)
                                                       : world.engine.inspection(sibling->container.id);
  if (!inspection) {
    return tl::unexpected(inspection.error());
  }
  model.m_sibling = sibling->number;
  model.m_inspection = std::move(*inspection);
  const auto id = model.m_inspection["Image"].text_or("");
  const auto named = world.engine.image_id(model.m_image);
  if (!id.empty() && (!named || *named != id)) {
    model.m_image = id;
  }
  return model;
}

Result<Blueprint> Model::blueprint(int number) const {
  const auto identity = m_deployment.identity(number);
  return m_sibling ? like_sibling(m_inspection, *m_sibling, m_image, identity, m_deployment.overrides)
                   : from_settings(identity, m_deployment.overrides);
}

/// Notes a failed step; the error says which and of whom.
void note(Launch& launch, std::string_view step, const Error& error) {
  launch.outcome = wrap(error, "{} {}", step, launch.name);
}

/// Runs one call for all launches that are still well.
template <class Call>
void for_those_well(const std::vector<Launch*>& launches, std::string_view step, const Call& call) {
  std::vector<std::string> ids;
  std::vector<Launch*> well;
  for (auto* launch : launches) {
    if (launch->outcome) {
      ids.push_back(launch->id);
      well.push_back(launch);
    }
  }
  if (ids.empty()) {
    return;
  }
  const auto outcomes = call(ids);
  for (std::size_t i = 0; i < well.size(); ++i) {
    if (!outcomes[i]) {
      note(*well[i], step, outcomes[i].error());
    }
  }
}

/// Makes room for a number, or takes over the stopped container that has it: one that is not ours, or may be the last
/// that new ones can be made like.
void meet_stopped(World& world, const std::vector<Instance>& present, Launch& launch) {
  const auto stopped = std::ranges::find(present, launch.number, &Instance::number);
  if (stopped == present.end()) {
    return;
  }
  const bool has_served = stopped->container.state == docker::State::exited;
  const bool may_be_last = has_served && std::ranges::none_of(present, &Instance::is_running);
  if (!stopped->is_ours() || may_be_last) {
    launch.id = stopped->container.id;
    launch.name = stopped->container.name;
    launch.was_there = true;
    return;
  }
  const auto removed = world.engine.remove_stopped({stopped->container.id}, net::Urgency::interruptible);
  if (!removed.front()) {
    note(launch, "replace", removed.front().error());
  }
}

/// Makes the containers, each in all its networks.
void create(World& world, const std::vector<Launch*>& launches, const std::vector<Blueprint>& blueprints) {
  std::vector<docker::NewContainer> containers;
  containers.reserve(blueprints.size());
  for (const auto& blueprint : blueprints) {
    containers.push_back(blueprint.container);
  }
  const auto ids = world.engine.create(containers);
  std::vector<docker::NetworkConnection> connections;
  std::vector<Launch*> connecting;
  for (std::size_t i = 0; i < launches.size(); ++i) {
    if (!ids[i]) {
      note(*launches[i], "make", ids[i].error());
      launches[i]->may_be_made = ids[i].error().code != Errc::conflict;
      continue;
    }
    launches[i]->id = *ids[i];
    for (const auto& [network, endpoint] : blueprints[i].more_networks) {
      connections.push_back({network, *ids[i], endpoint});
      connecting.push_back(launches[i]);
    }
  }
  const auto connected = connections.empty() ? std::vector<Status>{} : world.engine.connect_networks(connections);
  for (std::size_t i = 0; i < connected.size(); ++i) {
    if (!connected[i]) {
      note(*connecting[i], "make", connected[i].error());
    }
  }
}

/// Makes those that are not there yet, as the model says.
void create_like(World& world, const Model& model, const std::vector<Launch*>& launches) {
  std::vector<Launch*> creating;
  std::vector<Blueprint> blueprints;
  for (auto* launch : launches) {
    if (!launch->outcome || launch->was_there) {
      continue;
    }
    auto made = model.blueprint(launch->number);
    if (!made) {
      launch->outcome = tl::unexpected(made.error());
      continue;
    }
    launch->name = made->container.name;
    creating.push_back(launch);
    blueprints.push_back(std::move(*made));
  }
  create(world, creating, blueprints);
}

/// The reason with the end of the container's own log, which is where it mostly stands.
Error with_log(World& world, const Launch& launch, Error error) {
  const auto log = world.engine.log_tail(launch.id, 1);
  if (log && !log->empty()) {
    const auto line = std::string_view(*log).substr(0, log->find('\n'));
    error.what += fmt::format("; its log ends with \"{}\"", printable(line, 200));
  }
  return error;
}

/// Judges one look at a container. Whether it is settled: ready, or failed.
bool settle(World& world, const Deployment& deployment, Launch& launch, const Readiness& seen, bool time_is_up) {
  if (seen.state == Readiness::State::ready) {
    return true;
  }
  if (seen.state == Readiness::State::never) {
    const auto text = fmt::format("{} did not start: {}", launch.name, seen.why);
    launch.outcome = tl::unexpected(with_log(world, launch, {Errc::failed, text}));
    return true;
  }
  if (time_is_up) {
    const auto limit = std::chrono::duration<double>(deployment.ready_timeout).count();
    const auto text = fmt::format("{} was not ready in {:g}s: {}", launch.name, limit, seen.why);
    launch.outcome = tl::unexpected(with_log(world, launch, {Errc::failed, text}));
  }
  return time_is_up;
}

/// Looks at all that are waited for, and gives those that are still to be waited for.
std::vector<Launch*> still_waiting(World& world, const Deployment& deployment, const std::vector<Launch*>& waiting,
                                   bool time_is_up) {
  const auto found = world.engine.find(deployment.prefix);
  if (!found) {
    if (time_is_up || found.error().code == Errc::interrupted) {
      for (auto* launch : waiting) {
        note(*launch, "wait for", found.error());
      }
      return {};
    }
    return waiting;  // one silent moment of the engine is no failure of the instance
  }
  std::vector<Instance> instances;
  for (const auto* launch : waiting) {
    const auto container = std::ranges::find(*found, launch->id, &docker::Container::id);
    Instance gone{launch->number, {.id = launch->id, .name = launch->name, .state = docker::State::removing}};
    instances.push_back(container != found->end() ? Instance{launch->number, *container} : std::move(gone));
  }
  const auto seen = look(world, deployment, instances);
  std::vector<Launch*> left;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (!settle(world, deployment, *waiting[i], seen[i], time_is_up)) {
      left.push_back(waiting[i]);
    }
  }
  return left;
}

/// Removes the container that was made although we were not told so.
Status remove_unknown(World& world, const std::string& name) {
  const auto made = world.engine.inspect(name);
  if (!made) {
    return made.error().code == Errc::not_found ? Status{} : Status(tl::unexpected(made.error()));
  }
  const bool is_new = made->state == docker::State::created && made->labels.contains(k_deployment_label);
  return is_new ? world.engine.remove({made->id}, docker::AnonymousVolumes::remove, net::Urgency::to_the_end).front()
                : Status{};
}

}  // namespace

std::vector<Launch> launch(World& world, const Deployment& deployment, const std::vector<Instance>& present,
                           const std::vector<int>& avoided, int count) {
  std::vector<Launch> launches(static_cast<std::size_t>(count));
  const auto model = Model::choose(world, deployment, present);
  if (!model) {
    for (auto& launch : launches) {
      launch.outcome = tl::unexpected(model.error());
    }
    return launches;
  }
  auto taken = numbers_in_use(present);
  taken.insert(taken.end(), avoided.begin(), avoided.end());
  std::vector<Launch*> trying;
  trying.reserve(launches.size());
  for (auto& launch : launches) {
    trying.push_back(&launch);
  }
  for (int tries = 1; !trying.empty(); ++tries) {
    const auto numbers = lowest_free(taken, static_cast<int>(trying.size()));
    taken.insert(taken.end(), numbers.begin(), numbers.end());
    for (std::size_t i = 0; i < trying.size(); ++i) {
      *trying[i] = {.number = numbers[i], .name = fmt::format("{}-{}", deployment.prefix, numbers[i])};
      world.step(fmt::format("start {}", trying[i]->name));
      meet_stopped(world, present, *trying[i]);
    }
    create_like(world, *model, trying);
    for_those_well(trying, "start", [&](const auto& ids) { return world.engine.start(ids); });
    std::vector<Launch*> again;
    for (auto* failed : trying) {
      if (failed->outcome) {
        continue;
      }
      static_cast<void>(take_back(world, *failed));
      if (failed->outcome.error().code == Errc::conflict && tries < k_number_tries) {
        world.step(fmt::format("{}; the next number is tried", failed->outcome.error().what));
        again.push_back(failed);
      }
    }
    trying = std::move(again);
  }
  return launches;
}

Result<json::Value> inspection_of_its_own(World& world, const std::string& id) {
  auto inspection = world.engine.inspection(id);
  if (!inspection) {
    return inspection;
  }
  const auto defaults = world.engine.image_defaults((*inspection)["Image"].text_or(""));
  if (defaults) {
    // An old image that is gone by now leaves its defaults with the container.
    inspection->set("Config", without_defaults((*inspection)["Config"], *defaults));
  } else if (defaults.error().code != Errc::not_found) {
    return tl::unexpected(defaults.error());
  }
  return inspection;
}

std::vector<Launch> start_stopped(World& world, const std::vector<Instance>& stopped, net::Urgency urgency) {
  std::vector<Launch> launches;
  std::vector<std::string> ids;
  for (const auto& [number, container] : stopped) {
    launches.push_back(
        {.number = number, .name = container.name, .id = container.id, .was_there = true, .stays = true});
    ids.push_back(container.id);
  }
  const auto started = world.engine.start(ids, urgency);
  for (std::size_t i = 0; i < launches.size(); ++i) {
    if (!started[i]) {
      note(launches[i], "start", started[i].error());
    }
  }
  return launches;
}

Launch launch_from(World& world, const Blueprint& blueprint, int number) {
  Launch launch{.number = number, .name = blueprint.container.name};
  world.step(fmt::format("start {}", launch.name));
  create(world, {&launch}, {blueprint});
  for_those_well({&launch}, "start", [&](const auto& ids) { return world.engine.start(ids); });
  return launch;
}

void await_ready(World& world, const Deployment& deployment, std::vector<Launch>& launches) {
  const auto end = world.clock.now().instant + deployment.ready_timeout;
  std::vector<Launch*> waiting;
  for (auto& launch : launches) {
    if (launch.outcome) {
      world.step(fmt::format("wait until {} is ready", launch.name));
      waiting.push_back(&launch);
    }
  }
  while (!waiting.empty()) {
    waiting = still_waiting(world, deployment, waiting, world.clock.now().instant >= end);
    if (!waiting.empty() && world.clock.wait(k_ready_poll) == Waited::interrupted) {
      for (auto* launch : waiting) {
        note(*launch, "wait for", {Errc::interrupted, "interrupted"});
      }
      return;
    }
  }
}

Status take_back(World& world, const Launch& launch) {
  if (launch.id.empty()) {
    return launch.may_be_made ? remove_unknown(world, launch.name) : Status{};
  }
  if (launch.was_there) {
    return world.engine.stop({launch.id}, 0s, net::Urgency::to_the_end).front();
  }
  return world.engine.remove({launch.id}, docker::AnonymousVolumes::remove, net::Urgency::to_the_end).front();
}

}  // namespace kscale::fleet
