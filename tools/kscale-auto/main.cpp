#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "libscale/base/environment.hpp"
#include "libscale/control/autoscaler.hpp"
#include "libscale/control/loop.hpp"
#include "libscale/control/peers.hpp"
#include "libscale/control/system_clock.hpp"
#include "libscale/net/curl_transport.hpp"
#include "tools/cli/exit_status.hpp"
#include "tools/cli/options.hpp"
#include "tools/cli/signals.hpp"
#include "tools/cli/terminal_log.hpp"

namespace {

using namespace kscale;
using cli::Exit;

const cli::Usage k_usage{
    .tool = "kscale-auto",
    .summary = "Watches the containers behind a Kong gateway and scales them between a minimum and a maximum.",
    .switches = {{"once", "check once and end, for cron"},
                 {"json", "print one JSON object per check"},
                 {"show-config", "print each setting and where it comes from, and end"}}};

void print(const control::CheckReport& report, bool json) {
  if (json) {
    fmt::print("{}\n", json::dump(control::json_of(report)));
  } else {
    fmt::print("{}\n", control::line_of(report));
    if (const auto outcome = control::outcome_line_of(report); !outcome.empty()) {
      fmt::print("{}\n", outcome);
    }
  }
  std::fflush(stdout);
}

Exit tell(const control::Log& log, const Error& error) {
  log.say(control::Level::error, "{}", error.what);
  return cli::exit_for(error);
}

/// How a run that signals ended is told to the parent: a service that was asked to stop did as it should.
Exit exit_after(const cli::Signals& signals) {
  return signals.stop_signal() == SIGTERM ? Exit::done : Exit::interrupted;
}

/// One run with one set of settings. Empty when they are to be read again.
std::optional<Exit> run(const control::Settings& settings, const cli::CommandLine& line, cli::Signals& signals,
                        const control::Log& log) {
  control::SystemClock clock(signals.stop_fd());
  control::SystemClock idle(signals.any_fd());
  net::CurlTransport http(signals.stop_fd());
  auto peers = control::Peers::from(settings, process_environment(), http, clock);
  if (!peers) {
    log.say(control::Level::error, "{}", peers.error().what);
    return Exit::usage;
  }
  auto records = control::Records::open(settings, process_environment(), clock, log);
  if (!records) {
    return tell(log, records.error());
  }
  const auto world = peers->world([&log](std::string_view step) { log.say(control::Level::step, "{}", step); });
  control::Autoscaler autoscaler(settings, world, *records, log);
  const auto on_report = [&](const control::CheckReport& report) {
    print(report, line.has("json"));
    if (report.outcome && !report.outcome->status) {
      log.say(control::Level::error, "{}", report.outcome->status.error().what);
    }
  };
  if (line.has("once")) {
    const auto report = autoscaler.check();
    if (!report) {
      return report.error().code == Errc::interrupted ? exit_after(signals) : tell(log, report.error());
    }
    on_report(*report);
    const bool failed = report->outcome && !report->outcome->status;
    return failed ? cli::exit_for(report->outcome->status.error()) : Exit::done;
  }
  std::optional<store::Lock> lock;
  if (!settings.dry_run) {
    auto taken = records->lock_autoscaler();
    if (!taken) {
      return tell(log, taken.error());
    }
    lock.emplace(std::move(*taken));
  }
  const control::Wishes wishes{.stop = [&] { return signals.stop_signal().has_value(); },
                               .reload = [&] { return signals.take_reload(); }};
  const auto end = control::run_loop(autoscaler, clock, idle, settings.check_interval, on_report, wishes, log);
  if (!end) {
    return tell(log, end.error());
  }
  return *end == control::LoopEnd::reload ? std::nullopt : std::optional(exit_after(signals));
}

Exit run_until_stopped(const cli::CommandLine& line, cli::Signals& signals, control::LoadedSettings loaded) {
  while (true) {
    const auto log = cli::terminal_log(k_usage.tool, loaded.settings.verbose);
    if (const auto end = run(loaded.settings, line, signals, log)) {
      return *end;
    }
    auto again = control::load_settings(cli::sources_for(line));
    if (again) {
      loaded = std::move(*again);
      log.say(control::Level::notice, "the settings were read again");
    } else {
      log.say(control::Level::error, "{}; the old settings stay in force", again.error().what);
    }
  }
}

Exit main_of(const std::vector<std::string>& arguments) {
  const auto log = cli::terminal_log(k_usage.tool, false);
  const auto line = cli::parse_command_line(k_usage, arguments);
  if (!line) {
    log.say(control::Level::error, "{}; see kscale-auto --help", line.error().what);
    return Exit::usage;
  }
  if (line->has("help")) {
    fmt::print("{}", cli::help_text(k_usage));
    return Exit::done;
  }
  if (line->has("version")) {
    fmt::print("kscale-auto {}\n", KSCALE_VERSION);
    return Exit::done;
  }
  auto loaded = control::load_settings(cli::sources_for(*line));
  if (!loaded) {
    log.say(control::Level::error, "{}", loaded.error().what);
    return Exit::usage;
  }
  if (line->has("show-config")) {
    fmt::print("{}", control::shown(*loaded));
    return Exit::done;
  }
  cli::Signals signals;
  return run_until_stopped(*line, signals, std::move(*loaded));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return static_cast<int>(main_of({argv + 1, argv + argc}));
  } catch (const std::exception& fault) {
    std::fputs("kscale-auto: error: ", stderr);
    std::fputs(fault.what(), stderr);
    std::fputs("\n", stderr);
    return static_cast<int>(Exit::failed);
  }
}
