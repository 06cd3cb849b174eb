#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/control/settings.hpp"

namespace kscale::cli {

/// A switch that only one tool has, beside the settings.
struct Switch {
  std::string name;
  std::string help;
};

/// What was asked for on a command line.
struct CommandLine {
  std::vector<control::Flag> flags;   ///< settings
  std::optional<std::string> config;  ///< --config FILE
  std::vector<std::string> switches;  ///< the tool's own that were given, and help and version

  bool has(std::string_view name) const;
};

/// How a tool is called.
struct Usage {
  std::string tool;
  std::string summary;
  std::vector<Switch> switches;
};

/// Reads the arguments. Opens nothing and checks no value. Fails with `invalid` on what the tool does not know.
Result<CommandLine> parse_command_line(const Usage& usage, const std::vector<std::string>& arguments);

/// The text of --help.
std::string help_text(const Usage& usage);

/// Where the settings come from in a process: the file, the environment, the flags.
control::Sources sources_for(const CommandLine& command_line);

}  // namespace kscale::cli
