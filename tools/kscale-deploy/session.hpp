#pragma once

#include "libscale/base/result.hpp"
#include "libscale/control/settings.hpp"
#include "tools/cli/exit_status.hpp"
#include "tools/cli/signals.hpp"
#include "tools/kscale-deploy/command.hpp"

namespace kscale::deploy {

/// Does what was asked for and prints what came of it. An error is what kept it from being begun or looked at;
/// `invalid` where the settings are at fault.
Result<cli::Exit> carry_out(const Command& command, control::Settings settings, cli::Signals& signals);

}  // namespace kscale::deploy
