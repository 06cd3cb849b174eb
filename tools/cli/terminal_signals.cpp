#include "tools/cli/terminal_signals.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace kscale::cli {

namespace {

// A handler can reach nothing but globals, and write(2) and lock-free atomics are what it may use.
std::atomic<bool> g_suspend{false};
std::atomic<bool> g_continued{false};
std::atomic<int> g_fd{-1};

void on_signal(int number) {
  const int kept = errno;
  if (number == SIGTSTP) {
    g_suspend = true;
  } else if (number == SIGCONT) {
    g_continued = true;
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(g_fd, &one, sizeof one);
  errno = kept;
}

void handle(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGWINCH, SIGTSTP, SIGCONT}) {
    sigaction(number, &action, nullptr);
  }
}

}  // namespace

TerminalSignals::TerminalSignals() : m_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  g_fd = m_fd;
  handle(on_signal);
}

TerminalSignals::~TerminalSignals() {
  handle(SIG_DFL);
  close(m_fd);
}

// NOLINTNEXTLINE(readability-make-member-function-const): it takes the news away
TerminalSignals::Change TerminalSignals::take() {
  std::uint64_t count = 0;
  const bool any = read(m_fd, &count, sizeof count) > 0;
  return {.any = any, .suspend = g_suspend.exchange(false), .continued = g_continued.exchange(false)};
}

}  // namespace kscale::cli
