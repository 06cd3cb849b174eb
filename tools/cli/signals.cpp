#include "tools/cli/signals.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace kscale::cli {

namespace {

// A handler can reach nothing but globals, and write(2) and lock-free atomics are what it may use.
std::atomic<int> g_stop_signal{0};
std::atomic<bool> g_reload{false};
std::atomic<int> g_stop_fd{-1};
std::atomic<int> g_any_fd{-1};

void wake(int fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(fd, &one, sizeof one);
}

void on_signal(int number) {
  const int kept = errno;
  if (number == SIGHUP) {
    g_reload = true;
  } else {
    int none = 0;
    g_stop_signal.compare_exchange_strong(none, number);
    wake(g_stop_fd);
  }
  wake(g_any_fd);
  errno = kept;
}

}  // namespace

Signals::Signals()
    : m_stop_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), m_any_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  g_stop_fd = m_stop_fd;
  g_any_fd = m_any_fd;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    sigaction(number, &action, nullptr);
  }
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);  // a reader that went away must not end an action in the middle
}

Signals::~Signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
    sigaction(number, &action, nullptr);
  }
  close(m_stop_fd);
  close(m_any_fd);
}

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): the state of the one object lies in the globals
std::optional<int> Signals::stop_signal() const {
  const int number = g_stop_signal;
  return number != 0 ? std::optional(number) : std::nullopt;
}

// NOLINTNEXTLINE(readability-make-member-function-const): it takes the wish back
bool Signals::take_reload() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto drained = read(m_any_fd, &count, sizeof count);
  if (stop_signal()) {
    wake(m_any_fd);
  }
  return g_reload.exchange(false);
}

}  // namespace kscale::cli
