#include "libscale/monitor/check.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "libscale/base/printable.hpp"
#include "libscale/operate/health.hpp"

namespace kscale::monitor {

bool is_wrong(const Snapshot& snapshot) {
  return std::ranges::any_of(snapshot.alerts, &alert::Alert::firing);
}

std::string check_line_of(const Snapshot& snapshot) {
  const auto deployment = printable(snapshot.overview.deployment);
  if (!is_wrong(snapshot)) {
    const auto running =
        std::ranges::count(snapshot.overview.instances, docker::State::running, &operate::InstanceView::state);
    return fmt::format("OK: {}: {} {}, {}\n", deployment, running, running == 1 ? "instance runs" : "instances run",
                       name_of(snapshot.overview.verdict));
  }
  std::vector<std::string> summaries;
  bool critical = false;
  for (const auto& alert : snapshot.alerts) {
    if (alert.firing) {
      summaries.push_back(printable(alert.finding.summary));
      critical = critical || alert.finding.severity == alert::Severity::critical;
    }
  }
  return fmt::format("{}: {}: {}\n", critical ? "CRITICAL" : "WARNING", deployment, fmt::join(summaries, "; "));
}

}  // namespace kscale::monitor
