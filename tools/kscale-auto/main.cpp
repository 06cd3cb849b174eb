#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "libscale/base/environment.hpp"
#include "libscale/control/autoscaler.hpp"
#include "libscale/control/loop.hpp"
#include "libscale/control/peers.hpp"
#include "libscale/control/service_manager.hpp"
#include "libscale/control/standby.hpp"
#include "libscale/control/system_clock.hpp"
#include "libscale/net/curl_transport.hpp"
#include "libscale/net/tally.hpp"
#include "libscale/scrape/exposer.hpp"
#include "libscale/scrape/page.hpp"
#include "tools/cli/exit_status.hpp"
#include "tools/cli/options.hpp"
#include "tools/cli/signals.hpp"
#include "tools/cli/terminal_log.hpp"
#include "tools/cli/tool.hpp"

namespace {

using namespace kscale;
using cli::Exit;

const cli::Usage k_usage{
    .tool = "kscale-auto",
    .summary = "Watches the containers behind a Kong gateway and scales them between a minimum and a maximum.",
    .options = {{"once", "check once and end, for cron"},
                {"json", "print one JSON object per check"},
                {"show-config", "print each setting and where it comes from, and end"}}};

/// Writes a line at once. Not fmt::print, which throws when the disk is full: scaling goes on all the same.
void say(const std::string& line) {
  std::fputs((line + '\n').c_str(), stdout);
  std::fflush(stdout);
}

Exit tell(const control::Log& log, const Error& error) {
  log.say(control::Level::error, "{}", error.what);
  return cli::exit_for(error);
}

std::string_view port_in(std::string_view address) {
  return address.substr(address.rfind(':') + 1);
}

scrape::Subject subject_of(const control::Settings& settings) {
  return scrape::subject_of(k_usage.tool, KSCALE_VERSION, settings);
}

/// What lives on when the settings are read again: all that was counted, and who is told that the service goes on.
struct Lasting {
  explicit Lasting(const control::Settings& settings)
      : page(subject_of(settings), clock, tally), manager(control::ServiceManager::of_process(clock)) {}

  cli::Signals signals;
  control::SystemClock clock;
  net::Tally tally;
  scrape::Page page;
  control::ServiceManager manager;
};

/// What one set of settings is turned into.
class Run {
 public:
  /// `lasting` must outlive the run. Fails with `invalid` where the settings are at fault.
  static Result<std::unique_ptr<Run>> prepare(const control::Settings& settings, bool json, Lasting& lasting);

  const control::Log& log() const { return m_log; }

  /// Waits until this may be the autoscaler of the deployment, and serves its metrics from then on. What ended the wait
  /// before that, if anything.
  Result<std::optional<control::LoopEnd>> stand_by();

  /// Goes on where the run before stops: with its right to be the autoscaler, or that of another deployment, and with
  /// its metrics. A standby has neither. Where it fails, the run before has both still.
  Status follow(Run& before);

  /// From now on a first check that fails does not end the run: that its settings are good is known.
  void wait_out_failures() { m_first_failure = control::FirstFailure::is_waited_out; }

  /// What is measured and told is so of this run from now on.
  void begin() {
    m_lasting.page.set_subject(subject_of(m_settings));
    m_lasting.manager.set_patience(m_settings.check_interval + control::longest_check(m_settings));
  }

  Exit once();
  /// Checks until there is a wish.
  Result<control::LoopEnd> loop();

 private:
  Run(const control::Settings& settings, bool json, Lasting& lasting)
      : m_settings(settings),
        m_json(json),
        m_lasting(lasting),
        m_log(cli::terminal_log(k_usage.tool, settings.verbose)),
        m_system_clock(lasting.signals.stop_fd()),
        m_system_idle(lasting.signals.any_fd()),
        m_clock(m_system_clock, lasting.manager),
        m_idle(m_system_idle, lasting.manager),
        m_curl(lasting.signals.stop_fd()),
        m_http(m_curl, lasting.tally) {}

  control::Wishes wishes() const;
  Result<std::optional<control::LoopEnd>> await_turn();
  Status take_over(Run& before);
  /// Serves the metrics where the settings want it, unless it does.
  Status listen();
  void on_decision(const control::CheckReport& report) const;
  void on_report(const control::CheckReport& report) const;
  void on_check(const Result<control::CheckReport>& report, std::chrono::nanoseconds took) const;

  control::Settings m_settings;
  bool m_json;
  Lasting& m_lasting;
  control::Log m_log;
  control::SystemClock m_system_clock;
  control::SystemClock m_system_idle;
  control::LivingClock m_clock;
  control::LivingClock m_idle;
  net::CurlTransport m_curl;
  net::TallyTransport m_http;
  std::optional<control::Peers> m_peers;
  std::optional<control::Records> m_records;
  std::optional<control::Autoscaler> m_autoscaler;
  std::optional<store::Lock> m_lock;
  std::shared_ptr<scrape::Exposer> m_exposer;
  control::FirstFailure m_first_failure = control::FirstFailure::ends;
};

Result<std::unique_ptr<Run>> Run::prepare(const control::Settings& settings, bool json, Lasting& lasting) {
  std::unique_ptr<Run> run(new Run(settings, json, lasting));
  auto peers = control::Peers::from(run->m_settings, process_environment(), run->m_http, run->m_clock);
  if (!peers) {
    return tl::unexpected(peers.error());
  }
  run->m_peers.emplace(std::move(*peers));
  run->m_peers->name_in(run->m_http, run->m_settings);
  auto records = control::Records::open(run->m_settings, process_environment(), run->m_clock, run->m_log);
  if (!records) {
    return tl::unexpected(records.error());
  }
  run->m_records.emplace(std::move(*records));
  auto* const made = run.get();
  run->m_autoscaler.emplace(
      made->m_settings,
      made->m_peers->world([made](std::string_view step) { made->m_log.say(control::Level::step, "{}", step); }),
      *made->m_records, made->m_log, [made](const control::CheckReport& report) { made->on_decision(report); });
  return run;
}

control::Wishes Run::wishes() const {
  return {.stop = [this] { return m_lasting.signals.stop_signal().has_value(); },
          .reload = [this] { return m_lasting.signals.take_reload(); }};
}

Result<std::optional<control::LoopEnd>> Run::stand_by() {
  auto wish = await_turn();
  if (!wish || *wish) {
    return wish;
  }
  if (const auto listening = listen(); !listening) {
    return tl::unexpected(listening.error());
  }
  return std::nullopt;
}

Result<std::optional<control::LoopEnd>> Run::await_turn() {
  if (m_settings.dry_run || m_lock) {
    return std::nullopt;
  }
  auto standby = control::stand_by(*m_records, m_idle, wishes(), m_log,
                                   [this](std::string_view why) { m_lasting.manager.stands_by(why); });
  if (!standby) {
    return tl::unexpected(standby.error());
  }
  m_lock = std::move(standby->lock);
  if (standby->has_waited) {
    wait_out_failures();  // nobody is there to call it again, as there is for the first one
  }
  return standby->wish;
}

Status Run::follow(Run& before) {
  const bool has_listened = before.m_exposer != nullptr;
  auto followed = take_over(before);
  if (!followed && has_listened && !before.m_exposer) {
    m_exposer.reset();
    if (const auto again = before.listen(); !again) {
      followed.error().what += fmt::format("; {}", again.error().what);
    }
  }
  return followed;
}

Status Run::take_over(Run& before) {
  if (before.m_exposer && before.m_exposer->address() == m_settings.metrics_listen) {
    m_exposer = before.m_exposer;
  } else if (before.m_exposer && port_in(before.m_exposer->address()) == port_in(m_settings.metrics_listen)) {
    before.m_exposer.reset();  // else the port would be taken, by ourselves
  }
  if (!before.m_lock && !m_settings.dry_run) {
    return {};
  }
  if (auto listening = listen(); !listening || m_settings.dry_run) {
    return listening;
  }
  // Last, since it takes the lock from the run before.
  if (before.m_records->is_same_place(*m_records)) {
    m_lock = std::move(before.m_lock);
    return {};
  }
  auto taken = m_records->lock_autoscaler();
  if (!taken) {
    return tl::unexpected(taken.error());
  }
  m_lock.emplace(std::move(*taken));
  return {};
}

Status Run::listen() {
  const auto& address = m_settings.metrics_listen;
  if (address.empty() || m_exposer) {
    return {};
  }
  auto exposer = scrape::Exposer::serve(address, m_lasting.page);
  if (!exposer) {
    return tl::unexpected(exposer.error());
  }
  m_exposer = std::make_shared<scrape::Exposer>(std::move(*exposer));
  return {};
}

void Run::on_decision(const control::CheckReport& report) const {
  if (!m_json) {
    say(control::line_of(report));
  }
}

void Run::on_report(const control::CheckReport& report) const {
  if (m_json) {
    say(json::dump(control::json_of(report)));
  } else if (report.outcome) {
    say(control::outcome_line_of(report));
  }
  if (report.outcome && !report.outcome->status) {
    m_log.say(control::Level::error, "{}", report.outcome->status.error().what);
  }
}

Exit Run::once() {
  const auto report = m_autoscaler->check();
  if (!report) {
    return report.error().code == Errc::interrupted ? Exit::interrupted : tell(m_log, report.error());
  }
  on_report(*report);
  const bool failed = report->outcome && !report->outcome->status;
  return failed ? cli::exit_for(report->outcome->status.error()) : Exit::done;
}

void Run::on_check(const Result<control::CheckReport>& report, std::chrono::nanoseconds took) const {
  if (report) {
    m_lasting.page.checked(*report, took);
    on_report(*report);
    m_lasting.manager.checked(report->outcome ? control::outcome_line_of(*report) : control::line_of(*report));
  } else {
    report.error().code == Errc::locked ? m_lasting.page.held_off() : m_lasting.page.failed();
    m_lasting.manager.failed(report.error().what);
  }
}

Result<control::LoopEnd> Run::loop() {
  return control::run_loop(
      *m_autoscaler, m_clock, m_idle, m_settings.check_interval,
      [this](const Result<control::CheckReport>& report, std::chrono::nanoseconds took) { on_check(report, took); },
      wishes(), m_log, m_first_failure);
}

/// A run with the settings as they are now, ready to go on where `before` stops; or `before` itself where they are no
/// good.
std::unique_ptr<Run> renewed(std::unique_ptr<Run> before, const cli::CommandLine& line, Lasting& lasting) {
  auto next = control::load_settings(cli::sources_for(line)).and_then([&](const control::LoadedSettings& loaded) {
    return Run::prepare(loaded.settings, line.has("json"), lasting);
  });
  if (const auto ready = next ? (*next)->follow(*before) : Status(tl::unexpected(next.error())); !ready) {
    before->log().say(control::Level::error, "{}; the old settings stay in force", ready.error().what);
    return before;
  }
  (*next)->begin();
  (*next)->log().say(control::Level::notice, "the settings were read again");
  return std::move(*next);
}

Exit serve(std::unique_ptr<Run> run, const cli::CommandLine& line, Lasting& lasting) {
  run->begin();
  while (true) {
    const auto wish = run->stand_by();
    if (!wish) {
      tell(run->log(), wish.error());
      return cli::exit_for_set_up(wish.error());
    }
    const auto end = *wish ? **wish : run->loop();
    if (!end) {
      return tell(run->log(), end.error());
    }
    if (*end == control::LoopEnd::stopped) {
      lasting.manager.stopping();
      // A service that was asked to stop did as it should.
      return lasting.signals.stop_signal() == SIGTERM ? Exit::done : Exit::interrupted;
    }
    lasting.manager.reloading();
    run = renewed(std::move(run), line, lasting);
    run->wait_out_failures();
    lasting.manager.reloaded();
  }
}

Exit main_of(const cli::Call& call) {
  const auto& settings = call.loaded.settings;
  Lasting lasting(settings);
  auto run = Run::prepare(settings, call.line.has("json"), lasting);
  if (!run) {
    tell(cli::terminal_log(k_usage.tool, false), run.error());
    return cli::exit_for_set_up(run.error());
  }
  return call.line.has("once") ? cli::flushed(k_usage, (*run)->once()) : serve(std::move(*run), call.line, lasting);
}

}  // namespace

int main(int argc, char** argv) {
  return cli::run_tool(k_usage, KSCALE_VERSION, argc, argv, main_of);
}
