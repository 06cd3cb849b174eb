#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libscale/base/clock.hpp"
#include "libscale/policy/load.hpp"
#include "libscale/policy/rules.hpp"

namespace kscale::policy {

/// All that a decision rests on.
struct Situation {
  int instances = 0;         ///< running now
  int warming_up = 0;        ///< of these, so new that their load says nothing yet
  int not_serving = 0;       ///< of these, unhealthy or without requests: the others carry the load
  bool knows_health = true;  ///< whether Kong told whom it takes for healthy
  Load load;
  std::optional<Instant> last_up;        ///< the end of the last scale-up, by whomever
  std::optional<Instant> last_down;      ///< the end of the last scale-down, by whomever
  std::optional<Instant> blocked_until;  ///< adding instances failed lately: not before this
  bool paused = false;                   ///< the operator wants nothing changed
  std::optional<Instant> paused_until;   ///< absent: until it is resumed
};

enum class Action {
  hold,
  up,           ///< the load asks for more
  down,         ///< the load asks for fewer
  repair_up,    ///< fewer than min are running
  repair_down,  ///< more than max are running
};

std::string_view name_of(Action action);

/// What decided, without figures: for programs, and to be counted. Where several thresholds are crossed, the first one.
enum class Cause {
  cpu,  ///< above its threshold, as are the next three
  memory,
  request_rate,
  response_time,
  idle,          ///< all metrics are at or below theirs
  below_min,     ///< fewer than min are running
  above_max,     ///< more than max are running
  steady,        ///< the load is between the thresholds
  at_min,        ///< idle, but no fewer are allowed
  at_max,        ///< under load, but no more are allowed
  cooldown,      ///< the last change is too recent
  backing_off,   ///< adding instances failed lately
  warming_up,    ///< the load of a new instance is not known yet
  not_serving,   ///< an instance carries no load
  unknown_load,  ///< a metric is not known
  paused,        ///< by the operator
};

std::string_view name_of(Cause cause);

/// How many instances there should be, and why.
struct Decision {
  Action action = Action::hold;
  int from = 0;
  int to = 0;
  std::string reason;  ///< for people, with the figures that decided
  Cause cause = Cause::steady;

  friend bool operator==(const Decision&, const Decision&) = default;
};

/// One step of the control loop, without memory and without effects.
///
/// While paused, nothing is changed. The bounds come first, without any cooldown. Then up, by one, if any metric that
/// is known is above its threshold; else down, by one, only if all instances serve, and CPU, memory and request rate
/// are all known for the whole fleet and at or below theirs. A scale-up waits for the cooldown since the last scale-up,
/// a scale-down for that since the last of either.
Decision decide(const Rules& rules, const Situation& situation, Instant now);

}  // namespace kscale::policy
