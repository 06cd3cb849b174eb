#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "libscale/control/log.hpp"

namespace kscale::cli {

/// A log that goes to stderr, each line with the tool's name; steps only when `verbose`.
control::Log terminal_log(std::string tool, bool verbose);

/// One such line, ended; what a peer has put into the text changes neither the lines nor the terminal.
std::string log_line(std::string_view tool, control::Level level, std::string_view text);

/// The text in one of a few colours, the same for the same place. As it is where stdout is no terminal, or NO_COLOR is
/// set.
std::string coloured(const std::string& text, std::size_t place);

}  // namespace kscale::cli
