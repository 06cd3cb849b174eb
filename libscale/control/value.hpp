#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "libscale/base/result.hpp"

namespace kscale::control {

// Values of settings, from the texts that people write. Each failure says what would be right.

Result<int> parse_whole(std::string_view text, int least, int most);
Result<double> parse_number(std::string_view text, double least, double most);

/// A span such as `30`, `30s`, `500ms`, `5m` or `1h`; a bare figure counts `unit`.
Result<std::chrono::milliseconds> parse_span(std::string_view text, std::chrono::milliseconds unit,
                                             std::chrono::milliseconds least, std::chrono::milliseconds most);

/// true/false, yes/no, on/off or 1/0, in any case.
Result<bool> parse_switch(std::string_view text);

/// http:// or https://, a host, perhaps a port and a path; the slash at the end is taken off.
Result<std::string> parse_url(std::string_view text);

/// As it is read back: `1500ms`, `30s`.
std::string shown(std::chrono::milliseconds span);

}  // namespace kscale::control
