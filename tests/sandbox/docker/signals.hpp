#pragma once

#include <optional>
#include <string_view>

namespace kscale::sandbox::engine {

/// The number of a signal given by name, with or without SIG, or by number; SIGKILL where nothing is given, nothing
/// for what is no signal.
std::optional<int> signal_number(std::string_view text);

}  // namespace kscale::sandbox::engine
