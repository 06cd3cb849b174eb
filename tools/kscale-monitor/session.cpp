#include "tools/kscale-monitor/session.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libscale/base/environment.hpp"
#include "libscale/control/peers.hpp"
#include "libscale/control/records.hpp"
#include "libscale/control/service_manager.hpp"
#include "libscale/control/system_clock.hpp"
#include "libscale/monitor/check.hpp"
#include "libscale/monitor/export.hpp"
#include "libscale/monitor/history_text.hpp"
#include "libscale/monitor/history_view.hpp"
#include "libscale/monitor/report.hpp"
#include "libscale/monitor/report_data.hpp"
#include "libscale/monitor/summary.hpp"
#include "libscale/monitor/watch.hpp"
#include "libscale/net/curl_transport.hpp"
#include "libscale/net/tally.hpp"
#include "libscale/scrape/exposer.hpp"
#include "libscale/scrape/page.hpp"
#include "libscale/store/files.hpp"
#include "tools/cli/bundle.hpp"
#include "tools/cli/screen.hpp"
#include "tools/cli/terminal_log.hpp"
#include "tools/kscale-monitor/dashboard_loop.hpp"

namespace kscale::monitor {

namespace {

using namespace std::chrono_literals;
using cli::Exit;

/// Nobody waits for a peer that does not answer for longer, so that the screen is never old for long. The request that
/// is timed may take as long as the settings say: its time is what is asked for.
constexpr std::chrono::milliseconds k_longest_request = 3s;

/// The terminal, where looks are shown on one.
std::unique_ptr<cli::Screen> screen_for(const Command& command) {
  const bool wanted = command.action == Command::Action::watch && command.output == Command::Output::automatic;
  return wanted && cli::can_paint(process_environment()) ? std::make_unique<cli::Screen>(process_environment())
                                                         : nullptr;
}

bool only_reads(const Command& command) {
  return command.action != Command::Action::watch;
}

control::Settings settings_for(const Command& command, control::Settings settings) {
  settings.dry_run = settings.dry_run || only_reads(command);
  return settings;
}

/// Keeps the lock that was taken, or says why it was not; nothing where it is free by now, as the next look finds it.
std::string own(std::optional<store::Lock>& lock, Result<store::Lock> taken, const std::string& holder) {
  if (taken) {
    lock.emplace(std::move(*taken));
    return {};
  }
  if (taken.error().code != Errc::locked) {
    return taken.error().what;
  }
  return holder.empty() ? std::string() : holder + " does so already";
}

/// Adds a text, but none that is empty or there already.
void add_new(std::vector<std::string>& texts, std::string text) {
  if (!text.empty() && std::ranges::find(texts, text) == texts.end()) {
    texts.push_back(std::move(text));
  }
}

/// What one call needs, put together.
class Session {
 public:
  Session(const Command& command, control::Settings settings, cli::Signals& signals);

  /// Fails with `invalid` where the settings are at fault.
  Status open();
  Exit run();
  Exit tell(const Error& error, Exit exit);

 private:
  Status open_peers();
  Status open_export();
  Status serve_metrics();
  void take_duties();
  Result<Snapshot> look();
  Exit once();
  Exit print_looks();
  Exit dashboard();
  Exit history();
  Exit report();
  Result<store::History*> existing_history();
  Trends trends_from_history();
  store::TimeRange range();

  const Command& m_command;
  control::Settings m_settings;
  cli::Signals& m_signals;
  std::unique_ptr<cli::Screen> m_screen;  ///< null: no dashboard
  std::deque<std::string> m_notices;      ///< what is logged while there is a screen: the newest few
  control::Log m_plain_log;
  control::Log m_log;
  cli::Bundle m_attention;
  control::SystemClock m_clock;
  net::CurlTransport m_curl;
  net::Tally m_tally;
  net::TallyTransport m_http;
  std::optional<control::Peers> m_peers;
  std::optional<control::Records> m_records;
  std::optional<store::Lock> m_lock;         ///< on recording
  std::optional<store::Lock> m_alerts_lock;  ///< on telling of alerts
  Duties m_duties;
  std::string m_told_idle;  ///< why it does not do all that it might, as last told
  std::optional<store::AppendedFile> m_export;
  std::string m_told_export;  ///< what keeps it from exporting, as last told
  std::optional<scrape::Page> m_page;
  std::optional<scrape::Exposer> m_exposer;
  std::optional<Watch> m_watch;
};

Session::Session(const Command& command, control::Settings settings, cli::Signals& signals)
    : m_command(command),
      m_settings(settings_for(command, std::move(settings))),
      m_signals(signals),
      m_screen(screen_for(command)),
      m_plain_log(cli::terminal_log(usage().tool, m_settings.verbose)),
      m_log([this](control::Level level, std::string_view text) {
        if (!m_screen) {
          m_plain_log.say(level, "{}", text);
        } else if (level != control::Level::step) {
          constexpr std::size_t k_most = 5;
          m_notices.emplace_back(text);
          if (m_notices.size() > k_most) {
            m_notices.pop_front();
          }
        }
      }),
      m_attention{signals.any_fd(), m_screen ? STDIN_FILENO : -1, m_screen ? m_screen->changes_fd() : -1},
      m_clock(m_attention.fd()),
      m_curl(m_attention.fd()),
      m_http(m_curl, m_tally) {}

Status Session::open_peers() {
  auto hurried = m_settings;
  hurried.request_timeout = std::min(hurried.request_timeout, k_longest_request);
  auto peers = control::Peers::from(hurried, process_environment(), m_http, m_clock);
  if (!peers) {
    return tl::unexpected(peers.error());
  }
  m_peers.emplace(std::move(*peers));
  m_peers->name_in(m_http, m_settings);
  return {};
}

Status Session::open_export() {
  if (!m_command.export_file) {
    return {};
  }
  constexpr int k_full_files = 5;
  auto opened = monitor::open_export(*m_command.export_file, m_command.format, m_command.export_size, k_full_files);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  m_export.emplace(std::move(*opened));
  return {};
}

Status Session::serve_metrics() {
  if (m_command.action != Command::Action::watch || m_settings.metrics_listen.empty()) {
    return {};
  }
  m_page.emplace(scrape::subject_of(usage().tool, KSCALE_VERSION, m_settings), m_clock, m_tally);
  auto exposer = scrape::Exposer::serve(m_settings.metrics_listen, *m_page);
  if (!exposer) {
    return tl::unexpected(exposer.error());
  }
  m_exposer.emplace(std::move(*exposer));
  return {};
}

/// Takes up what one watch at a time does besides looking: at once, or when the one that does it ends. Who sends alerts
/// keeps them as well, whoever records.
void Session::take_duties() {
  if (m_settings.dry_run) {
    return;
  }
  const bool alerts = m_command.alert_mode;
  std::vector<std::string> reasons;  // why it does not do all that it might
  if (!m_lock) {
    add_new(reasons, own(m_lock, m_records->lock_monitor(), m_records->monitor()));
  }
  if (alerts && !m_alerts_lock) {
    add_new(reasons, own(m_alerts_lock, m_records->lock_alerts(), m_records->alerter()));
  }
  const bool records = m_lock.has_value();
  const bool tells = m_alerts_lock.has_value();
  const Duties duties{.records = records,
                      .keeps_alerts = tells || (records && !alerts && m_records->alerter().empty()),
                      .tells = tells};
  const auto before = std::exchange(m_duties, duties);
  if (!m_told_idle.empty() && (before.records < records || before.tells < tells)) {
    m_log.say(control::Level::notice, "takes over: this one {} from now on",
              records && tells ? "records and sends alerts"
              : tells          ? "sends alerts"
                               : "records");
  }
  if (before != duties) {
    m_watch->take_up(duties);
  }
  const auto idle = fmt::format("{}", fmt::join(reasons, "; "));
  if (std::exchange(m_told_idle, idle) != idle && !idle.empty()) {
    std::vector<std::string> lacks;
    add_new(lacks, records ? "" : "records nothing");
    add_new(lacks, alerts && !tells ? "sends no alert" : "");
    m_log.say(alerts && !tells ? control::Level::warning : control::Level::notice, "this one {}: {}",
              fmt::join(lacks, " and "), idle);
  }
}

Status Session::open() {
  auto records = control::Records::open(m_settings, process_environment(), m_clock, m_log, usage().tool);
  if (!records) {
    return tl::unexpected(records.error());
  }
  m_records.emplace(std::move(*records));
  if (m_command.action == Command::Action::history || m_command.action == Command::Action::report) {
    return {};
  }
  auto opened = open_peers().and_then([this] { return open_export(); }).and_then([this] { return serve_metrics(); });
  if (!opened) {
    return opened;
  }
  const auto world = m_peers->world([this](std::string_view step) { m_log.say(control::Level::step, "{}", step); });
  m_watch.emplace(m_settings, world, *m_records, m_log, Duties{.at_once = m_command.action == Command::Action::once});
  if (m_settings.dry_run && m_command.action == Command::Action::watch) {
    m_log.say(control::Level::notice, "dry-run: this one records nothing and sends no alert");
  }
  return {};
}

Exit Session::tell(const Error& error, Exit exit) {
  m_screen.reset();
  m_plain_log.say(control::Level::error, "{}", error.what);
  return exit;
}

/// One look, exported and measured.
Result<Snapshot> Session::look() {
  take_duties();
  const auto begin = m_clock.now().instant;
  auto snapshot = m_watch->look();
  if (!snapshot) {
    return snapshot;
  }
  snapshot->notices.insert(snapshot->notices.end(), m_notices.begin(), m_notices.end());
  const auto& overview = snapshot->overview;
  if (m_page) {
    const auto end = m_clock.now().instant;
    const auto& last = overview.autoscaler.last;
    const auto last_check = last ? std::optional(Now{.instant = end - last->ago, .wall = last->at}) : std::nullopt;
    m_page->sampled(
        {.sample = overview.sample,
         .instances_known = !overview.docker_error,
         // While somebody acts, containers and targets differ for a while.
         .drift = overview.drift && !overview.is_acted_on ? std::optional(overview.drift->size()) : std::nullopt,
         .paused = overview.autoscaler.paused,
         .checks_held_off = overview.is_under_way()},
        last_check, end - begin);
  }
  if (m_export) {
    const bool as_csv = m_command.format == ExportFormat::csv;
    const auto added = m_export->append(as_csv ? csv_of(*snapshot) : json::dump(json_of(*snapshot)) + '\n');
    const auto trouble = added ? "" : added.error().what;
    if (std::exchange(m_told_export, trouble) != trouble && !added) {
      m_log.say(control::Level::warning, "{}", trouble);
    }
  }
  return snapshot;
}

Exit Session::once() {
  const auto snapshot = look();
  if (!snapshot) {
    return Exit::interrupted;
  }
  if (m_command.output == Command::Output::json) {
    fmt::print("{}\n", json::dump(json_of(*snapshot)));
  } else {
    fmt::print("{}{}", m_command.alert_mode ? check_line_of(*snapshot) + '\n' : "", text_of(*snapshot));
  }
  if (m_command.alert_mode) {
    return is_wrong(*snapshot) ? Exit::unhealthy : Exit::done;
  }
  const auto error = snapshot->overview.error();
  return error ? cli::exit_for(*error) : Exit::done;
}

/// Look after look, as text or JSON or not at all.
Exit Session::print_looks() {
  auto manager = control::ServiceManager::of_process(m_clock);
  control::LivingClock idle(m_clock, manager);
  auto next = m_clock.now().instant;
  while (true) {
    if (const auto snapshot = look()) {
      if (m_command.output == Command::Output::json) {
        fmt::print("{}\n", json::dump(json_of(*snapshot)));
      } else if (m_command.output != Command::Output::none) {
        fmt::print("{}\n", text_of(*snapshot));
      }
      if (std::fflush(stdout) != 0) {
        return Exit::failed;  // whoever read it is gone, or the disk is full: told by the caller
      }
      const auto found = check_line_of(*snapshot);
      manager.checked(std::string_view(found).substr(0, found.find('\n')));
    }
    next = std::max(next + m_settings.refresh_interval, m_clock.now().instant);
    idle.wait(next - m_clock.now().instant);
    if (m_signals.take_reload() || m_signals.stop_signal()) {
      manager.stopping();
      return m_signals.stop_signal() == SIGTERM ? Exit::done : Exit::interrupted;
    }
  }
}

/// The figures of the last looks, as far as the history has them.
Trends Session::trends_from_history() {
  constexpr std::size_t k_length = 600;
  Trends trends(k_length);
  const auto now = m_clock.now().wall;
  const store::TimeRange recent{.since = now - m_settings.refresh_interval * k_length, .until = now};
  if (const auto history = m_records->history(); history && *history != nullptr) {
    const auto fleet = (*history)->fleet(recent, m_settings.refresh_interval);
    const auto instances = (*history)->instances(recent, m_settings.refresh_interval);
    if (fleet && instances) {
      trends.fill(*fleet, *instances, m_settings.refresh_interval, now);
    }
  }
  return trends;
}

Exit Session::dashboard() {
  auto trends = trends_from_history();
  const auto end = run_dashboard({.screen = *m_screen,
                                  .signals = m_signals,
                                  .clock = m_clock,
                                  .interval = m_settings.refresh_interval,
                                  .look = [this] { return look(); }},
                                 std::move(trends));
  m_screen.reset();
  if (end == DashboardEnd::quit) {
    return Exit::done;
  }
  return m_signals.stop_signal() == SIGTERM ? Exit::done : Exit::interrupted;
}

store::TimeRange Session::range() {
  const auto now = m_clock.now().wall;
  // From a whole minute on, as the history keeps them: else it would seem to lack the part of one.
  return {.since = std::chrono::floor<std::chrono::minutes>(now - m_command.history), .until = now};
}

Result<store::History*> Session::existing_history() {
  auto history = m_records->history();
  if (history && *history == nullptr) {
    return fail(Errc::not_found,
                "no history of '{}' yet: it begins when kscale-monitor or kscale-auto runs; see "
                "--name-prefix and --state-dir",
                m_settings.deployment.prefix);
  }
  return history;
}

Exit Session::history() {
  const auto history = existing_history();
  if (!history) {
    return tell(history.error(), cli::exit_for(history.error()));
  }
  const auto view = read_history(**history, m_settings, range());
  if (!view) {
    return tell(view.error(), cli::exit_for(view.error()));
  }
  if (m_command.output == Command::Output::json) {
    fmt::print("{}\n", json::dump(json_of(*view)));
  } else if (m_command.output == Command::Output::csv) {
    fmt::print("{}", csv_of(*view));
  } else {
    const auto charset = cli::charset_of_locale();
    const auto trend = [charset](const std::vector<std::optional<double>>& values, double scale) {
      return sparkline(values, static_cast<int>(values.size()), scale, charset);
    };
    const int columns = cli::size_of_terminal(STDOUT_FILENO, process_environment()).columns;
    fmt::print("{}", text_of(*view, {.width = static_cast<std::size_t>(columns), .trend = trend}));
  }
  return Exit::done;
}

Exit Session::report() {
  const auto history = existing_history();
  if (!history) {
    return tell(history.error(), cli::exit_for(history.error()));
  }
  const auto data = gather(**history, m_settings, range(), m_clock.now().wall);
  if (!data) {
    return tell(data.error(), cli::exit_for(data.error()));
  }
  constexpr mode_t k_mode = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
  if (const auto written = store::write_atomically(m_command.report_file, html_of(*data), k_mode); !written) {
    return tell({written.error().code, "write the report: " + written.error().what}, Exit::failed);
  }
  fmt::print("{}: {}\n", m_command.report_file, text_of(data->summary));
  return Exit::done;
}

Exit Session::run() {
  switch (m_command.action) {
    case Command::Action::once:
      return once();
    case Command::Action::history:
      return history();
    case Command::Action::report:
      return report();
    case Command::Action::watch:
      break;
  }
  return m_screen ? dashboard() : print_looks();
}

}  // namespace

Exit carry_out(const Command& command, control::Settings settings, cli::Signals& signals) {
  Session session(command, std::move(settings), signals);
  if (auto opened = session.open(); !opened) {
    return session.tell(opened.error(), cli::exit_for_set_up(opened.error()));
  }
  return session.run();
}

}  // namespace kscale::monitor
