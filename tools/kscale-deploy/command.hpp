#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "libscale/base/result.hpp"
#include "tools/cli/options.hpp"

namespace kscale::deploy {

enum class Action { start, stop, restart, scale, status, logs, health, deploy, cleanup, history, pause, resume };

/// What was asked for, beside the settings.
struct Command {
  Action action = Action::status;
  std::optional<int> instances;              ///< scale N, or --instances
  std::string subject;                       ///< of logs: backend, a service or an instance
  std::optional<std::chrono::seconds> span;  ///< of pause
  bool include_kong = false;
  bool include_database = false;
  bool all = false;
  bool all_at_once = false;
  std::string image;  ///< of deploy; empty: one is built
  int tail = 50;
  bool follow = false;
  std::optional<std::chrono::seconds> since;  ///< of logs: how far back
  std::chrono::hours days{24 * 7};            ///< of history: how far back
  bool force = false;
  bool yes = false;
  bool json = false;
  bool quiet = false;
  std::optional<std::chrono::milliseconds> wait_timeout;
};

/// The options and actions of kscale-deploy.
const cli::Usage& usage();

/// Makes a command of the words and the options. Fails with `invalid` on an unknown action, on a word or an option that
/// the action does not take, and on a bad value; the text names it.
Result<Command> parse_command(const cli::CommandLine& line);

}  // namespace kscale::deploy
