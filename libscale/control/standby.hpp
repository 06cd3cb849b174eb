#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/control/log.hpp"
#include "libscale/control/loop.hpp"
#include "libscale/control/records.hpp"
#include "libscale/store/lock.hpp"

namespace kscale::control {

/// What came of waiting to be the autoscaler of a deployment.
struct Standby {
  std::optional<store::Lock> lock;  ///< the right to be it, unless there was a wish before
  std::optional<LoopEnd> wish;
  bool has_waited = false;  ///< another one was the autoscaler at first
};

/// Told again and again, while it is not its turn, why not.
using OnStandby = std::function<void(std::string_view why)>;

/// Takes the right to be the autoscaler of a deployment: at once, or when the one that has it ends, however it ends.
/// Says once whom it waits for, and when it takes over. `idle` is waited on as in `run_loop`. Fails where the lock
/// cannot be had for another reason than its holder.
Result<Standby> stand_by(const Records& records, Clock& idle, const Wishes& wishes, const Log& log,
                         const OnStandby& on_standby = {});

}  // namespace kscale::control
