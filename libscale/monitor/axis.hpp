#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/store/history.hpp"

namespace kscale::monitor {

/// A place on an axis that bears a label.
struct ValueTick {
  double value = 0;
  std::string label;

  friend bool operator==(const ValueTick&, const ValueTick&) = default;
};

/// An axis from 0 up to `top`.
struct ValueAxis {
  double top = 1;
  std::vector<ValueTick> ticks;  ///< from 0 to `top`
};

/// The axis for values up to `most`: two to five steps of 1, 2, 2.5 or 5 times a power of ten. `unit` stands behind
/// each label; thousands become "k" and millions "M". A count has whole steps.
ValueAxis value_axis(double most, std::string_view unit, bool is_count = false);

/// Likewise in so many steps, so that it shares its lines with another axis.
ValueAxis value_axis_in(int steps, double most, std::string_view unit);

struct TimeTick {
  WallTime at{};
  std::string label;

  friend bool operator==(const TimeTick&, const TimeTick&) = default;
};

/// Round times in UTC within the range, at most nine: "14:30", or the day, "24 Nov", at midnight.
std::vector<TimeTick> time_ticks(store::TimeRange range);

}  // namespace kscale::monitor
