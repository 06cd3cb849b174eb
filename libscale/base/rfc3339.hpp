#pragma once

#include <string>

#include "libscale/base/clock.hpp"

namespace kscale {

// A time as RFC 3339 writes it, in UTC.

/// `2026-11-24T09:59:52Z`; a part of a second is cut off.
std::string rfc3339_in_seconds(WallTime time);
/// `2026-11-24T09:59:52.417Z`.
std::string rfc3339_in_milliseconds(WallTime time);

}  // namespace kscale
