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
  int instances = 0;    ///< running now
  int warming_up = 0;   ///< of these, so new that their load says nothing yet
  int not_serving = 0;  ///< of these, unhealthy or without requests: the others carry the load
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

/// How many instances there should be, and why.
struct Decision {
  Action action = Action::hold;
  int from = 0;
  int to = 0;
  std::string reason;  ///< for people, with the figures that decided

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
