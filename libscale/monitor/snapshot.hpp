#pragma once

#include <string>
#include <vector>

#include "libscale/alert/tracker.hpp"
#include "libscale/net/json.hpp"
#include "libscale/operate/overview.hpp"
#include "libscale/store/scaling_event.hpp"

namespace kscale::monitor {

/// All that one look of the monitor has found.
struct Snapshot {
  operate::Overview overview;
  std::vector<alert::Alert> alerts;         ///< what is wrong, those that fire first
  std::vector<store::ScalingEvent> events;  ///< the last changes, oldest first
  std::vector<std::string> notices;         ///< what the monitor has to say of itself, such as who else records
};

/// For programs. Fields are only ever added; units stand in the names; what is not known is null.
json::Value json_of(const Snapshot& snapshot);

/// For people: a block of lines and tables, without colour, each line ended.
std::string text_of(const Snapshot& snapshot);

}  // namespace kscale::monitor
