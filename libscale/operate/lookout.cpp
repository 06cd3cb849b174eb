#include "libscale/operate/lookout.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "libscale/control/readings.hpp"
#include "libscale/fleet/drift.hpp"
#include "libscale/store/state.hpp"

namespace kscale::operate {

namespace {

using std::chrono::seconds;

template <class T>
bool was_interrupted(const Result<T>& result) {
  return !result && result.error().code == Errc::interrupted;
}

/// Kong's word for the health of the target; empty where it has none.
std::string health_of(const std::string& address, const std::vector<kong::TargetHealth>& healths) {
  const auto found = std::ranges::find(healths, address, &kong::TargetHealth::address);
  return found != healths.end() ? found->health : std::string();
}

/// The targets in the order of their instances, and then those of no instance.
std::vector<TargetView> views_of(const std::vector<kong::Target>& targets,
                                 const std::vector<kong::TargetHealth>& healths,
                                 const std::vector<fleet::Instance>& instances, const fleet::Deployment& deployment) {
  std::vector<TargetView> owned;
  std::vector<TargetView> others;
  std::ranges::transform(targets, std::back_inserter(others), [&healths](const kong::Target& target) {
    return TargetView{target.address, target.weight, health_of(target.address, healths), std::nullopt};
  });
  std::ranges::sort(others, {}, &TargetView::address);
  for (const auto& instance : instances) {
    const auto address = deployment.address_of(instance);
    const auto its = std::ranges::find_if(others, [&](const TargetView& view) { return view.address == address; });
    if (its != others.end()) {
      its->instance = instance.container.name;
      owned.push_back(std::move(*its));
      others.erase(its);
    }
  }
  std::ranges::move(others, std::back_inserter(owned));
  return owned;
}

void look_at_autoscaler(const control::Settings& settings, const std::string& holder, const store::State& state,
                        Now now, AutoscalerView& view) {
  const auto boot = store::boot_id();
  const auto since = [&](const store::Stamp& stamp) { return now.instant - store::on_this_boot(stamp, now, boot); };
  const auto left_of = [&](seconds span, const std::optional<store::Stamp>& begin) {
    return begin ? std::max(std::chrono::ceil<seconds>(span - since(*begin)), seconds{0}) : seconds{0};
  };
  view.holder = holder;
  view.paused = store::is_paused(state, now, boot);
  if (view.paused && state.pause->length) {
    view.pause_left = left_of(*state.pause->length, state.pause->since);
  }
  if (const auto& last = state.last_check) {
    view.last = {last->decision, last->at.wall, std::chrono::floor<seconds>(since(last->at))};
  }
  const auto cooldown = settings.rules.cooldown;
  view.cooldown_up_left = left_of(cooldown, state.last_up);
  view.cooldown_down_left = std::max(view.cooldown_up_left, left_of(cooldown, state.last_down));
}

InstanceView view_of(const fleet::Instance& instance, int container_port) {
  const auto& container = instance.container;
  InstanceView view{.number = instance.number,
                    .name = container.name,
                    .state = container.state,
                    .health = instance.is_running() ? container.health : docker::Health::none};
  if (const auto port = fleet::published_port(instance, container_port)) {
    view.host_port = port->host_port;
  }
  view.image = container.image;
  return view;
}

/// Fills in what was measured.
void take_up(InstanceView& view, const control::InstanceSample& sample) {
  view.cpu = sample.cpu;
  view.memory = sample.memory;
  view.memory_used = sample.memory_used;
  view.received = sample.received;
  view.sent = sample.sent;
  view.uptime = sample.uptime;
  view.warming_up = sample.warming_up;
  view.serving = sample.serving;
}

}  // namespace

Lookout::Lookout(const control::Settings& settings, fleet::World world, control::Records& records)
    : m_settings(settings),
      m_world(std::move(world)),
      m_records(records),
      m_sampler(m_world.engine, m_world.kong, m_world.http, m_world.clock, settings) {}

Status Lookout::look_at_docker(Scene& scene, Overview& overview) {
  const auto& deployment = m_settings.deployment;
  const auto containers = m_world.engine.find(deployment.prefix);
  if (was_interrupted(containers)) {
    return tl::unexpected(containers.error());
  }
  if (!containers) {
    overview.docker_error = containers.error();
    return {};
  }
  scene.instances = fleet::instances_of(*containers, deployment.prefix);
  for (const auto& instance : scene.instances) {
    overview.instances.push_back(view_of(instance, deployment.container_port));
  }
  return {};
}

/// By the rule of a checkup: each instance, and the deployment as a whole.
Status Lookout::look_at_health(const Scene& scene, Overview& overview) {
  auto questions = questions_to(scene.instances, m_world, m_settings.deployment, Ask::undecided);
  const auto answers = m_world.http.send_all(questions.requests);
  const auto interrupted = std::ranges::find_if(answers, was_interrupted<net::Response>);
  if (interrupted != answers.end()) {
    return tl::unexpected(interrupted->error());
  }
  const auto checks = answered(std::move(questions), answers);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    overview.instances[i].fault = checks[i].is_backend ? checks[i].fault : "";
  }
  overview.verdict = verdict_of(overview.kong.status && overview.kong.status->configured, checks);
  if (overview.targets_error && overview.verdict == Verdict::healthy) {
    overview.verdict = Verdict::degraded;  // whom Kong sends requests to is not known
  }
  return {};
}

Status Lookout::look_at_targets(Scene& scene, Overview& overview) {
  const auto& deployment = m_settings.deployment;
  auto targets = m_world.kong.targets(deployment.upstream);
  if (was_interrupted(targets)) {
    return tl::unexpected(targets.error());
  }
  if (!targets) {
    overview.targets_error = targets.error();
    return {};
  }
  scene.healths = m_world.kong.health(deployment.upstream);
  if (was_interrupted(scene.healths)) {
    return tl::unexpected(scene.healths.error());
  }
  scene.targets = std::move(*targets);
  overview.targets =
      views_of(scene.targets, scene.healths.value_or(std::vector<kong::TargetHealth>()), scene.instances, deployment);
  return {};
}

Status Lookout::look_at_version(Overview& overview) {
  if (!m_version) {
    const auto version = m_world.kong.version();
    if (was_interrupted(version)) {
      return tl::unexpected(version.error());
    }
    if (version) {
      m_version = *version;
    } else if (overview.kong.status->database_reachable) {
      overview.problems.push_back(version.error().what);  // without its database Kong does not tell
    }
  }
  overview.kong.version = m_version;
  return {};
}

Status Lookout::look_at_kong(Scene& scene, Overview& overview) {
  overview.kong.url = m_world.kong.endpoint().shown();
  const auto status = m_world.kong.status();
  if (was_interrupted(status)) {
    return tl::unexpected(status.error());
  }
  if (!status) {
    // Whatever else Kong is asked, nothing more would come of it.
    overview.kong.error = status.error();
    overview.targets_error = status.error();
    m_version.reset();  // another one may answer the next time
    return {};
  }
  overview.kong.status = *status;
  if (auto seen = look_at_version(overview); !seen) {
    return seen;
  }
  return look_at_targets(scene, overview);
}

/// The load of those that run, as the autoscaler measures it.
Status Lookout::look_at_load(const store::State& state, const Scene& scene, Overview& overview) {
  const auto running = fleet::running(scene.instances);
  if (state.reading && !m_sampler.last()) {
    const auto at = store::on_this_boot(state.reading->at, m_world.clock.now(), store::boot_id());
    if (auto readings = control::parse_readings(state.reading->text, at)) {
      m_sampler.resume(std::move(*readings));
    }
  }
  using AskKong = control::Sampler::AskKong;
  auto sample = m_sampler.take(running, overview.kong.error ? AskKong::no : AskKong::yes);
  if (!sample) {
    return tl::unexpected(sample.error());
  }
  overview.sample = std::move(*sample);
  return {};
}

Result<Overview> Lookout::look() {
  const auto now = m_world.clock.now();
  Overview overview{.at = now.wall, .deployment = m_settings.deployment.prefix};
  Scene scene;
  const auto state = m_records.load();
  look_at_autoscaler(m_settings, m_records.autoscaler(), state, now, overview.autoscaler);
  overview.is_acted_on = m_records.is_acted_on();
  const auto seen = look_at_docker(scene, overview)
                        .and_then([&] { return look_at_kong(scene, overview); })
                        .and_then([&] {
                          // What began meanwhile may be seen in the targets and not yet in the instances.
                          overview.is_acted_on = overview.is_acted_on || m_records.is_acted_on();
                          return look_at_health(scene, overview);
                        })
                        .and_then([&] { return look_at_load(state, scene, overview); });
  m_acted_on_since = overview.is_acted_on ? std::optional(m_acted_on_since.value_or(now.instant)) : std::nullopt;
  overview.acted_on_for = std::chrono::floor<seconds>(now.instant - m_acted_on_since.value_or(now.instant));
  if (!seen) {
    return tl::unexpected(seen.error());
  }
  if (!overview.docker_error && !overview.targets_error) {
    const auto drift = fleet::drift_of(scene.instances, scene.targets, m_settings.deployment, state.restarting);
    overview.drift = fleet::described(drift, m_settings.deployment);
    control::mark_out_of_rotation(overview.sample, drift);
    control::mark_unhealthy(overview.sample, scene.instances, m_settings.deployment, scene.healths);
  }
  std::ranges::move(overview.sample.problems, std::back_inserter(overview.problems));
  overview.sample.problems.clear();
  for (const auto& measured : overview.sample.instances) {
    const auto view = std::ranges::find(overview.instances, measured.name, &InstanceView::name);
    if (view != overview.instances.end()) {
      take_up(*view, measured);
    }
  }
  return overview;
}

}  // namespace kscale::operate
