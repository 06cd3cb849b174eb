#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/control/settings.hpp"

namespace kscale::cli {

/// An option that only one tool has, beside the settings.
struct Option {
  std::string name;
  std::string help;
  std::string argument = {};  ///< what the value is, for help; empty for a switch
};

/// What a setting does in a tool, where that is not what its key says.
struct Meaning {
  std::string setting;
  std::string help;
};

/// A word that says what the tool is to do.
struct Action {
  std::string name;
  std::string arguments;  ///< that follow it, for help
  std::string help;
};

/// What was asked for on a command line.
struct CommandLine {
  std::vector<control::Flag> flags;    ///< settings
  std::optional<std::string> config;   ///< --config FILE
  std::vector<control::Flag> options;  ///< the tool's own that were given, and help and version
  std::vector<std::string> words;      ///< what is no option: the action first

  /// Whether the switch is on.
  bool has(std::string_view name) const;
  /// What was given, the last time.
  std::optional<std::string> value(std::string_view name) const;
};

/// How a tool is called.
struct Usage {
  std::string tool;
  std::string summary;
  std::vector<Option> options;
  std::vector<Action> actions = {};                      ///< none: the tool does one thing and takes no words
  control::Key::Scope scope = control::Key::Scope::all;  ///< whose settings it takes besides those of all
  std::vector<Meaning> meanings = {};                    ///< of settings that have one of their own here
};

/// Reads the arguments. Opens nothing and checks no value. Fails with `invalid` on what the tool does not know.
Result<CommandLine> parse_command_line(const Usage& usage, const std::vector<std::string>& arguments);

/// The text of --help.
std::string help_text(const Usage& usage);

/// Where the settings come from in a process: the file, the environment, the flags.
control::Sources sources_for(const CommandLine& command_line);

}  // namespace kscale::cli
