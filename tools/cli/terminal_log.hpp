#pragma once

#include <cstddef>
#include <string>

#include "libscale/control/log.hpp"

namespace kscale::cli {

/// A log that goes to stderr, each line with the tool's name; steps only when `verbose`.
control::Log terminal_log(std::string tool, bool verbose);

/// The text in one of a few colours, the same for the same place. As it is where stdout is no terminal, or NO_COLOR is
/// set.
std::string coloured(const std::string& text, std::size_t place);

}  // namespace kscale::cli
