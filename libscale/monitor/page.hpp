#pragma once

#include <string>
#include <string_view>

namespace kscale::monitor {

/// A whole page of HTML that loads nothing: its style and its script are in it, and its Content-Security-Policy allows
/// those two and nothing else. `body` is markup; the title is outside text. Without the script it lacks only the
/// figures under the pointer.
std::string page_of(std::string_view title, std::string_view body);

}  // namespace kscale::monitor
