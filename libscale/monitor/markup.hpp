#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kscale::monitor {

/// Outside text made safe for HTML and SVG, as text and between quotes: made printable, cut beyond `longest` bytes,
/// and `& < > " '` as references.
std::string escaped(std::string_view text, std::size_t longest = 1000);

}  // namespace kscale::monitor
