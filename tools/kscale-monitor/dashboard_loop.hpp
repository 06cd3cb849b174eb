#pragma once

#include <chrono>
#include <functional>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/monitor/snapshot.hpp"
#include "libscale/monitor/trend.hpp"
#include "tools/cli/screen.hpp"
#include "tools/cli/signals.hpp"

namespace kscale::monitor {

/// How the dashboard came to its end.
enum class DashboardEnd {
  quit,     ///< by a key
  stopped,  ///< by a signal
  hung_up,  ///< the terminal is gone
};

/// What the dashboard works with; all of it must outlive the loop.
struct DashboardParts {
  cli::Screen& screen;
  cli::Signals& signals;
  Clock& clock;                            ///< its waits end at a key, a signal and a change of the terminal
  std::chrono::seconds interval;           ///< from look to look
  std::function<Result<Snapshot>()> look;  ///< may fail with `interrupted`, and is then called again
};

/// Shows look after look until it is told to end. `trends` is what is known from before.
DashboardEnd run_dashboard(const DashboardParts& parts, Trends trends);

}  // namespace kscale::monitor
