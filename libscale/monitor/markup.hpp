#pragma once

#include <string>
#include <string_view>

namespace kscale::monitor {

/// Outside text made safe for HTML and SVG, as text and between quotes: made printable, and `& < > " '` as references.
std::string escaped(std::string_view text);

}  // namespace kscale::monitor
