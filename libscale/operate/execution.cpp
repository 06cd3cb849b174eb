#include "libscale/operate/execution.hpp"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "libscale/fleet/drift.hpp"
#include "libscale/fleet/launch.hpp"
#include "libscale/fleet/recovery.hpp"
#include "libscale/fleet/remove.hpp"
#include "libscale/fleet/renew.hpp"
#include "libscale/fleet/rotation.hpp"

namespace kscale::operate {

namespace {

using namespace std::chrono_literals;
using Kind = Step::Kind;

/// How often a Kong that is starting is asked again.
constexpr auto k_kong_poll = 250ms;

/// The first thing that went wrong.
template <class Outcomes>
Status first_failure(const Outcomes& outcomes) {
  const auto failed = std::ranges::find_if(outcomes, [](const auto& one) { return !one.outcome; });
  return failed != outcomes.end() ? failed->outcome : Status{};
}

bool ran(const std::vector<fleet::Instance>& instances, int number) {
  const auto found = std::ranges::find(instances, number, &fleet::Instance::number);
  return found != instances.end() && found->is_running();
}

}  // namespace

Execution::Execution(const control::Settings& settings, fleet::World& world, control::Records& records,
                     docker::Compose* compose, const control::Log& log)
    : m_settings(settings), m_world(world), m_records(records), m_compose(compose), m_log(log) {}

Result<std::vector<fleet::Instance>> Execution::instances(net::Urgency urgency) {
  const auto& prefix = m_settings.deployment.prefix;
  return m_world.engine.find(prefix, urgency).map([&](const auto& all) { return fleet::instances_of(all, prefix); });
}

Result<std::vector<kong::Target>> Execution::targets() {
  return m_world.kong.targets(m_settings.deployment.upstream);
}

Result<std::vector<std::string>> Execution::carry_out(const Step& step) {
  if (step.kind == Kind::mend) {
    return mend();
  }
  return change(step).map([] { return std::vector<std::string>{}; });
}

std::string Execution::undo(const Step& failed) {
  std::string text;
  // What failed behind them says nothing against a new image with which all are ready.
  if (failed.kind == Kind::replace) {
    const auto back = undo_replacements();
    text += back ? "" : fmt::format("; {}", back.error().what);
    if (!m_revived.empty()) {
      text +=
          fmt::format("; what did not run before and serves with the new image stays: {}", fmt::join(m_revived, ", "));
    }
  }
  if (!m_to_come_back.empty()) {
    const auto back = start(std::exchange(m_to_come_back, {}));
    text += back ? "; all were started again" : fmt::format("; not all were started again: {}", back.error().what);
  }
  if (m_helper) {
    const auto gone = end_help();
    text += gone ? "" : fmt::format("; {} was left: {}", m_helper->name, gone.error().what);
  }
  return text;
}

Status Execution::change(const Step& step) {
  switch (step.kind) {
    case Kind::pause:
      return m_records.pause_as_stopped();  // the plans of stop and cleanup alone have this step
    case Kind::resume:
      return m_records.resume();
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
    return first_failure(fleet::remove_instances(m_world, deployment, *those, *all, step.staying));
  }
  if (step.kind == Kind::stop) {
    return stop(step, *those, *all);
  }
  return discard(*those, *all);
}

Status Execution::stop(const Step& step, const std::vector<fleet::Instance>& those,
                       const std::vector<kong::Target>& all) {
  const auto& deployment = m_settings.deployment;
  if (!step.comes_back) {
    return fleet::stop_instances(m_world, deployment, those, all);
  }
  if (auto left = fleet::leave_rotation(m_world, deployment, fleet::targets_of(those, deployment, all)); !left) {
    return left;
  }
  m_to_come_back = those;
  return fleet::stop_for_restart(m_world, deployment, those);
}

Status Execution::start(const std::vector<fleet::Instance>& those, bool stay) {
  auto launches = fleet::start_stopped(m_world, those, net::Urgency::to_the_end);
  for (auto& launch : launches) {
    launch.stays = stay;
  }
  return first_failure(fleet::bring_in(m_world, m_settings.deployment, std::move(launches)));
}

Status Execution::discard(const std::vector<fleet::Instance>& those, const std::vector<kong::Target>& all) {
  const auto& prefix = m_settings.deployment.prefix;
  if (auto gone = fleet::discard_instances(m_world, m_settings.deployment, those, all); !gone) {
    return gone;
  }
  const auto containers = m_world.engine.find(prefix);
  if (!containers) {
    return tl::unexpected(containers.error());
  }
  for (const auto& container : fleet::set_aside(*containers, prefix)) {
    const bool is_ours = fleet::Instance{0, container}.is_ours();
    if (auto removed = fleet::remove_container(m_world, container.id, is_ours, net::Urgency::change); !removed) {
      return removed;
    }
  }
  return {};
}

Result<std::vector<fleet::Instance>> Execution::named(const Step& step, net::Urgency urgency) {
  const auto all = instances(urgency);
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

Status Execution::on_services(const Step& step) {
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

Status Execution::await_kong() {
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
    if (m_world.clock.wait(k_kong_poll) == Waited::interrupted) {
      return fail(Errc::interrupted, "interrupted");
    }
  }
}

Result<std::vector<std::string>> Execution::mend() {
  const auto present = instances();
  const auto all = present ? targets() : tl::unexpected(present.error());
  if (!all) {
    return tl::unexpected(all.error());
  }
  const auto& deployment = m_settings.deployment;
  auto mended =
      fleet::mend(m_world, deployment, fleet::drift_of(*present, *all, deployment, m_records.load().restarting));
  for (const auto& line : mended.waiting) {
    m_log.say(control::Level::warning, "{}", line);
  }
  if (!mended.failed.empty()) {
    return tl::unexpected(mended.failed.front());
  }
  return std::move(mended.done);
}

Status Execution::start_composed(const Step& step) {
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
  const auto those = named(step, net::Urgency::to_the_end);
  if (!those) {
    stop_those_started(step, *before);
    return tl::unexpected(those.error());
  }
  auto launches = fleet::start_stopped(m_world, *those, net::Urgency::to_the_end);
  for (auto& launch : launches) {
    launch.stays = ran(*before, launch.number);  // else it was started here, and is stopped again where it fails
  }
  return first_failure(fleet::bring_in(m_world, m_settings.deployment, std::move(launches)));
}

/// After a start that failed half-way: those that run now and did not before.
void Execution::stop_those_started(const Step& step, const std::vector<fleet::Instance>& before) {
  const auto now = instances(net::Urgency::to_the_end);
  std::vector<std::string> ids;
  for (const auto& instance : now ? fleet::running(*now) : std::vector<fleet::Instance>{}) {
    if (!ran(before, instance.number) && std::ranges::find(step.numbers, instance.number) != step.numbers.end()) {
      ids.push_back(instance.container.id);
    }
  }
  static_cast<void>(m_world.engine.stop(ids, m_settings.deployment.stop_timeout, net::Urgency::to_the_end));
}

Status Execution::start(const Step& step) {
  if (!m_to_come_back.empty()) {
    return start(std::exchange(m_to_come_back, {}));  // without asking Docker for them, which an interruption would end
  }
  const auto those = named(step);
  return those ? start(*those) : tl::unexpected(those.error());
}

Status Execution::add(const Step& step) {
  const auto all = instances();
  if (!all) {
    return tl::unexpected(all.error());
  }
  return first_failure(
      fleet::add_instances(m_world, m_settings.deployment, *all, static_cast<int>(step.numbers.size())));
}

Status Execution::help() {
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

Status Execution::end_help() {
  if (!m_helper) {
    return {};
  }
  const auto those = named({.names = {m_helper->name}, .numbers = {m_helper->number}});
  const auto all = those ? targets() : tl::unexpected(those.error());
  if (!all) {
    return tl::unexpected(all.error());
  }
  auto removed = first_failure(fleet::remove_instances(m_world, m_settings.deployment, *those, *all, 1));
  if (removed) {
    m_helper.reset();
  }
  return removed;
}

Status Execution::replace(const Step& step) {
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
  if (*new_image == old_image && instance.container.state == docker::State::restarting) {
    return fail(Errc::failed, "{} has this image already, and ends with it again and again; its log may say why",
                instance.container.name);
  }
  if (*new_image == old_image) {
    m_log.say(control::Level::notice, "{} has this image already", instance.container.name);
    return instance.is_down() ? start({instance}, false) : Status{};
  }
  const auto meanwhile = step.does_not_run ? fleet::Meanwhile::nobody : fleet::Meanwhile::others;
  auto replaced = fleet::replace_instance(m_world, m_settings.deployment, instance, image, meanwhile);
  if (replaced && step.does_not_run) {
    m_revived.push_back(instance.container.name);
  } else if (replaced) {
    m_replaced.push_back({.instance = instance, .old_image = old_image, .old_name = own});
  }
  return replaced;
}

Status Execution::bring_back(const Replaced& replaced) {
  const auto all = named({.names = {replaced.instance.container.name}, .numbers = {replaced.instance.number}});
  if (!all) {
    return tl::unexpected(all.error());
  }
  const auto meant = m_world.engine.image_id(replaced.old_name);
  const auto& reference = meant && *meant == replaced.old_image ? replaced.old_name : replaced.old_image;
  return fleet::replace_instance(m_world, m_settings.deployment, all->front(), reference, fleet::Meanwhile::others);
}

Status Execution::undo_replacements() {
  Status outcome;
  for (const auto& replaced : std::exchange(m_replaced, {})) {
    const auto& name = replaced.instance.container.name;
    const auto back = bring_back(replaced);
    if (back) {
      m_log.say(control::Level::warning, "{} has its old image again", name);
    } else if (outcome) {
      outcome = fail(back.error().code, "{} still has the new image: {}", name, back.error().what);
    } else {
      outcome.error().what += fmt::format("; so has {}", name);
    }
  }
  return outcome;
}

}  // namespace kscale::operate
