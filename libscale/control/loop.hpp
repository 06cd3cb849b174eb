#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/control/autoscaler.hpp"
#include "libscale/control/check_report.hpp"
#include "libscale/control/log.hpp"

namespace kscale::control {

/// What signals ask of a loop.
struct Wishes {
  std::function<bool()> stop;
  std::function<bool()> reload;  ///< asking takes the wish back
};

/// Told of each check that was not interrupted, and how long it took.
using OnCheck = std::function<void(const Result<CheckReport>& report, std::chrono::nanoseconds took)>;

enum class LoopEnd { stopped, reload };

/// What is wished for now, if anything. A wish to stop goes first.
std::optional<LoopEnd> wish_of(const Wishes& wishes);

/// What it means when the first check fails: that the settings are no good, or only that the time is bad.
enum class FirstFailure { ends, is_waited_out };

/// Checks every `interval` until told to stop or to read the settings again.
///
/// When the first check fails, and that `ends`, so does the loop, unless another kscale is just acting. Other failures
/// are told once each and waited out. `idle` is waited on between checks, and must end its
/// wait on every signal; `clock` only tells the time.
Result<LoopEnd> run_loop(Autoscaler& autoscaler, Clock& clock, Clock& idle, std::chrono::seconds interval,
                         const OnCheck& on_check, const Wishes& wishes, const Log& log,
                         FirstFailure first_failure = FirstFailure::ends);

}  // namespace kscale::control
