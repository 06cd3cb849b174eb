#include "libscale/control/autoscaler.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/ranges.h>

#include "libscale/control/readings.hpp"
#include "libscale/fleet/add.hpp"
#include "libscale/fleet/recovery.hpp"
#include "libscale/fleet/remove.hpp"
#include "libscale/policy/backoff.hpp"

namespace kscale::control {

namespace {

/// A check reads for no longer than so many calls may take, and its own wait between two looks.
constexpr int k_longest_reading = 6;

bool was_interrupted(const Status& status) {
  return !status && status.error().code == Errc::interrupted;
}

/// Which of the running instances are to leave: those that do not serve first, then those that only just began, as one
/// does again and again that cannot stay up, and then those with the highest numbers.
std::vector<fleet::Instance> to_leave(const std::vector<fleet::Instance>& instances, const Sample& sample, int count) {
  auto chosen = fleet::running(instances);
  const auto rank = [&sample](const fleet::Instance& instance) {
    const auto seen = std::ranges::find(sample.instances, instance.number, &InstanceSample::number);
    const bool serves = seen == sample.instances.end() || seen->serving;
    const bool is_new = seen != sample.instances.end() && seen->warming_up && seen->uptime;
    return std::tuple(serves, is_new ? *seen->uptime : std::chrono::seconds::max(), -instance.number);
  };
  std::ranges::sort(chosen, {}, rank);
  chosen.resize(std::min(chosen.size(), static_cast<std::size_t>(count)));
  return chosen;
}

std::vector<int> numbers_of(const std::vector<fleet::Instance>& instances) {
  std::vector<int> numbers;
  std::ranges::transform(instances, std::back_inserter(numbers), &fleet::Instance::number);
  return numbers;
}

}  // namespace

std::chrono::nanoseconds longest_check(const Settings& settings) {
  constexpr int k_calls = 40;  // one after another: those for several instances are made side by side
  const auto& deployment = settings.deployment;
  return k_calls * settings.request_timeout + fleet::k_name_tries * deployment.ready_timeout +
         deployment.propagation_wait + deployment.drain_timeout + deployment.stop_timeout + std::chrono::minutes(1);
}

Autoscaler::Autoscaler(const Settings& settings, fleet::World world, Records& records, const Log& log,
                       OnDecision on_decision)
    : m_settings(settings),
      m_world(std::move(world)),
      m_records(records),
      m_log(log),
      m_on_decision(std::move(on_decision)),
      m_sampler(m_world.engine, m_world.kong, m_world.http, m_world.clock, settings),
      m_boot_id(store::boot_id()) {}

Result<CheckReport> Autoscaler::check() {
  std::optional<store::Lock> lock;
  if (!m_settings.dry_run) {
    auto taken = m_records.lock_actions();
    if (!taken) {
      return tl::unexpected(taken.error());
    }
    lock.emplace(std::move(*taken));
  }
  const auto now = m_world.clock.now();
  CheckReport report{.at = now.wall, .dry_run = m_settings.dry_run};
  auto state = m_records.load();
  store::take_over(state, now, m_boot_id);
  resume_readings(state, now);

  const auto scene =
      observe_and_mend(state, store::is_paused(state, now, m_boot_id) ? Mending::off : Mending::on, report);
  if (!scene) {
    return tl::unexpected(scene.error());
  }
  const auto health = m_world.kong.health(m_settings.deployment.upstream);
  if (!health && health.error().code == Errc::interrupted) {
    return tl::unexpected(health.error());
  }
  auto sample = m_sampler.take(fleet::running(scene->instances));
  if (!sample) {
    return tl::unexpected(sample.error());
  }
  if (const auto fresh = still_fresh(scene->begun); !fresh) {
    return tl::unexpected(fresh.error());
  }
  report.sample = std::move(*sample);
  mark_out_of_rotation(report.sample, scene->drift);
  mark_unhealthy(report.sample, scene->instances, m_settings.deployment, health);
  std::ranges::copy(report.sample.problems, std::back_inserter(report.problems));
  tell_once(m_told_notice, Level::notice, report.sample.notice.value_or(""));
  tell_once(m_told_problems, Level::warning, fmt::format("{}", fmt::join(report.problems, "; ")));

  const auto seen_at = m_world.clock.now();
  report.decision = policy::decide(m_settings.rules, situation(*scene, report.sample, state, seen_at), seen_at.instant);
  state.last_check = store::LastCheck{store::stamp_of(seen_at, m_boot_id), line_of(report)};
  m_on_decision(report);
  if (m_settings.dry_run) {
    return report;
  }
  if (report.decision.action != policy::Action::hold) {
    act(*scene, state, report);
  }
  if (const auto& last = m_sampler.last()) {
    state.reading = store::Reading{.at = {last->at, now.wall, m_boot_id}, .text = write_readings(*last)};
  }
  m_records.save(state);
  m_records.record(to_keep(report.sample, report.at));
  return report;
}

void Autoscaler::resume_readings(const store::State& state, Now now) {
  if (m_sampler.last() || !state.reading) {
    return;
  }
  const auto at = store::on_this_boot(state.reading->at, now, m_boot_id);
  if (auto readings = parse_readings(state.reading->text, at)) {
    m_sampler.resume(std::move(*readings));
  }
}

void Autoscaler::tell_once(std::string& last, Level level, const std::string& text) {
  if (std::exchange(last, text) != text && !text.empty()) {
    m_log.say(level, "{}", text);
  }
}

Status Autoscaler::still_fresh(Instant begun) const {
  const auto longest = k_longest_reading * m_settings.request_timeout + Sampler::k_first_span;
  if (m_world.clock.now().instant - begun <= longest) {
    return {};
  }
  return fail(
      Errc::timed_out,
      "the check is given up: Docker and Kong took longer than {:g}s (6 times request-timeout, and 2s) to be read, and "
      "what was read first is too old to act upon",
      std::chrono::duration<double>(longest).count());
}

Result<Autoscaler::Scene> Autoscaler::observe(const store::State& state) {
  const auto& deployment = m_settings.deployment;
  const auto begun = m_world.clock.now().instant;
  const auto containers = m_world.engine.find(deployment.prefix);
  if (!containers) {
    return tl::unexpected(containers.error());
  }
  if (const auto fresh = still_fresh(begun); !fresh) {
    return tl::unexpected(fresh.error());
  }
  auto targets = m_world.kong.targets(deployment.upstream);
  if (!targets) {
    return tl::unexpected(targets.error());
  }
  if (const auto fresh = still_fresh(begun); !fresh) {
    return tl::unexpected(fresh.error());
  }
  Scene scene{.begun = begun,
              .containers = *containers,
              .instances = fleet::instances_of(*containers, deployment.prefix),
              .targets = std::move(*targets)};
  scene.drift = fleet::drift_of(scene.instances, scene.targets, deployment, state.restarting);
  return scene;
}

Result<Autoscaler::Scene> Autoscaler::observe_and_mend(store::State& state, Mending mending, CheckReport& report) {
  auto scene = observe(state);
  const bool may_mend = mending == Mending::on && !m_settings.dry_run;
  if (scene && may_mend && state.acting && fleet::let_stops_end(m_world, m_settings.deployment, scene->drift)) {
    scene = observe(state);
  }
  if (scene && may_mend && recover(state, *scene, report)) {
    scene = observe(state);
  }
  if (scene && may_mend) {
    const bool restored = put_back(state, *scene, report);
    const bool mended = mend(*scene, report);
    if (restored || mended) {
      scene = observe(state);
    }
  }
  if (scene) {
    report.drift = fleet::described(scene->drift, m_settings.deployment);
    tell_once(m_told_drift, Level::warning, fmt::format("{}", fmt::join(report.drift, "; ")));
  }
  return scene;
}

/// After a restart or a replacement that was cut short: brings those back that it has stopped. Whether anything was
/// done.
bool Autoscaler::recover(store::State& state, const Scene& scene, CheckReport& report) {
  auto recovered = fleet::recover(m_world, m_settings.deployment, scene.containers, state.restarting);
  std::ranges::transform(recovered.failed, std::back_inserter(report.problems), &Error::what);
  tell_mended(recovered.done, report);
  return !recovered.done.empty();
}

/// After an action that a crash or a failure cut short: gives those their weight back that it left out of rotation.
/// Whether Kong was changed.
bool Autoscaler::put_back(store::State& state, const Scene& scene, CheckReport& report) {
  if (!state.acting) {
    return false;
  }
  const auto restored = fleet::put_back(m_world, m_settings.deployment, scene.drift, *state.acting);
  std::ranges::transform(restored.failed, std::back_inserter(report.problems), &Error::what);
  if (restored.failed.empty()) {
    state.acting.reset();
  }
  tell_mended(restored.done, report);
  return !restored.is_none();
}

/// Brings containers and targets to agree. Whether anything was done. What could not be done stops nothing else.
bool Autoscaler::mend(const Scene& scene, CheckReport& report) {
  if (scene.drift.is_none()) {
    return false;
  }
  auto mended = fleet::mend(m_world, m_settings.deployment, scene.drift);
  std::ranges::transform(mended.failed, std::back_inserter(report.problems), &Error::what);
  std::ranges::move(mended.waiting, std::back_inserter(report.problems));
  tell_mended(mended.done, report);
  return !mended.done.empty();
}

void Autoscaler::tell_mended(const std::vector<std::string>& lines, CheckReport& report) const {
  for (const auto& line : lines) {
    m_log.say(Level::notice, "{}", line);
    report.mended.push_back(line);
  }
}

/// Whether the last failure lies so far back that it says nothing of the next one.
bool Autoscaler::is_forgotten(const store::State& state, Now now) const {
  constexpr auto k_memory = std::chrono::hours(1);  // beyond the wait itself
  return !state.last_failure || now.instant > store::on_this_boot(*state.last_failure, now, m_boot_id) +
                                                  policy::backoff_after(state.failures) + k_memory;
}

policy::Situation Autoscaler::situation(const Scene& scene, const Sample& sample, const store::State& state,
                                        Now now) const {
  const auto instant = [&](const std::optional<store::Stamp>& stamp) {
    return stamp ? std::optional(store::on_this_boot(*stamp, now, m_boot_id)) : std::nullopt;
  };
  policy::Situation situation{.instances = static_cast<int>(fleet::running(scene.instances).size()),
                              .warming_up = sample.warming_up(),
                              .not_serving = sample.not_serving(),
                              .knows_health = sample.knows_health,
                              .load = sample.load(),
                              .last_up = instant(state.last_up),
                              .last_down = instant(state.last_down)};
  if (const auto failed = instant(state.last_failure)) {
    situation.blocked_until = *failed + policy::backoff_after(state.failures);
  }
  situation.paused = store::is_paused(state, now, m_boot_id);
  if (situation.paused && state.pause->length) {
    situation.paused_until = *instant(state.pause->since) + *state.pause->length;
  }
  return situation;
}

void Autoscaler::act(const Scene& scene, store::State& state, CheckReport& report) {
  const auto begin = m_world.clock.now();
  const auto& decision = report.decision;
  // The journal of an earlier action stays open until its weights are given back.
  const bool is_put_right = !state.acting;
  if (is_put_right) {
    state.acting = numbers_of(scene.drift.taken_out);
  }
  m_records.save(state);  // before the first change, so that a crash in the middle is known of
  report.outcome = decision.to > decision.from ? add(scene, decision) : remove(scene, report);
  if (is_put_right && (report.outcome->status || is_undone(state))) {
    state.acting.reset();
  }
  const auto end = m_world.clock.now();
  report.outcome->took = std::chrono::duration_cast<std::chrono::milliseconds>(end.instant - begin.instant);
  remember(report, state);
}

/// Whether an action that failed has left nobody out of rotation.
bool Autoscaler::is_undone(const store::State& state) {
  const auto scene = observe(state);
  return scene && fleet::all_serve(scene->drift, *state.acting);
}

Outcome Autoscaler::add(const Scene& scene, const policy::Decision& decision) {
  const auto added = fleet::add_instances(m_world, m_settings.deployment, scene.instances, decision.to - decision.from);
  Outcome outcome{.reached = decision.from};
  for (const auto& one : added) {
    if (one.outcome) {
      ++outcome.reached;
      outcome.names.push_back(one.name);
    } else if (outcome.status) {
      outcome.status = one.outcome;
    }
  }
  return outcome;
}

Outcome Autoscaler::remove(const Scene& scene, const CheckReport& report) {
  const auto& decision = report.decision;
  const auto leaving = to_leave(scene.instances, report.sample, decision.from - decision.to);
  const auto removed = fleet::remove_instances(m_world, m_settings.deployment, leaving, scene.targets, decision.to);
  Outcome outcome{.reached = decision.from};
  for (const auto& one : removed) {
    outcome.reached -= one.is_out ? 1 : 0;
    if (one.outcome) {
      outcome.names.push_back(one.name);
    } else if (outcome.status) {
      outcome.status = one.outcome;
    }
  }
  return outcome;
}

void Autoscaler::remember(const CheckReport& report, store::State& state) {
  const auto& decision = report.decision;
  const auto& outcome = *report.outcome;
  const auto now = m_world.clock.now();
  if (outcome.reached > decision.from) {
    state.last_up = store::stamp_of(now, m_boot_id);
  }
  const bool up = decision.to > decision.from;
  // One that fails waits as well: each try leads traffic away and back.
  if (outcome.reached < decision.from || (!up && !outcome.status && !was_interrupted(outcome.status))) {
    state.last_down = store::stamp_of(now, m_boot_id);
  }
  if (up && outcome.status) {
    state.failures = 0;
    state.last_failure.reset();
  } else if (up && !was_interrupted(outcome.status)) {
    state.failures = is_forgotten(state, now) ? 1 : state.failures + 1;
    state.last_failure = store::stamp_of(now, m_boot_id);
  }
  if (was_interrupted(outcome.status) && outcome.reached == decision.from) {
    return;
  }
  const auto load = report.sample.load();
  m_records.record({.at = now.wall,
                    .from = decision.from,
                    .to = outcome.reached,
                    .reason = decision.reason,
                    .cpu = policy::figure_of(load.cpu),
                    .memory = policy::figure_of(load.memory),
                    .request_rate = load.request_rate,
                    .response_time = load.response_time,
                    .actor = "kscale-auto",
                    .outcome = outcome.status ? "done" : outcome.status.error().what});
}

}  // namespace kscale::control
