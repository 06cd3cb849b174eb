#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "libscale/base/clock.hpp"
#include "libscale/base/units.hpp"

namespace kscale::monitor {

// Figures as a report tells them: in as few signs as they need.

/// "1 alert", "3 alerts".
std::string counted(std::size_t count, std::string_view what);

/// Two decimals below 10, one below 100, none above; without trailing zeros: "0.25", "12.5", "1320".
std::string number_text(double value);

/// "80%", "2.5%".
std::string text_of(Percent percent);
/// "1000 ms".
std::string text_of(Milliseconds span);

/// As `operate::shown` tells it, without a part that is zero: "20m", "2h 10m", "7d".
std::string text_of(std::chrono::seconds span);

/// "24 Nov 2026 14:30", in UTC.
std::string text_of(WallTime time);

}  // namespace kscale::monitor
