#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace kscale {

/// Without the blanks, tabs and ends of line around it.
std::string_view trimmed(std::string_view text);

/// `30s`, or `1500ms` where it is no whole number of seconds: as a setting is written.
std::string in_seconds(std::chrono::milliseconds span);

}  // namespace kscale
