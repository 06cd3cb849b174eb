#include "libscale/control/standby.hpp"

#include <chrono>
#include <utility>

namespace kscale::control {

namespace {

/// So long after the end of the autoscaler its standby takes over, at most.
constexpr auto k_try_every = std::chrono::seconds{1};

}  // namespace

Result<Standby> stand_by(const Records& records, Clock& idle, const Wishes& wishes, const Log& log,
                         const OnStandby& on_standby) {
  Standby standby;
  while (true) {
    auto lock = records.lock_autoscaler();
    if (lock) {
      if (standby.has_waited) {
        log.say(Level::notice, "takes over");
      }
      standby.lock.emplace(std::move(*lock));
      return standby;
    }
    if (lock.error().code != Errc::locked) {
      return tl::unexpected(lock.error());
    }
    const auto why = fmt::format("{} scales this deployment; this one stands by, and takes over when that ends",
                                 records.autoscaler());
    if (!std::exchange(standby.has_waited, true)) {
      log.say(Level::notice, "{}", why);
    }
    if (on_standby) {
      on_standby(why);
    }
    standby.wish = wish_of(wishes);
    if (standby.wish) {
      return standby;
    }
    idle.wait(k_try_every);
  }
}

}  // namespace kscale::control
