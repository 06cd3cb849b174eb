#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kscale {

/// Outside text made safe to show: on one line, control characters and bytes that are no UTF-8 as \xNN, and cut with
/// "..." beyond `longest` bytes.
std::string printable(std::string_view text, std::size_t longest = 300);

/// The text with U+FFFD in place of each byte that is no UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace kscale
