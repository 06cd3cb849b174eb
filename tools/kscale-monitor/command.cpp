#include "tools/kscale-monitor/command.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "libscale/base/printable.hpp"
#include "libscale/control/value.hpp"

namespace kscale::monitor {

namespace {

using Action = Command::Action;
using Output = Command::Output;

/// A smaller file would hold a few looks at best.
constexpr Bytes k_least_size{std::uint64_t{64} << 10U};

/// What each action takes, besides help, version and show-config.
struct Entry {
  Action action;
  std::string_view option;  ///< that asks for it; empty for a watch
  std::vector<std::string_view> takes;
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all{
      {Action::once, "once", {"plain", "json", "alert-mode", "export-to-file", "output-file", "format", "export-size"}},
      {Action::history, "show-history", {"history-days", "json", "csv", "plain"}},
      {Action::report, "report", {"history-days"}},
      {Action::watch,
       "",
       {"plain", "json", "quiet", "alert-mode", "export-to-file", "output-file", "format", "export-size"}},
  };
  return all;
}

/// The action that the options ask for; an error where they ask for two.
Result<const Entry*> entry_for(const cli::CommandLine& line) {
  const Entry* chosen = nullptr;
  for (const auto& entry : entries()) {
    if (!entry.option.empty() && line.has(entry.option)) {
      if (chosen != nullptr) {
        return fail(Errc::invalid, "--{} and --{} do not go together", chosen->option, entry.option);
      }
      chosen = &entry;
    }
  }
  return chosen != nullptr ? chosen : &entries().back();
}

Status check_options(const cli::CommandLine& line, const Entry& entry) {
  for (const auto& option : line.options) {
    constexpr std::array<std::string_view, 3> k_for_all{"help", "version", "show-config"};
    const auto is_among = [&](const auto& names) {
      return std::find(names.begin(), names.end(), option.name) != names.end();
    };
    if (option.name != entry.option && !is_among(k_for_all) && !is_among(entry.takes)) {
      return entry.option.empty() ? fail(Errc::invalid, "--{} is of no use without {}", option.name,
                                         option.name == "csv" ? "--show-history" : "--show-history or --report")
                                  : fail(Errc::invalid, "--{} is of no use with --{}", option.name, entry.option);
    }
  }
  return {};
}

Result<Output> output_of(const cli::CommandLine& line) {
  constexpr std::array<std::pair<std::string_view, Output>, 4> k_outputs{
      {{"plain", Output::plain}, {"json", Output::json}, {"csv", Output::csv}, {"quiet", Output::none}}};
  std::string_view chosen;
  auto output = Output::automatic;
  for (const auto& [option, meaning] : k_outputs) {
    if (line.has(option)) {
      if (!chosen.empty()) {
        return fail(Errc::invalid, "--{} and --{} do not go together", chosen, option);
      }
      chosen = option;
      output = meaning;
    }
  }
  return output;
}

Status read_export(const cli::CommandLine& line, Command& command) {
  if (!line.has("export-to-file")) {
    for (const auto* const option : {"output-file", "format", "export-size"}) {
      if (line.value(option)) {
        return fail(Errc::invalid, "--{} is of no use without --export-to-file", option);
      }
    }
    return {};
  }
  command.export_file = line.value("output-file").value_or("kong-metrics.json");
  if (command.export_file->empty()) {
    return fail(Errc::invalid, "--output-file: no name of a file");
  }
  const auto word = line.value("format").value_or("json");
  const auto format = export_format_named(word);
  if (!format) {
    return fail(Errc::invalid, "--format: '{}' is none of json|csv", printable(word));
  }
  command.format = *format;
  if (const auto text = line.value("export-size")) {
    const auto size = control::parse_size(*text, k_least_size);
    if (!size) {
      return wrap(size.error(), "--export-size");
    }
    command.export_size = size->value;
  }
  return {};
}

}  // namespace

const cli::Usage& usage() {
  static const cli::Usage all{
      .tool = "kscale-monitor",
      .summary = "Shows and keeps what the containers behind a Kong gateway do, and tells when something is wrong.",
      .options = {{"once", "look once and end; with --alert-mode, exit 4 when something is wrong"},
                  {"plain", "print a block of text per look, also on a terminal"},
                  {"json", "print one JSON object per look, or the history as one"},
                  {"quiet", "print nothing: only record, tell of alerts and export"},
                  {"alert-mode", "log alerts and send them to the receivers"},
                  {"export-to-file", "add each look to a file"},
                  {"output-file", "that file, else kong-metrics.json", "FILE"},
                  {"format", "of the file: JSON lines or CSV", "json|csv"},
                  {"export-size", "begin a new file at this size, such as 64MiB", "SIZE"},
                  {"show-history", "print what the history holds, and end"},
                  {"history-days", "how far back the history or the report goes, else 7", "DAYS"},
                  {"csv", "print the history as CSV"},
                  {"report", "write a report on the history as a web page, and end", "FILE"},
                  {"show-config", "print each setting and where it comes from, and end"}},
      .scope = control::Key::Scope::monitor,
      .meanings = {{"dry-run", "record nothing, and neither log nor send an alert"},
                   {"verbose", "of no effect: steps are what changes something"}}};
  return all;
}

Result<Command> parse_command(const cli::CommandLine& line) {
  const auto entry = entry_for(line);
  if (!entry) {
    return tl::unexpected(entry.error());
  }
  const auto output = output_of(line);
  if (!output) {
    return tl::unexpected(output.error());
  }
  Command command{.action = (*entry)->action, .output = *output, .alert_mode = line.has("alert-mode")};
  if (const auto checked = check_options(line, **entry); !checked) {
    return tl::unexpected(checked.error());
  }
  if (const auto read = read_export(line, command); !read) {
    return tl::unexpected(read.error());
  }
  if (const auto text = line.value("history-days")) {
    const auto days = control::parse_number(*text, 0.01, 3650);
    if (!days) {
      return wrap(days.error(), "--history-days");
    }
    constexpr double k_day = 86'400;
    command.history = std::chrono::seconds(std::llround(*days * k_day));
  }
  command.report_file = line.value("report").value_or("");
  if (command.action == Action::report && command.report_file.empty()) {
    return fail(Errc::invalid, "--report: no name of a file");
  }
  return command;
}

}  // namespace kscale::monitor
