#pragma once

#include <string>

#include "libscale/monitor/snapshot.hpp"

namespace kscale::monitor {

/// Whether something is wrong, for a check command that looks once.
bool is_wrong(const Snapshot& snapshot);

/// All in one line, the worst first, as mail from cron shows it, ended:
/// `CRITICAL: shop: Kong's Admin API does not answer; cpu of shop-2 is 93.1%, above 80%`.
std::string check_line_of(const Snapshot& snapshot);

}  // namespace kscale::monitor
