#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/clock.hpp"

namespace kscale::store {

/// An instant that outlives the process: within one boot it is compared on the boot clock, which no step of the wall
/// clock moves; after a reboot on wall time.
struct Stamp {
  Instant instant;
  WallTime wall;
  std::string boot_id;  ///< of the boot that `instant` belongs to; empty where it was not known

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

Stamp stamp_of(const Now& now, std::string boot_id);

/// The stamp as an instant of this boot, so that spans since then can be measured. From another boot: as long ago as
/// the wall clock says, and just now where that says it is still to come. An instant later than now counts as now. An
/// empty `boot_id` is no boot that can be recognised.
Instant on_this_boot(const Stamp& stamp, const Now& now, std::string_view boot_id);

/// The kernel's name for this boot; empty where it cannot be read.
std::string boot_id();

/// The counters of the last check, as their owner wrote them.
struct Reading {
  Stamp at;
  std::string text;

  friend bool operator==(const Reading&, const Reading&) = default;
};

/// The operator's word that the autoscaler is to change nothing.
struct Pause {
  Stamp since;
  std::optional<std::chrono::seconds> length;  ///< absent: until it is resumed
  bool is_stop = false;  ///< it came with a stop or a cleanup, and nobody has asked for another number since

  friend bool operator==(const Pause&, const Pause&) = default;
};

/// The last check that came to a decision, as it was told.
struct LastCheck {
  Stamp at;
  std::string decision;

  friend bool operator==(const LastCheck&, const LastCheck&) = default;
};

/// What a deployment remembers between two checks and from one process to the next.
struct State {
  std::optional<Stamp> last_up;       ///< the last change to more instances: begins the cooldown
  std::optional<Stamp> last_down;     ///< the last change to fewer
  int failures = 0;                   ///< in a row; the back-off grows with them
  std::optional<Stamp> last_failure;  ///< begins the back-off
  /// There while an action runs, and after one that a crash or a failure cut short: the numbers of the instances that
  /// somebody had given weight 0 before. Others that have it then have it from us.
  std::optional<std::vector<int>> acting;
  /// The numbers of the instances that an action stops only to start them again; there as long as `acting` is.
  std::vector<int> restarting;
  std::optional<Reading> reading;
  std::optional<Pause> pause;
  std::optional<LastCheck> last_check;

  friend bool operator==(const State&, const State&) = default;
};

/// Whether the operator's word that nothing is to be changed holds now.
bool is_paused(const State& state, const Now& now, std::string_view boot_id);

/// Takes all stamps of the state over to this boot, so that none of another boot, which lies ahead of a clock that has
/// been set right since, counts as just now for as long as that.
void take_over(State& state, const Now& now, const std::string& boot_id);

}  // namespace kscale::store
