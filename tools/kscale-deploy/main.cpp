#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tools/cli/exit_status.hpp"
#include "tools/cli/options.hpp"
#include "tools/cli/signals.hpp"
#include "tools/cli/terminal_log.hpp"
#include "tools/kscale-deploy/command.hpp"
#include "tools/kscale-deploy/session.hpp"

namespace {

using namespace kscale;
using cli::Exit;

Exit main_of(const std::vector<std::string>& arguments) {
  const auto& usage = deploy::usage();
  const auto log = cli::terminal_log(usage.tool, false);
  const auto wrong = [&](const Error& error) {
    log.say(control::Level::error, "{}", error.what);
    return Exit::usage;
  };
  const auto line = cli::parse_command_line(usage, arguments);
  if (!line) {
    return wrong({line.error().code, line.error().what + "; see kscale-deploy --help"});
  }
  if (line->has("help")) {
    fmt::print("{}", cli::help_text(usage));
    return Exit::done;
  }
  if (line->has("version")) {
    fmt::print("kscale-deploy {}\n", KSCALE_VERSION);
    return Exit::done;
  }
  auto loaded = control::load_settings(cli::sources_for(*line));
  if (!loaded) {
    return wrong(loaded.error());
  }
  if (line->has("show-config")) {
    fmt::print("{}", control::shown(*loaded));
    return Exit::done;
  }
  const auto command = deploy::parse_command(*line);
  if (!command) {
    return wrong({command.error().code, command.error().what + "; see kscale-deploy --help"});
  }
  cli::Signals signals;
  const auto exit = deploy::carry_out(*command, std::move(loaded->settings), signals);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    log.say(control::Level::error, "what was found could not be written");
    return exit == Exit::done ? Exit::failed : exit;
  }
  return exit;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return static_cast<int>(main_of({argv + 1, argv + argc}));
  } catch (const std::exception& fault) {
    std::fputs("kscale-deploy: error: ", stderr);
    std::fputs(fault.what(), stderr);
    std::fputs("\n", stderr);
    return static_cast<int>(Exit::failed);
  }
}
