#include "libscale/operate/plan.hpp"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "libscale/net/json_figures.hpp"

namespace kscale::operate {

namespace {

using Kind = Step::Kind;

std::string name_of_instance(const fleet::Deployment& deployment, int number) {
  return fmt::format("{}-{}", deployment.prefix, number);
}

/// Whether Compose scales the service, and names its containers as the instances are named.
bool is_scaled(const docker::ComposeService& service, const fleet::Deployment& deployment) {
  const auto& prefix = deployment.prefix;
  const bool ends_so = prefix.ends_with('-' + service.name) || prefix.ends_with('_' + service.name);
  return !service.container_name && (prefix == service.name || ends_so);
}

bool is_instance(const docker::ComposeService& service, const fleet::Deployment& deployment) {
  return is_scaled(service, deployment) ||
         (service.container_name && fleet::number_of(*service.container_name, deployment.prefix));
}

bool is_database(const docker::ComposeService& service) {
  return service.name.find("database") != std::string::npos || service.name.find("migration") != std::string::npos;
}

/// The services that are no instances, as far as they are wanted.
template <class Wanted>
std::vector<std::string> other_services(const fleet::Deployment& deployment, const Situation& situation,
                                        const Wanted& wanted) {
  std::vector<std::string> names;
  for (const auto& service : situation.services) {
    if (!is_instance(service, deployment) && wanted(service)) {
      names.push_back(service.name);
    }
  }
  return names;
}

bool any_service(const docker::ComposeService& /*service*/) {
  return true;
}

Plan begun(std::string action, const Situation& situation) {
  Plan plan{.action = std::move(action)};
  for (const auto& instance : situation.drift.taken_out) {
    plan.taken_out.push_back(instance.number);
  }
  return plan;
}

/// Stale targets, the last ones in rotation as well: but where no instance stands, only if an earlier stop or cleanup
/// may have left them. Else they may be those of another engine.
void delete_stale_targets(const Situation& situation, Plan& plan) {
  if (situation.instances.empty() && !situation.stopped) {
    return;
  }
  auto addresses = situation.drift.without_serving;
  addresses.insert(addresses.end(), situation.drift.last_ones.begin(), situation.drift.last_ones.end());
  if (!addresses.empty()) {
    plan.steps.push_back({.kind = Kind::delete_targets, .names = std::move(addresses)});
  }
}

Step step_on(Kind kind, const std::vector<fleet::Instance>& instances) {
  Step step{.kind = kind};
  for (const auto& instance : instances) {
    step.names.push_back(instance.container.name);
    step.numbers.push_back(instance.number);
  }
  return step;
}

void mend_first(const Situation& situation, Plan& plan) {
  if (!situation.drift.is_none()) {
    plan.steps.push_back({.kind = Kind::mend});
  }
}

/// What becomes of stopped containers that kscale made: they may have ended by themselves, or been stopped by an
/// operator.
enum class Leftovers { are_made_anew, are_started };

/// What brings instance N into being: its own container where that is only stopped, Compose where its file knows the
/// instance, else a new one.
Kind way_to_start(const fleet::Deployment& deployment, const Situation& situation, int number, Leftovers leftovers) {
  const auto stopped = std::ranges::find(situation.instances, number, &fleet::Instance::number);
  if (stopped != situation.instances.end() && (!stopped->is_ours() || leftovers == Leftovers::are_started)) {
    return Kind::start;
  }
  const auto* const service = service_of(situation.services, deployment, number);
  // Of a service that it scales, Compose would take those away that are more than the file says.
  const bool by_compose = service != nullptr && (!is_scaled(*service, deployment) || situation.instances.empty());
  return by_compose ? Kind::start_composed : Kind::add;
}

/// Steps that bring the number of running instances up.
void raise(const fleet::Deployment& deployment, const Situation& situation, int wanted, Leftovers leftovers,
           Plan& plan) {
  const auto running = static_cast<int>(fleet::running(situation.instances).size());
  std::array steps{Step{.kind = Kind::start_composed}, Step{.kind = Kind::start}, Step{.kind = Kind::add}};
  for (const int number : fleet::lowest_free(fleet::numbers_in_use(situation.instances), wanted - running)) {
    const auto name = name_of_instance(deployment, number);
    const auto way = way_to_start(deployment, situation, number, leftovers);
    auto* const step = std::ranges::find(steps, way, &Step::kind);
    step->names.push_back(name);
    step->numbers.push_back(number);
  }
  for (auto& step : steps) {
    if (!step.names.empty()) {
      plan.steps.push_back(std::move(step));
    }
  }
}

void lower(const Situation& situation, int wanted, Plan& plan) {
  auto leaving = fleet::running(situation.instances);
  leaving.erase(leaving.begin(), leaving.begin() + wanted);
  std::ranges::reverse(leaving);
  auto step = step_on(Kind::remove, leaving);
  step.staying = wanted;
  plan.steps.push_back(std::move(step));
}

/// Whether requests are served while an instance is renewed.
enum class Others { may_serve, do_not };

/// One step for each of the instances. Where it is only one and no others serve, another is made for that time.
void one_after_another(const std::vector<fleet::Instance>& those, Others others, const Step& like, Plan& plan) {
  const bool with_help = those.size() == 1 && others == Others::do_not;
  if (with_help) {
    plan.steps.push_back({.kind = Kind::help});
  }
  for (const auto& instance : those) {
    auto step = like;
    step.names = {instance.container.name};
    step.numbers = {instance.number};
    plan.steps.push_back(std::move(step));
  }
  if (with_help) {
    plan.steps.push_back({.kind = Kind::end_help});
  }
}

/// Whether a deploy is to bring up so many as are `wanted`: they were stopped, or do not come up by themselves, or an
/// earlier deploy brought up only some of them.
bool is_to_bring_up(const Situation& situation, int wanted) {
  const auto running = std::ranges::count_if(situation.instances, &fleet::Instance::is_running);
  const bool stand_stopped = std::ranges::any_of(situation.instances, &fleet::Instance::is_down);
  return running == 0 || (running < wanted && (situation.stopped || (situation.paused && stand_stopped)));
}

/// Those that a deploy renews although they do not run: all that restart by themselves, and so many of those that stand
/// stopped that `wanted` run then.
std::vector<fleet::Instance> to_revive(const Situation& situation, int wanted) {
  auto found = situation.instances;
  std::erase_if(found, [](const fleet::Instance& one) {
    return !one.is_down() && one.container.state != docker::State::restarting;
  });
  const auto stopped =
      std::stable_partition(found.begin(), found.end(), [](const fleet::Instance& one) { return !one.is_down(); });
  const auto there =
      std::ranges::count_if(situation.instances, &fleet::Instance::is_running) + std::distance(found.begin(), stopped);
  const auto missing = std::clamp<std::ptrdiff_t>(wanted - there, 0, std::distance(stopped, found.end()));
  found.erase(stopped + missing, found.end());
  return found;
}

/// Whether what the step starts may have another image than the deploy's: Compose and the settings know nothing of one
/// that was asked for, and siblings that were not renewed have their old one.
bool may_start_old_image(const Step& step, const fleet::Deployment& deployment, const Situation& situation,
                         bool are_siblings_new, const std::string& image) {
  if (step.kind != Kind::add) {
    return !image.empty();
  }
  if (are_siblings_new) {
    return !image.empty() && deployment.overrides.image;
  }
  return !image.empty() || !situation.instances.empty();
}

/// The situation once those run.
Situation with_running(Situation situation, const std::vector<fleet::Instance>& those) {
  for (auto& instance : situation.instances) {
    if (std::ranges::find(those, instance.number, &fleet::Instance::number) != those.end()) {
      instance.container.state = docker::State::running;
    }
  }
  return situation;
}

}  // namespace

std::string_view name_of(Kind kind) {
  constexpr std::array<std::string_view, 21> k_names{
      "pause", "resume",         "build",    "start_services", "stop_services",  "restart_services", "await_kong",
      "mend",  "start_composed", "add",      "remove",         "restart",        "replace",          "stop",
      "start", "help",           "end_help", "discard",        "delete_targets", "take_down",        "take_down_all"};
  return k_names.at(static_cast<std::size_t>(kind));
}

std::string text_of(const Step& step) {
  const auto names = fmt::format("{}", fmt::join(step.names, ", "));
  const bool one = step.names.size() == 1;
  switch (step.kind) {
    case Kind::pause:
      return "pause the autoscaler";
    case Kind::resume:
      return "resume the autoscaler";
    case Kind::build:
      return fmt::format("build the {} of {}", one ? "image" : "images", names);
    case Kind::start_services:
      return fmt::format("start {} with Compose", names);
    case Kind::stop_services:
      return fmt::format("stop {} with Compose", names);
    case Kind::restart_services:
      return fmt::format("restart {} with Compose", names);
    case Kind::await_kong:
      return "wait until Kong's Admin API answers";
    case Kind::mend:
      return "bring containers and targets to agree";
    case Kind::start_composed:
      return fmt::format("start {} with Compose, wait until ready, add the {}", names, one ? "target" : "targets");
    case Kind::add:
      return fmt::format("make {} like the siblings, start, wait until ready, add the {}", names,
                         one ? "target" : "targets");
    case Kind::remove:
      return fmt::format("drain {}, delete the {}, stop and remove {}", names, one ? "target" : "targets",
                         one ? "it" : "them");
    case Kind::restart:
      return fmt::format("drain {}, restart it, wait until ready, put it back into rotation", names);
    case Kind::replace:
      return fmt::format("{} by {}, wait until ready, put it into rotation",
                         step.does_not_run ? fmt::format("replace {}, which does not run,", names)
                                           : fmt::format("drain {}, replace it", names),
                         step.image.empty() ? "its new image" : step.image);
    case Kind::stop:
      return step.targets_stay ? fmt::format("stop {}", names)
                               : fmt::format("drain {}, delete the {}, stop {}", names, one ? "target" : "targets",
                                             one ? "it" : "them");
    case Kind::start:
      return fmt::format("start {}, wait until ready, add the {}", names, one ? "target" : "targets");
    case Kind::help:
      return "make one instance more, that serves meanwhile";
    case Kind::end_help:
      return "drain that one, delete its target, stop and remove it";
    case Kind::discard:
      return step.targets_stay ? fmt::format("stop and remove {}", names)
                               : fmt::format("delete the {} of {}, stop and remove {}", one ? "target" : "targets",
                                             names, one ? "it" : "them");
    case Kind::delete_targets:
      return fmt::format("delete the {} {}, where no instance runs", one ? "target" : "targets", names);
    case Kind::take_down:
      return "take the Compose project down: its containers and networks";
    case Kind::take_down_all:
      return "take the Compose project down: its containers, networks, volumes and orphans";
  }
  return {};
}

const docker::ComposeService* service_of(const std::vector<docker::ComposeService>& services,
                                         const fleet::Deployment& deployment, int number) {
  const auto name = name_of_instance(deployment, number);
  const auto found = std::ranges::find_if(services, [&](const docker::ComposeService& service) {
    return service.container_name == name || (number == 1 && is_scaled(service, deployment));
  });
  return found != services.end() ? &*found : nullptr;
}

Plan plan_scale(const fleet::Deployment& deployment, const Situation& situation, int wanted) {
  auto plan = begun("scale", situation);
  mend_first(situation, plan);
  const int count = static_cast<int>(fleet::running(situation.instances).size());
  if (wanted > count) {
    raise(deployment, situation, wanted, count == 0 ? Leftovers::are_started : Leftovers::are_made_anew, plan);
  } else if (wanted < count) {
    lower(situation, wanted, plan);
  }
  return plan;
}

Plan plan_start(const fleet::Deployment& deployment, const Situation& situation, const StartOptions& options) {
  auto plan = begun("start", situation);
  const auto others = other_services(deployment, situation, [&](const docker::ComposeService& service) {
    return is_database(service) ? options.database : options.kong && !service.has_profiles;
  });
  if (!others.empty()) {
    plan.steps.push_back({.kind = Kind::start_services, .names = others});
  }
  if (options.kong) {
    plan.steps.push_back({.kind = Kind::await_kong});
  }
  const bool too_few = options.instances > static_cast<int>(fleet::running(situation.instances).size());
  if (too_few) {
    raise(deployment, situation, options.instances, Leftovers::are_started, plan);
  }
  // At the end: what stands stopped is needed before, a Kong that was started may have forgotten its targets, and the
  // last stale target can only go when another serves.
  if (options.kong || too_few || !situation.drift.is_none()) {
    plan.steps.push_back({.kind = Kind::mend});
  }
  if (situation.paused) {
    plan.steps.push_back({.kind = Kind::resume});
  }
  return plan;
}

Plan plan_stop(const fleet::Deployment& deployment, const Situation& situation, bool all) {
  auto plan = begun("stop", situation);
  delete_stale_targets(situation, plan);
  auto up = situation.instances;
  std::erase_if(up, [](const fleet::Instance& instance) { return !instance.is_up(); });
  if (!up.empty()) {
    plan.steps.push_back(step_on(Kind::stop, up));
    plan.steps.back().targets_stay = situation.is_kong_absent;
  }
  // Behind the stop: one that is interrupted leaves all as it was. Before what Compose does, which may fail: the
  // autoscaler would start what is stopped.
  plan.steps.push_back({.kind = Kind::pause});
  if (const auto others = other_services(deployment, situation, any_service); all && !others.empty()) {
    plan.steps.push_back({.kind = Kind::stop_services, .names = others});
  }
  return plan;
}

Plan plan_restart(const fleet::Deployment& deployment, const Situation& situation, const RestartOptions& options) {
  auto plan = begun("restart", situation);
  if (options.kong) {
    const auto others =
        other_services(deployment, situation, [](const auto& service) { return !is_database(service); });
    if (!others.empty()) {
      plan.steps.push_back({.kind = Kind::restart_services, .names = others});
    }
    plan.steps.push_back({.kind = Kind::await_kong});
    plan.steps.push_back({.kind = Kind::mend});
  } else {
    mend_first(situation, plan);
  }
  const auto running = fleet::running(situation.instances);
  if (options.at_once && !running.empty()) {
    plan.steps.push_back(step_on(Kind::stop, running));
    plan.steps.back().comes_back = true;
    plan.steps.push_back(step_on(Kind::start, running));
  } else {
    one_after_another(running, Others::do_not, {.kind = Kind::restart}, plan);
  }
  return plan;
}

bool makes_instances(const std::vector<docker::ComposeService>& services, const fleet::Deployment& deployment) {
  return std::ranges::any_of(services, [&](const auto& service) { return is_instance(service, deployment); });
}

std::optional<Step> building(const std::vector<docker::ComposeService>& services) {
  Step build{.kind = Kind::build};
  for (const auto& service : services) {
    if (service.has_build) {
      build.names.push_back(service.name);
    }
  }
  return build.names.empty() ? std::nullopt : std::optional(std::move(build));
}

Plan plan_deploy(const fleet::Deployment& deployment, const Situation& situation, const DeployOptions& options) {
  const auto& image = options.image;
  auto plan = begun("deploy", situation);
  if (auto build = building(situation.services); build && image.empty() && !options.is_built) {
    plan.steps.push_back(std::move(*build));
  }
  auto old = fleet::running(situation.instances);
  if (!is_to_bring_up(situation, options.instances)) {
    mend_first(situation, plan);
    one_after_another(old, Others::do_not, {.kind = Kind::replace, .image = image}, plan);
    return plan;
  }
  const auto revived = to_revive(situation, options.instances);
  one_after_another(revived, Others::may_serve, {.kind = Kind::replace, .image = image, .does_not_run = true}, plan);
  Plan start;
  raise(deployment, with_running(situation, revived), options.instances, Leftovers::are_started, start);
  const bool are_siblings_new = old.empty() && !revived.empty();
  for (auto& step : start.steps) {
    const bool may_be_old = may_start_old_image(step, deployment, situation, are_siblings_new, image);
    for (std::size_t i = 0; may_be_old && i < step.names.size(); ++i) {
      old.push_back({step.numbers[i], {.name = step.names[i]}});
    }
    plan.steps.push_back(std::move(step));
  }
  plan.steps.push_back({.kind = Kind::mend});
  one_after_another(old, options.instances > 1 ? Others::may_serve : Others::do_not,
                    {.kind = Kind::replace, .image = image}, plan);
  if (situation.paused) {
    plan.steps.push_back({.kind = Kind::resume});
  }
  return plan;
}

Plan plan_cleanup(const Situation& situation, bool everything) {
  auto plan = begun("cleanup", situation);
  delete_stale_targets(situation, plan);
  if (!situation.instances.empty()) {
    plan.steps.push_back(step_on(Kind::discard, situation.instances));
    plan.steps.back().targets_stay = situation.is_kong_absent;
  }
  plan.steps.push_back({.kind = Kind::pause});
  if (!situation.services.empty()) {
    plan.steps.push_back({.kind = everything ? Kind::take_down_all : Kind::take_down});
  }
  return plan;
}

Status check(const Plan& plan, const Situation& situation) {
  for (const auto& step : plan.steps) {
    if (step.kind != Kind::restart && step.kind != Kind::replace && step.kind != Kind::stop) {
      continue;
    }
    for (const auto& [number, container] : situation.instances) {
      if (container.auto_remove && std::ranges::find(step.numbers, number) != step.numbers.end()) {
        return fail(
            Errc::refused,
            "{} was started with --rm: Docker removes it as soon as it stops, so it could not be started again; "
            "make it anew without that, or use scale and cleanup",
            container.name);
      }
    }
  }
  return {};
}

json::Value json_of(const Step& step) {
  json::Value value;
  value.set("step", name_of(step.kind));
  value.set("names", json::of(step.names));
  value.set("text", text_of(step));
  return value;
}

json::Value json_of(const Plan& plan) {
  json::Value value;
  value.set("action", plan.action);
  value.set("steps", json::Value::array());
  for (const auto& step : plan.steps) {
    value.at("steps").push_back(json_of(step));
  }
  return value;
}

std::string text_of(const Plan& plan) {
  if (plan.steps.empty()) {
    return "nothing to do\n";
  }
  std::string text;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    text += fmt::format("{}. {}\n", i + 1, text_of(plan.steps[i]));
  }
  return text;
}

}  // namespace kscale::operate
