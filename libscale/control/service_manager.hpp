#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "libscale/base/clock.hpp"
#include "libscale/base/descriptor.hpp"
#include "libscale/base/environment.hpp"

namespace kscale::control {

/// systemd, or whoever else has started us as a service and listens at $NOTIFY_SOCKET: it is told that the service is
/// ready, what it has found, and that it goes on. Nobody is told anything where nobody listens, and a listener that is
/// gone is no trouble of ours.
///
/// The protocol is one datagram a message, promised to stay so by sd_notify(3): too little to depend on libsystemd for.
///
/// Signs of life come from the thread that checks, so that a watchdog tells a loop that is stuck. They are believed
/// only for `patience` after the last check, so that it also tells one that waits for ever.
class ServiceManager {
 public:
  /// As the environment of the process `pid` says. `clock` must outlive it.
  ServiceManager(const EnvironmentLookup& environment, Clock& clock, int pid);

  /// That of this process. The variables are taken out of the environment, so that no child speaks in our name.
  static ServiceManager of_process(Clock& clock);

  /// How long after a check the next one is complete at the latest.
  void set_patience(std::chrono::nanoseconds patience) { m_patience = patience; }

  /// A check is complete, and has found that: the service is ready, now if not before.
  void checked(std::string_view found);
  /// A check has failed, and the loop goes on. Who was not ready before is not yet.
  void failed(std::string_view why);
  /// It is another one's turn, as it may be for long: there is nothing to check, and that is all right.
  void stands_by(std::string_view why);
  /// The settings are being read again, until `reloaded`.
  void reloading();
  void reloaded();
  void stopping();

  /// How long until the next sign of life is due; nothing where none will be.
  std::optional<std::chrono::nanoseconds> until_due() const;
  /// The loop goes on. Tells it where that is due.
  void goes_on();

 private:
  /// Whether it was heard.
  bool send(const std::string& message) const;
  bool tell_of_check(std::string_view what, std::string_view state);

  Clock& m_clock;
  std::string m_socket;  ///< its address as the kernel takes it; empty: nobody listens
  Descriptor m_file;
  std::chrono::nanoseconds m_interval;  ///< between two signs of life
  bool m_has_watchdog = false;
  std::chrono::nanoseconds m_patience = std::chrono::nanoseconds::max();
  bool m_ready = false;
  Instant m_last_check;
  Instant m_last_sign;
};

/// A clock whose waits, however long, are no silence.
class LivingClock final : public Clock {
 public:
  /// Both must outlive it.
  LivingClock(Clock& clock, ServiceManager& manager) : m_clock(clock), m_manager(manager) {}

  Now now() override { return m_clock.now(); }
  Waited wait(std::chrono::nanoseconds span) override;
  void wait_to_the_end(std::chrono::nanoseconds span) override;

 private:
  /// How much of what is left until `end` can be waited for in one go.
  std::chrono::nanoseconds piece_until(Instant end);

  Clock& m_clock;
  ServiceManager& m_manager;
};

}  // namespace kscale::control
