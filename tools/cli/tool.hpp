#pragma once

#include <functional>

#include "libscale/control/settings.hpp"
#include "tools/cli/exit_status.hpp"
#include "tools/cli/options.hpp"

namespace kscale::cli {

/// What a tool was called with, once it is known that there is something to do.
struct Call {
  CommandLine line;
  control::LoadedSettings loaded;
};

/// Tells on stderr what is wrong with the call.
Exit usage_error(const Usage& usage, const Error& error);

/// Whether those who read what is printed have seen enough, as `head` does, or their terminal is gone.
bool reader_has_left();

/// `exit`, or a failure where what was printed could not be written; a reader that has left, as `head` does, is none.
Exit flushed(const Usage& usage, Exit exit);

/// The main function of a tool: reads arguments and settings, answers --help, --version and --show-config by itself,
/// and lets `body` do the rest. No exception leaves it.
int run_tool(const Usage& usage, const char* version, int argc, char** argv,
             const std::function<Exit(const Call&)>& body);

}  // namespace kscale::cli
