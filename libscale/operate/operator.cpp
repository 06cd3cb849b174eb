#include "libscale/operate/operator.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "libscale/fleet/recovery.hpp"
#include "libscale/net/json_figures.hpp"
#include "libscale/operate/execution.hpp"

namespace kscale::operate {

namespace {

using namespace std::chrono_literals;
using Kind = Step::Kind;

/// How often a lock that is held, or a Kong that does not answer, is asked for again.
constexpr auto k_poll = 250ms;

int count_running(const std::vector<fleet::Instance>& instances) {
  return static_cast<int>(fleet::running(instances).size());
}

/// Whether Kong, or its upstream, is not there; as against one that refuses to be asked.
bool is_absence(const Error& error) {
  return error.code == Errc::unreachable || error.code == Errc::timed_out || error.code == Errc::not_found;
}

bool stands_stopped(const std::vector<fleet::Instance>& instances, int number) {
  const auto found = std::ranges::find(instances, number, &fleet::Instance::number);
  return found != instances.end() && !found->is_running();
}

/// Whether the step would leave a stopped instance as it stands, if it were cut short.
bool may_stay_stopped(const Step& step, const Result<std::vector<fleet::Instance>>& present, int number) {
  const auto is_it_down = [number](const fleet::Instance& one) { return one.number == number && one.is_down(); };
  return step.does_not_run && present && std::ranges::any_of(*present, is_it_down);
}

/// Whether the step stops the instance of that number only to start it again, or starts it.
bool is_to_come_back(const Step& step, int number) {
  const bool brings_back = step.kind == Kind::restart || step.kind == Kind::replace || step.kind == Kind::start;
  return brings_back && std::ranges::find(step.numbers, number) != step.numbers.end();
}

/// Whether it shows that instances can be made and serve.
bool makes_instances(const Step& step) {
  return step.kind == Kind::add || step.kind == Kind::replace;
}

/// How many run after the steps that were done, where Docker cannot be asked.
int reckoned(int before, const std::vector<StepReport>& steps) {
  int count = before;
  for (const auto& one : steps) {
    const auto kind = one.step.kind;
    const auto numbers = one.state == StepReport::State::done ? static_cast<int>(one.step.numbers.size()) : 0;
    if (kind == Kind::add || kind == Kind::start || kind == Kind::start_composed || one.step.does_not_run) {
      count += numbers;
    } else if (kind == Kind::remove || kind == Kind::stop || kind == Kind::discard) {
      count -= numbers;
    }
  }
  return std::max(count, 0);
}

std::string_view name_of(StepReport::State state) {
  switch (state) {
    case StepReport::State::done:
      return "done";
    case StepReport::State::failed:
      return "failed";
    case StepReport::State::not_run:
      break;
  }
  return "not_run";
}

}  // namespace

json::Value json_of(const ActionReport& report) {
  json::Value value;
  value.set("action", report.action);
  value.set("steps", json::Value::array());
  for (const auto& [step, state, done] : report.steps) {
    auto one = json_of(step);
    one.set("outcome", name_of(state));
    one.set("done", json::of(done));
    value.at("steps").push_back(std::move(one));
  }
  value.set("instances", json::of(report.instances));
  value.set("error", report.status ? json::Value() : json::Value(report.status.error().what));
  return value;
}

Operator::Operator(const control::Settings& settings, fleet::World world, control::Records& records,
                   docker::Compose* compose, const control::Log& log)
    : m_settings(settings), m_world(std::move(world)), m_records(records), m_compose(compose), m_log(log) {}

Result<std::vector<fleet::Instance>> Operator::instances() {
  return fleet::instances_of(m_world, m_settings.deployment);
}

Result<int> Operator::running() {
  return instances().map(count_running);
}

Result<std::vector<kong::Target>> Operator::targets() {
  return m_world.kong.targets(m_settings.deployment.upstream);
}

Result<Situation> Operator::observe(Kong kong) {
  Situation situation;
  auto found = instances();
  if (!found) {
    return tl::unexpected(found.error());
  }
  situation.instances = std::move(*found);
  auto all = targets();
  if (!all && kong == Kong::may_be_absent && is_absence(all.error())) {
    // What it has is left behind, and requests in flight too: not for one answer that went wrong.
    if (m_world.clock.wait(k_poll) == Waited::interrupted) {
      return fail(Errc::interrupted, "interrupted");
    }
    all = targets();
  }
  if (all) {
    situation.drift = fleet::drift_of(situation.instances, *all, m_settings.deployment, m_records.load().restarting);
  } else if (kong == Kong::may_be_absent && is_absence(all.error())) {
    m_log.say(control::Level::warning, "{}; its targets stay", all.error().what);
    situation.is_kong_absent = true;
  } else if (kong != Kong::is_to_start) {
    return tl::unexpected(all.error());
  }
  if (m_compose != nullptr) {
    auto services = m_compose->services();
    if (!services) {
      return tl::unexpected(services.error());
    }
    situation.services = std::move(*services);
  }
  const auto state = m_records.load();
  situation.paused = store::is_paused(state, m_world.clock.now(), store::boot_id());
  situation.stopped = situation.paused && state.pause->is_stop;
  return situation;
}

Result<store::Lock> Operator::lock(std::chrono::milliseconds longest) {
  const auto end = m_world.clock.now().instant + longest;
  bool told = false;
  while (true) {
    auto taken = m_records.lock_actions();
    if (taken || taken.error().code != Errc::locked || m_world.clock.now().instant >= end) {
      return taken;
    }
    if (!std::exchange(told, true)) {
      m_log.say(control::Level::notice, "{}; waiting for it", taken.error().what);
    }
    if (m_world.clock.wait(k_poll) == Waited::interrupted) {
      return fail(Errc::interrupted, "interrupted");
    }
  }
}

ActionReport Operator::carry_out(const Plan& plan, const std::string& reason) {
  ActionReport report{.action = plan.action};
  for (const auto& step : plan.steps) {
    report.steps.push_back({.step = step});
  }
  const auto before = instances();
  const bool is_put_right = begin(plan, before);
  Execution execution(m_settings, m_world, m_records, m_compose, m_log);
  for (auto& step : report.steps) {
    m_world.step(text_of(step.step));
    auto done = execution.carry_out(step.step);
    if (!done) {
      step.state = StepReport::State::failed;
      report.status = tl::unexpected(done.error());
      report.status.error().what += execution.undo(step.step);
      break;
    }
    step.state = StepReport::State::done;
    step.done = std::move(*done);
  }
  if (const auto after = instances()) {
    report.instances = count_running(*after);
  }
  remember(before.map(count_running).value_or(report.instances.value_or(0)), report, reason, is_put_right);
  return report;
}

void Operator::recover() {
  const auto& deployment = m_settings.deployment;
  auto state = m_records.load();
  if (state.acting) {
    const auto present = instances();
    const auto all = present ? targets() : tl::unexpected(present.error());
    if (all) {
      fleet::let_stops_end(m_world, deployment, fleet::drift_of(*present, *all, deployment, state.restarting));
    }
  }
  const auto containers = m_world.engine.find(deployment.prefix);
  if (!containers) {
    return;  // whoever plans finds out, and tells it
  }
  const auto before = state.restarting;
  const auto recovered = fleet::recover(m_world, deployment, *containers, state.restarting);
  if (state.restarting != before) {
    m_records.save(state);
  }
  for (const auto& line : recovered.done) {
    m_log.say(control::Level::notice, "{}", line);
  }
  for (const auto& error : recovered.failed) {
    m_log.say(control::Level::warning, "{}", error.what);
  }
}

Status Operator::put_back(const store::State& state, const Result<std::vector<fleet::Instance>>& present) {
  const auto& deployment = m_settings.deployment;
  const auto all = present ? targets() : tl::unexpected(present.error());
  if (!all) {
    return tl::unexpected(all.error());
  }
  const auto drift = fleet::drift_of(*present, *all, deployment, state.restarting);
  const auto restored = fleet::put_back(m_world, deployment, drift, *state.acting);
  for (const auto& line : restored.done) {
    m_log.say(control::Level::notice, "{}", line);
  }
  return restored.failed.empty() ? Status{} : tl::unexpected(restored.failed.front());
}

/// Before the first change, so that a crash in the middle is known of. What an earlier one has left is put right;
/// whether nothing is left of it.
bool Operator::begin(const Plan& plan, const Result<std::vector<fleet::Instance>>& present) {
  auto state = m_records.load();
  Status restored;
  if (state.acting) {
    // Those that it lists are still somebody's will; the others get their weight, or stay known as ours.
    restored = put_back(state, present);
    if (!restored) {
      m_log.say(control::Level::warning, "{}", restored.error().what);
    }
  } else {
    state.acting = plan.taken_out;
  }
  if (present) {
    std::erase_if(state.restarting, [&](int number) { return !stands_stopped(*present, number); });
  }
  for (const auto& step : plan.steps) {
    std::ranges::copy_if(step.numbers, std::back_inserter(state.restarting), [&](int number) {
      return is_to_come_back(step, number) && !may_stay_stopped(step, present, number);
    });
  }
  m_records.save(state);
  return restored.has_value();
}

void Operator::remember(int before, const ActionReport& report, const std::string& reason, bool is_put_right) {
  auto state = m_records.load();
  if (report.status && is_put_right) {
    state.acting.reset();
  }
  if (report.status) {
    for (const auto& one : report.steps) {
      std::erase_if(state.restarting, [&](int number) { return is_to_come_back(one.step, number); });
    }
  }
  const auto now = m_world.clock.now();
  const int after = report.instances.value_or(reckoned(before, report.steps));
  if (after > before) {
    state.last_up = store::stamp_of(now, store::boot_id());
  } else if (after < before) {
    state.last_down = store::stamp_of(now, store::boot_id());
  }
  if (report.status && std::ranges::any_of(report.steps, [](const auto& one) { return makes_instances(one.step); })) {
    state.failures = 0;
    state.last_failure.reset();
  }
  if (report.status && report.action == "scale" && state.pause) {
    state.pause->is_stop = false;  // as many run as are wanted
  }
  m_records.save(state);
  const bool changed = after != before;
  if (changed || !report.status) {
    m_records.record({.at = now.wall,
                      .from = before,
                      .to = after,
                      .reason = reason,
                      .actor = "kscale-deploy",
                      .outcome = report.status ? "done" : report.status.error().what});
  }
}

}  // namespace kscale::operate
