#pragma once

#include <string>

#include "libscale/control/log.hpp"

namespace kscale::cli {

/// A log that goes to stderr, each line with the tool's name; steps only when `verbose`.
control::Log terminal_log(std::string tool, bool verbose);

}  // namespace kscale::cli
