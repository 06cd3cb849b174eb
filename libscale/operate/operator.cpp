#include "libscale/operate/operator.hpp"

#include <algorithm>
#include <utility>

#include "libscale/fleet/recovery.hpp"
#include "libscale/fleet/remove.hpp"
#include "libscale/fleet/renew.hpp"
#include "libscale/operate/figures.hpp"

namespace kscale::operate {

namespace {

using namespace std::chrono_literals;
using Kind = Step::Kind;

/// How often a lock that is held, or a Kong that is starting, is asked for again.
constexpr auto k_poll = 250ms;

store::Stamp stamp_of(Now now) {
  return {now.instant, now.wall, store::boot_id()};
}

int count_running(const std::vector<fleet::Instance>& instances) {
  return static_cast<int>(fleet::running(instances).size());
}

/// The first thing that went wrong.
template <class Outcomes>
Status first_failure(const Outcomes& outcomes) {
  const auto failed = std::ranges::find_if(outcomes, [](const auto& one) { return !one.outcome; });
  return failed != outcomes.end() ? failed->outcome : Status{};
}

/// Whether Kong, or its upstream, is not there; as against one that refuses to be asked.
bool is_absence(const Error& error) {
  return error.code == Errc::unreachable || error.code == Errc::timed_out || error.code == Errc::not_found;
}

std::vector<int> taken_out(const fleet::Drift& drift) {
  std::vector<int> numbers;
  std::ranges::transform(drift.taken_out, std::back_inserter(numbers), &fleet::Instance::number);
  return numbers;
}

bool stands_stopped(const std::vector<fleet::Instance>& instances, int number) {
  const auto found = std::ranges::find(instances, number, &fleet::Instance::number);
  return found != instances.end() && !found->is_running();
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
    one.set("done", json_of(done));
    value.at("steps").push_back(std::move(one));
  }
  value.set("instances", report.instances ? json::Value(*report.instances) : json::Value());
  value.set("error", report.status ? json::Value() : json::Value(report.status.error().what));
  return value;
}

Operator::Operator(const control::Settings& settings, fleet::World world, control::Records& records,
                   docker::Compose* compose, const control::Log& log)
    : m_settings(settings), m_world(std::move(world)), m_records(records), m_compose(compose), m_log(log) {}

Result<std::vector<fleet::Instance>> Operator::instances() {
  const auto& prefix = m_settings.deployment.prefix;
  return m_world.engine.find(prefix).map(
      [&](const auto& containers) { return fleet::instances_of(containers, prefix); });
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
  if (!all && kong == Kong::may_be_absent && is_absence(all.error()) && m_world.clock.wait(k_poll) == Waited::whole) {
    all = targets();  // what it has is left behind, and requests in flight too: not for one answer that went wrong
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
  situation.paused = m_records.load().pause.has_value();
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
  begin(plan, before);
  m_replaced.clear();
  m_helper.reset();
  for (auto& step : report.steps) {
    m_world.step(text_of(step.step));
    auto done = carry_out(step.step);
    if (!done) {
      step.state = StepReport::State::failed;
      report.status = tl::unexpected(done.error());
      break;
    }
    step.state = StepReport::State::done;
    step.done = std::move(*done);
  }
  if (!report.status) {
    report.status.error().what += undone();
  }
  if (const auto after = instances()) {
    report.instances = count_running(*after);
  }
  remember(before ? count_running(*before) : 0, report, reason);
  return report;
}

void Operator::recover() {
  const auto containers = m_world.engine.find(m_settings.deployment.prefix);
  if (!containers) {
    return;  // whoever plans finds out, and tells it
  }
  auto restarting = m_records.load().restarting;  // those that stand stopped stay known until the action has begun
  const auto recovered = fleet::recover(m_world, m_settings.deployment, *containers, restarting);
  for (const auto& line : recovered.done) {
    m_log.say(control::Level::notice, "{}", line);
  }
  for (const auto& error : recovered.failed) {
    m_log.say(control::Level::warning, "{}", error.what);
  }
}

/// Before the first change, so that a crash in the middle is known of. What an earlier one has left is put right.
void Operator::begin(const Plan& plan, const Result<std::vector<fleet::Instance>>& present) {
  auto state = m_records.load();
  const auto all = present ? targets() : tl::unexpected(present.error());
  auto drift = all ? fleet::drift_of(*present, *all, m_settings.deployment, state.restarting) : fleet::Drift{};
  if (state.acting) {
    if (const auto lines = fleet::put_back(m_world, m_settings.deployment, drift, *state.acting)) {
      for (const auto& line : *lines) {
        m_log.say(control::Level::notice, "{}", line);
      }
    } else {
      m_log.say(control::Level::warning, "{}", lines.error().what);
    }
    // Those that it lists are still somebody's will; the others have their weight, or stay known as ours.
  } else {
    state.acting = taken_out(drift);
  }
  if (present) {
    std::erase_if(state.restarting, [&](int number) { return !stands_stopped(*present, number); });
  }
  for (const auto& step : plan.steps) {
    if (step.kind == Kind::restart || step.kind == Kind::replace || step.kind == Kind::start) {
      state.restarting.insert(state.restarting.end(), step.numbers.begin(), step.numbers.end());
    }
  }
  m_records.save(state);
}

/// Undoes what is only there for the sake of an action that failed. What that came to, to be added to its error.
std::string Operator::undone() {
  std::string text;
  if (const auto back = undo_replacements(); !back) {
    text += fmt::format("; {}", back.error().what);
  }
  if (m_helper) {
    const auto gone = end_help();
    text += gone ? "" : fmt::format("; {} was left: {}", m_helper->name, gone.error().what);
  }
  return text;
}

Result<std::vector<std::string>> Operator::carry_out(const Step& step) {
  if (step.kind == Kind::mend) {
    return mend();
  }
  return change(step).map([] { return std::vector<std::string>{}; });
}

Status Operator::change(const Step& step) {
  switch (step.kind) {
    case Kind::pause:
      return pause(std::nullopt);
    case Kind::resume:
      return resume();
    case Kind::build:
    case Kind::start_services:
    case Kind::stop_services:
    case Kind::restart_services:
    case Kind::take_down:
    case Kind::take_down_all:
      return on_services(step);
    case Kind::await_kong:
      return await_kong();
    case Kind::start_composed:
      return start_composed(step);
    case Kind::add:
      return add(step);
    case Kind::start:
      return start(step);
    case Kind::help:
      return help();
    case Kind::end_help:
      return end_help();
    case Kind::replace:
      return replace(step);
    case Kind::delete_targets:
      return m_world.kong.remove_targets(m_settings.deployment.upstream, step.names);
    default:
      break;
  }
  const auto those = named(step);
  if (!those) {
    return tl::unexpected(those.error());
  }
  const auto& deployment = m_settings.deployment;
  if (step.kind == Kind::restart) {
    return fleet::restart_instance(m_world, deployment, those->front());
  }
  const auto all = step.targets_stay ? std::vector<kong::Target>{} : targets();
  if (!all) {
    return tl::unexpected(all.error());
  }
  if (step.kind == Kind::remove) {
    return first_failure(fleet::remove_instances(m_world, deployment, *those, *all));
  }
  return step.kind == Kind::stop ? fleet::stop_instances(m_world, deployment, *those, *all) : discard(*those, *all);
}

Status Operator::discard(const std::vector<fleet::Instance>& those, const std::vector<kong::Target>& all) {
  const auto& prefix = m_settings.deployment.prefix;
  if (auto gone = fleet::discard_instances(m_world, m_settings.deployment, those, all); !gone) {
    return gone;
  }
  const auto containers = m_world.engine.find(prefix);
  if (!containers) {
    return tl::unexpected(containers.error());
  }
  std::vector<std::string> ids;
  for (const auto& container : fleet::set_aside(*containers, prefix)) {
    ids.push_back(container.id);
  }
  for (auto& removed : m_world.engine.remove(ids, docker::AnonymousVolumes::keep, net::Urgency::change)) {
    if (!removed) {
      return std::move(removed);
    }
  }
  return {};
}

Result<std::vector<fleet::Instance>> Operator::named(const Step& step) {
  const auto all = instances();
  if (!all) {
    return tl::unexpected(all.error());
  }
  std::vector<fleet::Instance> found;
  for (std::size_t i = 0; i < step.numbers.size(); ++i) {
    const auto instance = std::ranges::find(*all, step.numbers[i], &fleet::Instance::number);
    if (instance == all->end()) {
      return fail(Errc::not_found, "{} is gone by now", step.names[i]);
    }
    found.push_back(*instance);
  }
  return found;
}

Status Operator::on_services(const Step& step) {
  if (m_compose == nullptr) {
    return fail(Errc::not_found, "no compose file: {} needs one; see compose-file", text_of(step));
  }
  const auto grace = m_settings.deployment.stop_timeout;
  const auto progress = [this](std::string_view line) { m_world.step(line); };
  switch (step.kind) {
    case Kind::build:
      return m_compose->build(step.names, progress);
    case Kind::start_services:
      return m_compose->up(step.names, progress);
    case Kind::stop_services:
      return m_compose->stop(step.names, grace, progress);
    case Kind::restart_services:
      return m_compose->restart(step.names, grace, progress);
    default:
      return m_compose->down(
          {.volumes = step.kind == Kind::take_down_all, .orphans = step.kind == Kind::take_down_all, .grace = grace},
          progress);
  }
}

Status Operator::await_kong() {
  const auto end = m_world.clock.now().instant + m_settings.deployment.ready_timeout;
  while (true) {
    const auto status = m_world.kong.status();
    if (status && status->configured && status->database_reachable) {
      return {};
    }
    if (m_world.clock.now().instant >= end) {
      return status ? fail(Errc::timed_out, "Kong is up, but has no configuration or no database")
                    : tl::unexpected(status.error());
    }
    if (m_world.clock.wait(k_poll) == Waited::interrupted) {
      return fail(Errc::interrupted, "interrupted");
    }
  }
}

Result<std::vector<std::string>> Operator::mend() {
  const auto situation = observe(Kong::needed);
  if (!situation) {
    return tl::unexpected(situation.error());
  }
  auto mended = fleet::mend(m_world, m_settings.deployment, situation->drift);
  if (!mended.failed.empty()) {
    return tl::unexpected(mended.failed.front());
  }
  return std::move(mended.done);
}

Status Operator::start_composed(const Step& step) {
  const auto services = m_compose->services();
  if (!services) {
    return tl::unexpected(services.error());
  }
  std::vector<std::string> names;
  for (const int number : step.numbers) {
    if (const auto* service = service_of(*services, m_settings.deployment, number)) {
      names.push_back(service->name);
    }
  }
  const auto before = instances();
  if (!before) {
    return tl::unexpected(before.error());
  }
  if (auto up = m_compose->up(names, [this](std::string_view line) { m_world.step(line); }); !up) {
    stop_those_started(step, *before);
    return up;
  }
  return start(step);
}

/// After a start that failed half-way: those that run now and did not before.
void Operator::stop_those_started(const Step& step, const std::vector<fleet::Instance>& before) {
  const auto now = instances();
  std::vector<std::string> ids;
  for (const auto& instance : now ? fleet::running(*now) : std::vector<fleet::Instance>{}) {
    const auto earlier = std::ranges::find(before, instance.number, &fleet::Instance::number);
    const bool ran = earlier != before.end() && earlier->is_running();
    if (!ran && std::ranges::find(step.numbers, instance.number) != step.numbers.end()) {
      ids.push_back(instance.container.id);
    }
  }
  static_cast<void>(m_world.engine.stop(ids, m_settings.deployment.stop_timeout, net::Urgency::to_the_end));
}

Status Operator::start(const Step& step) {
  const auto those = named(step);
  if (!those) {
    return tl::unexpected(those.error());
  }
  auto launches = fleet::start_again(m_world, *those, net::Urgency::to_the_end);
  return first_failure(fleet::bring_in(m_world, m_settings.deployment, std::move(launches)));
}

Status Operator::add(const Step& step) {
  const auto all = instances();
  if (!all) {
    return tl::unexpected(all.error());
  }
  return first_failure(
      fleet::add_instances(m_world, m_settings.deployment, *all, static_cast<int>(step.numbers.size())));
}

Status Operator::help() {
  auto all = instances();
  if (!all) {
    return tl::unexpected(all.error());
  }
  // One that somebody stopped is no helper: it would be removed afterwards.
  std::erase_if(*all, [](const auto& instance) { return !instance.is_running() && !instance.is_ours(); });
  auto added = fleet::add_instances(m_world, m_settings.deployment, *all, 1);
  if (added.front().outcome) {
    m_helper = std::move(added.front());
  }
  return first_failure(added);
}

Status Operator::end_help() {
  if (!m_helper) {
    return {};
  }
  const auto those = named({.names = {m_helper->name}, .numbers = {m_helper->number}});
  const auto all = those ? targets() : tl::unexpected(those.error());
  if (!all) {
    return tl::unexpected(all.error());
  }
  auto removed = first_failure(fleet::remove_instances(m_world, m_settings.deployment, *those, *all));
  if (removed) {
    m_helper.reset();
  }
  return removed;
}

Status Operator::replace(const Step& step) {
  const auto those = named(step);
  if (!those) {
    return tl::unexpected(those.error());
  }
  const auto& instance = those->front();
  const auto own = fleet::image_name(instance.container);
  const auto& image = step.image.empty() ? own : step.image;
  const auto inspection = m_world.engine.inspection(instance.container.id);
  if (!inspection) {
    return tl::unexpected(inspection.error());
  }
  const auto old_image = (*inspection)["Image"].text_or("");
  const auto new_image = m_world.engine.image_id(image);
  if (!new_image) {
    return tl::unexpected(new_image.error());
  }
  if (*new_image == old_image) {
    m_log.say(control::Level::notice, "{} has this image already", instance.container.name);
    return {};
  }
  auto replaced = fleet::replace_instance(m_world, m_settings.deployment, instance, image);
  if (replaced) {
    m_replaced.push_back({.instance = instance, .old_image = old_image, .old_name = own});
  }
  return replaced;
}

Status Operator::bring_back(const Replaced& replaced) {
  const auto all = named({.names = {replaced.instance.container.name}, .numbers = {replaced.instance.number}});
  if (!all) {
    return tl::unexpected(all.error());
  }
  const auto meant = m_world.engine.image_id(replaced.old_name);
  const auto& reference = meant && *meant == replaced.old_image ? replaced.old_name : replaced.old_image;
  return fleet::replace_instance(m_world, m_settings.deployment, all->front(), reference);
}

Status Operator::undo_replacements() {
  Status outcome;
  for (const auto& replaced : std::exchange(m_replaced, {})) {
    const auto& name = replaced.instance.container.name;
    const auto back = bring_back(replaced);
    if (back) {
      m_log.say(control::Level::notice, "{} has its old image again", name);
    } else if (outcome) {
      outcome = fail(back.error().code, "{} still has the new image: {}", name, back.error().what);
    } else {
      outcome.error().what += fmt::format("; so has {}", name);
    }
  }
  return outcome;
}

Status Operator::pause(std::optional<std::chrono::seconds> span) {
  auto state = m_records.load();
  state.pause = store::Pause{.since = stamp_of(m_world.clock.now()), .length = span};
  m_records.save(state);
  return {};
}

Status Operator::resume() {
  auto state = m_records.load();
  state.pause.reset();
  m_records.save(state);
  return {};
}

void Operator::remember(int before, const ActionReport& report, const std::string& reason) {
  auto state = m_records.load();
  if (report.status) {
    state.acting.reset();
    state.restarting.clear();
  }
  const auto now = m_world.clock.now();
  const int after = report.instances.value_or(before);
  if (after > before) {
    state.last_up = stamp_of(now);
  } else if (after < before) {
    state.last_down = stamp_of(now);
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
