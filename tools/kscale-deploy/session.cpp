#include "tools/kscale-deploy/session.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "libscale/base/environment.hpp"
#include "libscale/control/peers.hpp"
#include "libscale/control/records.hpp"
#include "libscale/control/system_clock.hpp"
#include "libscale/docker/compose.hpp"
#include "libscale/net/curl_transport.hpp"
#include "libscale/net/json_figures.hpp"
#include "libscale/operate/checkup.hpp"
#include "libscale/operate/events.hpp"
#include "libscale/operate/log_reader.hpp"
#include "libscale/operate/lookout.hpp"
#include "libscale/operate/operator.hpp"
#include "libscale/operate/overview.hpp"
#include "libscale/operate/plan.hpp"
#include "tools/cli/progress.hpp"
#include "tools/cli/terminal_log.hpp"
#include "tools/cli/tool.hpp"

namespace kscale::deploy {

namespace {

using namespace std::chrono_literals;
using cli::Exit;
using operate::Operator;
using operate::Plan;

void print(const json::Value& value) {
  fmt::print("{}\n", json::dump(value));
}

bool reads_only(Action action) {
  return action == Action::status || action == Action::health || action == Action::logs || action == Action::history;
}

/// What one call needs, put together.
class Session {
 public:
  Session(const Command& command, control::Settings settings, cli::Signals& signals)
      : m_command(command),
        m_settings(std::move(settings)),
        m_signals(signals),
        m_system_clock(signals.stop_fd()),
        m_progress(usage().tool, cli::Progress::fitting(command.quiet), m_system_clock),
        m_clock(m_system_clock, m_progress),
        m_http(signals.stop_fd()),
        m_plain_log(cli::terminal_log(usage().tool, false)),
        m_log([this](control::Level level, std::string_view text) {
          if (level == control::Level::notice && m_command.quiet) {
            return;
          }
          m_progress.clear();
          m_plain_log.say(level, "{}", text);
        }) {}

  /// Fails with `invalid` where the settings are at fault.
  Status open();
  /// Fails with what kept it from being begun or looked at.
  Result<Exit> run();
  Exit tell(const Error& error, Exit exit) const;

 private:
  fleet::World world();

  Result<Exit> status();
  Result<Exit> health();
  Result<Exit> logs();
  Result<Exit> history();
  Result<Exit> pause_or_resume();
  Result<Exit> act();

  Status find_compose();
  Status require_compose() const;
  Result<std::optional<operate::Step>> build();
  Result<Plan> plan(Operator& op);
  Plan plan_for(const operate::Situation& situation) const;
  void tell_outlook(int instances);
  Status confirm() const;
  Exit tell(const operate::ActionReport& report);

  const Command& m_command;
  control::Settings m_settings;
  cli::Signals& m_signals;
  control::SystemClock m_system_clock;
  cli::Progress m_progress;
  cli::TickingClock m_clock;
  net::CurlTransport m_http;
  control::Log m_plain_log;
  control::Log m_log;
  std::optional<control::Peers> m_peers;
  std::optional<control::Records> m_records;
  std::optional<docker::Compose> m_compose;
};

Status Session::open() {
  if (m_command.wait_timeout) {
    m_settings.deployment.ready_timeout = *m_command.wait_timeout;
  }
  auto peers = control::Peers::from(m_settings, process_environment(), m_http, m_clock);
  if (!peers) {
    return tl::unexpected(peers.error());
  }
  m_peers.emplace(std::move(*peers));
  auto for_records = m_settings;
  for_records.dry_run = m_settings.dry_run || reads_only(m_command.action);
  auto records = control::Records::open(for_records, process_environment(), m_clock, m_log, usage().tool);
  if (!records) {
    return tl::unexpected(records.error());
  }
  m_records.emplace(std::move(*records));
  return {};
}

Exit Session::tell(const Error& error, Exit exit) const {
  m_log.say(control::Level::error, "{}", error.what);
  return exit;
}

fleet::World Session::world() {
  return m_peers->world([this](std::string_view step) { m_progress.step(step); });
}

Result<Exit> Session::run() {
  switch (m_command.action) {
    case Action::status:
      return status();
    case Action::health:
      return health();
    case Action::logs:
      return logs();
    case Action::history:
      return history();
    case Action::pause:
    case Action::resume:
      return pause_or_resume();
    default:
      return act();
  }
}

Result<Exit> Session::status() {
  const auto overview = operate::Lookout(m_settings, world(), *m_records).look();
  m_progress.clear();
  if (!overview) {
    return tl::unexpected(overview.error());
  }
  if (m_command.json) {
    print(operate::json_of(*overview));
  } else {
    fmt::print("{}", operate::text_of(*overview));
  }
  const auto error = overview->error();
  return error ? cli::exit_for(*error) : Exit::done;
}

Result<Exit> Session::health() {
  const auto checkup = operate::check_up(m_settings, world());
  m_progress.clear();
  if (!checkup) {
    return tl::unexpected(checkup.error());
  }
  if (m_command.json) {
    print(operate::json_of(*checkup));
  } else {
    fmt::print("{}", operate::text_of(*checkup));
  }
  return checkup->is_healthy() ? Exit::done : Exit::unhealthy;
}

Result<Exit> Session::logs() {
  constexpr auto k_poll = 500ms;
  operate::LogReader reader({.whose = m_command.subject, .tail = m_command.tail, .since = m_command.since}, world(),
                            m_settings.deployment, m_log);
  do {
    const auto lines = reader.read();
    if (!lines) {
      return lines.error().code == Errc::interrupted ? Result<Exit>(Exit::interrupted) : tl::unexpected(lines.error());
    }
    for (const auto& line : *lines) {
      if (m_command.json) {
        print(operate::json_of(line));
      } else {
        fmt::print("{}{}\n", cli::coloured(line.prefix, line.place), line.text);
      }
    }
    const bool is_written = std::fflush(stdout) == 0;  // what kept it from that is told by the caller
    if (!m_command.follow || !is_written || cli::reader_has_left()) {
      return Exit::done;
    }
  } while (m_system_clock.wait(k_poll) == Waited::whole);
  return Exit::interrupted;
}

Result<Exit> Session::history() {
  constexpr std::size_t k_most = 10'000;
  const auto events = m_records->events(m_clock.now().wall - m_command.days, k_most);
  if (!events) {
    return tl::unexpected(events.error());
  }
  auto list = json::Value::array();
  for (const auto& event : *events) {
    if (m_command.json) {
      list.push_back(operate::json_of(event));
    } else {
      fmt::print("{}\n", operate::text_of(event));
    }
  }
  if (m_command.json) {
    print(list);
  } else if (events->empty()) {
    fmt::print("nothing was scaled in the last {} days\n", m_command.days.count() / 24);
  }
  return Exit::done;
}

Result<Exit> Session::pause_or_resume() {
  const bool pause = m_command.action == Action::pause;
  Operator op(m_settings, world(), *m_records, nullptr, m_log);
  const Plan plan{.action = pause ? "pause" : "resume",
                  .steps = {{.kind = pause ? operate::Step::Kind::pause : operate::Step::Kind::resume}}};
  if (m_settings.dry_run) {
    fmt::print("{}", m_command.json ? json::dump(operate::json_of(plan)) + '\n' : operate::text_of(plan));
    return Exit::done;
  }
  const auto lock = op.lock(m_settings.deployment.ready_timeout);
  if (!lock) {
    return tl::unexpected(lock.error());
  }
  if (auto done = pause ? m_records->pause(m_command.span) : m_records->resume(); !done) {
    return tl::unexpected(done.error());
  }
  const auto runs = m_records->autoscaler();
  const auto text = pause ? fmt::format("the autoscaler is paused {}",
                                        m_command.span ? fmt::format("for {}s", m_command.span->count())
                                                       : "until: kscale-deploy resume")
                          : std::string("the autoscaler goes on");
  if (m_command.json) {
    json::Value value;
    value.set("action", plan.action);
    value.set("paused", pause);
    value.set("seconds", json::of(m_command.span));
    value.set("autoscaler", json::text_or_null(runs));
    print(value);
  } else {
    fmt::print("{}{}\n", text, runs.empty() ? "; none runs now" : "");
  }
  return Exit::done;
}

/// Asks before what cannot be undone.
Status Session::confirm() const {
  if (m_command.action != Action::cleanup || m_settings.dry_run || m_command.yes) {
    return {};
  }
  const bool terminal = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
  if (!terminal) {
    return m_command.force
               ? fail(Errc::invalid, "cleanup --force also removes volumes: without a terminal it needs --yes")
               : fail(Errc::invalid, "cleanup removes all instances: without a terminal it needs --yes");
  }
  const auto& prefix = m_settings.deployment.prefix;
  const std::string wanted = m_command.force ? prefix : "y";
  const auto* const project = !m_compose        ? ""
                              : m_command.force ? " and the Compose project with its volumes"
                                                : " and the Compose project";
  fmt::print(stderr, "This removes all instances of {}{}.\nType {} to go on: ", prefix, project, wanted);
  std::fflush(stderr);
  std::array<pollfd, 2> either{pollfd{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                               pollfd{.fd = m_signals.stop_fd(), .events = POLLIN, .revents = 0}};
  while (poll(either.data(), either.size(), -1) < 0 && errno == EINTR) {
  }
  if (m_signals.stop_signal()) {
    return fail(Errc::interrupted, "interrupted");
  }
  std::string answer;
  std::getline(std::cin, answer);
  return answer == wanted ? Status{} : fail(Errc::failed, "nothing was changed");
}

Result<Plan> Session::plan(Operator& op) {
  const bool without_kong = m_command.action == Action::cleanup || m_command.action == Action::stop;
  const auto situation = op.observe(m_command.include_kong ? Operator::Kong::is_to_start
                                    : without_kong         ? Operator::Kong::may_be_absent
                                                           : Operator::Kong::needed);
  if (!situation) {
    return tl::unexpected(situation.error());
  }
  auto plan = plan_for(*situation);
  const auto possible = operate::check(plan, *situation);
  return possible ? Result<Plan>(std::move(plan)) : tl::unexpected(possible.error());
}

Plan Session::plan_for(const operate::Situation& situation) const {
  const auto& deployment = m_settings.deployment;
  const int instances = m_command.instances.value_or(m_settings.rules.min_instances);
  switch (m_command.action) {
    case Action::start:
      return operate::plan_start(
          deployment, situation,
          {.instances = instances, .kong = m_command.include_kong, .database = m_command.include_database});
    case Action::stop:
      return operate::plan_stop(deployment, situation, m_command.all);
    case Action::restart:
      return operate::plan_restart(deployment, situation,
                                   {.at_once = m_command.all_at_once, .kong = m_command.include_kong});
    case Action::scale:
      return operate::plan_scale(deployment, situation, instances);
    case Action::deploy:
      return operate::plan_deploy(deployment, situation,
                                  {.image = m_command.image, .instances = instances, .is_built = !m_settings.dry_run});
    default:
      return operate::plan_cleanup(situation, m_command.force);
  }
}

Exit Session::tell(const operate::ActionReport& report) {
  m_progress.clear();
  if (m_command.json) {
    print(operate::json_of(report));
  } else {
    for (const auto& step : report.steps) {
      if (step.state == operate::StepReport::State::done) {
        fmt::print("done: {}\n", operate::text_of(step.step));
        for (const auto& line : step.done) {
          fmt::print("  {}\n", line);
        }
      }
    }
    if (report.instances) {
      fmt::print("{}: {} {}\n", report.action, *report.instances,
                 *report.instances == 1 ? "instance runs" : "instances run");
    }
  }
  if (!report.status) {
    m_log.say(control::Level::error, "{}", report.status.error().what);
    return cli::exit_for(report.status.error());
  }
  return Exit::done;
}

/// Tells what a running autoscaler makes of the new number.
void Session::tell_outlook(int instances) {
  const auto autoscaler = m_records->autoscaler();
  if (autoscaler.empty()) {
    return;
  }
  if (store::is_paused(m_records->load(), m_clock.now(), store::boot_id())) {
    m_log.say(control::Level::notice, "{} is paused: kscale-deploy resume lets it scale again", autoscaler);
    return;
  }
  const auto& rules = m_settings.rules;
  if (instances < rules.min_instances || instances > rules.max_instances) {
    m_log.say(control::Level::notice,
              "{} keeps between {} and {} instances and will undo this: change its settings, or pause it with "
              "kscale-deploy pause",
              autoscaler, rules.min_instances, rules.max_instances);
  } else {
    m_log.say(control::Level::notice, "{} is running: it scales again when the cooldown of {}s is over", autoscaler,
              rules.cooldown.count());
  }
}

/// Compose with the file that is named, or with the one in this folder where that makes instances of the deployment:
/// another's project is left alone.
Status Session::find_compose() {
  docker::ComposeSetup setup{.docker = m_peers->engine().endpoint(), .stop_fd = m_signals.stop_fd()};
  if (!m_settings.compose_file.empty()) {
    setup.file = m_settings.compose_file;
  }
  if (!m_settings.compose_project.empty()) {
    setup.project = m_settings.compose_project;
  }
  auto compose = docker::Compose::find(std::move(setup));
  if (!compose) {
    return tl::unexpected(compose.error());
  }
  m_compose = std::move(*compose);
  if (m_compose && m_settings.compose_file.empty()) {
    const auto services = m_compose->services();
    if (!services) {
      return tl::unexpected(services.error());
    }
    if (!operate::makes_instances(*services, m_settings.deployment)) {
      m_log.say(control::Level::notice,
                "the compose file in this folder makes no instance of {}: it is left alone; see "
                "compose-file",
                m_settings.deployment.prefix);
      m_compose.reset();
    }
  }
  return {};
}

/// Whether there is what the options are about.
Status Session::require_compose() const {
  const std::string_view option = m_command.include_kong       ? "include-kong"
                                  : m_command.include_database ? "include-database"
                                  : m_command.all              ? "all"
                                  : m_command.force            ? "force"
                                                               : "";
  return option.empty() || m_compose
             ? Status{}
             : fail(Errc::invalid, "--{} needs the compose file of {}, and there is none here; see compose-file",
                    option, m_settings.deployment.prefix);
}

/// Builds what is to be deployed, before the lock is taken: that may take long. The step, where there was one.
Result<std::optional<operate::Step>> Session::build() {
  if (m_command.action != Action::deploy || m_settings.dry_run || !m_command.image.empty() || !m_compose) {
    return std::optional<operate::Step>();
  }
  const auto services = m_compose->services();
  if (!services) {
    return tl::unexpected(services.error());
  }
  auto step = operate::building(*services);
  if (step) {
    m_progress.step(operate::text_of(*step));
    const auto built = m_compose->build(step->names, [this](std::string_view line) { m_progress.step(line); });
    if (!built) {
      return tl::unexpected(built.error());
    }
  }
  return step;
}

Result<Exit> Session::act() {
  const auto ready =
      find_compose().and_then([this] { return require_compose(); }).and_then([this] { return confirm(); });
  if (!ready) {
    return tell(ready.error(), cli::exit_for_set_up(ready.error()));
  }
  const auto built = build();
  if (!built) {
    return tl::unexpected(built.error());
  }
  Operator op(m_settings, world(), *m_records, m_compose ? &*m_compose : nullptr, m_log);
  std::optional<store::Lock> lock;
  if (!m_settings.dry_run) {
    auto taken = op.lock(m_settings.deployment.ready_timeout);
    if (!taken) {
      return tl::unexpected(taken.error());
    }
    lock.emplace(std::move(*taken));
    if (m_command.action != Action::stop && m_command.action != Action::cleanup) {
      op.recover();  // nothing is started only to be stopped
    }
  }
  const auto planned = plan(op);
  if (!planned) {
    return tl::unexpected(planned.error());
  }
  if (m_settings.dry_run) {
    m_progress.clear();
    fmt::print("{}", m_command.json ? json::dump(operate::json_of(*planned)) + '\n' : operate::text_of(*planned));
    return Exit::done;
  }
  const auto reason =
      m_command.action == Action::scale ? fmt::format("scale {}", *m_command.instances) : planned->action;
  const auto before = op.running();
  auto report = op.carry_out(*planned, reason);
  if (*built) {
    report.steps.insert(report.steps.begin(), {.step = **built, .state = operate::StepReport::State::done});
  }
  const auto exit = tell(report);
  if (exit == Exit::done && before && report.instances && *report.instances != *before) {
    tell_outlook(*report.instances);
  }
  return exit;
}

}  // namespace

Exit carry_out(const Command& command, control::Settings settings, cli::Signals& signals) {
  Session session(command, std::move(settings), signals);
  if (auto opened = session.open(); !opened) {
    return session.tell(opened.error(), cli::exit_for_set_up(opened.error()));
  }
  const auto done = session.run();
  return done ? *done : session.tell(done.error(), cli::exit_for(done.error()));
}

}  // namespace kscale::deploy
