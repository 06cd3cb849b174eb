#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "libscale/base/result.hpp"
#include "libscale/monitor/export.hpp"
#include "tools/cli/options.hpp"

namespace kscale::monitor {

/// What was asked for, beside the settings.
struct Command {
  enum class Action { watch, once, history, report };
  enum class Output {
    automatic,  ///< the dashboard on a terminal, else plain
    plain,
    json,
    csv,   ///< of the history
    none,  ///< of a watch that only records, tells and exports
  };

  Action action = Action::watch;
  Output output = Output::automatic;
  bool alert_mode = false;
  std::optional<std::string> export_file;  ///< absent: nothing is exported
  ExportFormat format = ExportFormat::json;
  std::uint64_t export_size = std::uint64_t{64} << 20U;      ///< bytes from which on a new file is begun
  std::chrono::seconds history{std::chrono::hours{24 * 7}};  ///< how far back history and report go
  std::string report_file;
};

/// The options of kscale-monitor.
const cli::Usage& usage();

/// Makes a command of the options. Fails with `invalid` on options that do not go together and on a bad value; the text
/// names them.
Result<Command> parse_command(const cli::CommandLine& line);

}  // namespace kscale::monitor
