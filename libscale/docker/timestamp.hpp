#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace kscale::docker {

/// Reads a time as Docker writes it, RFC 3339 with up to nine decimals: `2026-11-23T22:12:14.464324867Z`. Gives the
/// span since 1970. Empty for what is no such time, and for Docker's "never" (`0001-01-01T00:00:00Z`).
std::optional<std::chrono::nanoseconds> parse_timestamp(std::string_view text);

}  // namespace kscale::docker
