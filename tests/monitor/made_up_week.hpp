#pragma once

#include <chrono>

#include "libscale/monitor/report_data.hpp"

namespace kscale::tests {

/// The end of all made-up time: 24 Nov 2026 10:00 UTC.
inline constexpr WallTime k_made_up_end{std::chrono::seconds{1'795'514'400}};

/// What a report is to be made up of.
struct MadeUp {
  std::chrono::hours length{24 * 7};
  int min_instances = 3;
  int max_instances = 6;
  double requests_each = 50;  ///< what one instance carries in a second at 80 % of CPU
  bool with_trouble = true;   ///< a gap, a failed change, alerts
};

/// A believable history: the load goes up and down with the days and has two surges, the number of instances follows,
/// and each figure follows from both, with some noise that is the same each time.
monitor::ReportData made_up(const MadeUp& wanted);

}  // namespace kscale::tests
