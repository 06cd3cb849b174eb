#pragma once

#include "libscale/control/settings.hpp"
#include "tools/cli/exit_status.hpp"
#include "tools/cli/signals.hpp"
#include "tools/kscale-monitor/command.hpp"

namespace kscale::monitor {

/// Does what was asked for, and prints what came of it or what kept it from being done.
cli::Exit carry_out(const Command& command, control::Settings settings, cli::Signals& signals);

}  // namespace kscale::monitor
