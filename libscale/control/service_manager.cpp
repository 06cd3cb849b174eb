#include "libscale/control/service_manager.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "libscale/base/number.hpp"
#include "libscale/base/printable.hpp"

namespace kscale::control {

namespace {

using namespace std::chrono_literals;

constexpr const char* k_socket_variable = "NOTIFY_SOCKET";
constexpr const char* k_interval_variable = "WATCHDOG_USEC";
constexpr const char* k_pid_variable = "WATCHDOG_PID";

/// Between signs of life where no watchdog asks for them: while the service starts they keep it from being given up.
constexpr std::chrono::nanoseconds k_usual_interval = 30s;
/// What one of those asks for.
constexpr std::chrono::microseconds k_extension = 2min;

/// The address that the variable names: a path, or, after an @, a name that is in no file system. Empty where it is
/// neither, or too long.
std::string address_in(const EnvironmentLookup& environment) {
  auto name = environment(k_socket_variable).value_or("");
  const bool is_abstract = name.starts_with('@');
  if ((!is_abstract && !name.starts_with('/')) || name.size() < 2 || name.size() >= sizeof(sockaddr_un::sun_path)) {
    return {};
  }
  if (is_abstract) {
    name.front() = '\0';
  }
  return name;
}

/// Half of the time that the watchdog waits, as sd_watchdog_enabled(3) advises; nothing where it is for another
/// process.
std::optional<std::chrono::nanoseconds> watchdog_interval(const EnvironmentLookup& environment, int pid) {
  const auto for_whom = environment(k_pid_variable);
  if (for_whom && *for_whom != std::to_string(pid)) {
    return std::nullopt;
  }
  const auto asked = number_in<std::int64_t>(environment(k_interval_variable).value_or(""));
  if (!asked || *asked <= 0) {
    return std::nullopt;
  }
  constexpr std::chrono::microseconds k_shortest = 2ms;
  constexpr std::chrono::microseconds k_longest = std::chrono::hours(24 * 365);
  return std::clamp(std::chrono::microseconds(*asked), k_shortest, k_longest) / 2;
}

/// On the clock that systemd compares with: CLOCK_MONOTONIC, as the steady clock is on Linux.
std::int64_t monotonic_microseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

/// A socket that may be sent to for a second at most: a listener that does not listen holds nothing up.
Descriptor open_socket() {
  Descriptor file(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const timeval longest{.tv_sec = 1, .tv_usec = 0};
  if (file.is_open()) {
    setsockopt(file.get(), SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
  }
  return file;
}

}  // namespace

ServiceManager::ServiceManager(const EnvironmentLookup& environment, Clock& clock, int pid)
    : m_clock(clock), m_socket(address_in(environment)), m_interval(k_usual_interval) {
  if (m_socket.empty()) {
    return;
  }
  m_file = open_socket();
  if (const auto asked = watchdog_interval(environment, pid)) {
    m_has_watchdog = true;
    m_interval = *asked;
  }
  m_last_check = m_last_sign = m_clock.now().instant;
}

ServiceManager ServiceManager::of_process(Clock& clock) {
  ServiceManager manager(process_environment(), clock, getpid());
  for (const char* name : {k_socket_variable, k_interval_variable, k_pid_variable}) {
    unsetenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  }
  return manager;
}

bool ServiceManager::send(const std::string& message) const {
  if (!m_file.is_open()) {
    return false;
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, m_socket.data(), m_socket.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + m_socket.size());
  // Anew each time: the listener may be another one by now.
  return sendto(m_file.get(), message.data(), message.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                length) >= 0;
}

bool ServiceManager::tell_of_check(std::string_view what, std::string_view state) {
  m_last_check = m_last_sign = m_clock.now().instant;
  return send(fmt::format("{}STATUS={}\nWATCHDOG=1", state, printable(what)));
}

void ServiceManager::checked(std::string_view found) {
  const bool told = tell_of_check(found, m_ready ? "" : "READY=1\n");
  m_ready = m_ready || told;
}

void ServiceManager::failed(std::string_view why) {
  tell_of_check(why, "");
}

void ServiceManager::stands_by(std::string_view why) {
  if (!m_ready) {
    checked(why);
  }
  m_last_check = m_clock.now().instant;
}

void ServiceManager::reloading() {
  if (m_ready) {
    send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds()));
  }
}

void ServiceManager::reloaded() {
  if (m_ready) {
    send("READY=1");
  }
}

void ServiceManager::stopping() {
  send("STOPPING=1");
}

std::optional<std::chrono::nanoseconds> ServiceManager::until_due() const {
  const auto now = m_clock.now().instant;
  if (!m_file.is_open() || now - m_last_check > m_patience || (m_ready && !m_has_watchdog)) {
    return std::nullopt;
  }
  return std::max<std::chrono::nanoseconds>(m_last_sign + m_interval - now, 0ns);
}

void ServiceManager::goes_on() {
  if (until_due() != 0ns) {
    return;
  }
  m_last_sign = m_clock.now().instant;
  send(m_ready ? "WATCHDOG=1" : fmt::format("EXTEND_TIMEOUT_USEC={}", k_extension.count()));
}

std::chrono::nanoseconds LivingClock::piece_until(Instant end) {
  m_manager.goes_on();
  const auto left = end - m_clock.now().instant;
  return std::min(left, m_manager.until_due().value_or(left));
}

Waited LivingClock::wait(std::chrono::nanoseconds span) {
  const auto end = m_clock.now().instant + span;
  do {
    if (m_clock.wait(piece_until(end)) == Waited::interrupted) {
      return Waited::interrupted;
    }
  } while (m_clock.now().instant < end);
  return Waited::whole;
}

void LivingClock::wait_to_the_end(std::chrono::nanoseconds span) {
  const auto end = m_clock.now().instant + span;
  do {
    m_clock.wait_to_the_end(piece_until(end));
  } while (m_clock.now().instant < end);
}

}  // namespace kscale::control
