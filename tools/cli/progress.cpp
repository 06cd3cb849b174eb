#include "tools/cli/progress.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace kscale::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto k_tick = 250ms;

std::size_t columns() {
  constexpr std::size_t k_usual = 80;
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : k_usual;
}

void put(const std::string& text) {
  std::fputs(text.c_str(), stderr);
}

}  // namespace

Progress::Style Progress::fitting(bool quiet) {
  if (quiet) {
    return Style::none;
  }
  return isatty(STDERR_FILENO) == 1 ? Style::terminal : Style::lines;
}

void Progress::step(std::string_view text) {
  if (m_style == Style::lines) {
    put(fmt::format("{}: {}\n", m_tool, text));
  }
  m_text = text;
  m_since = m_clock->now().instant;
  tick();
}

void Progress::tick() {
  if (m_style != Style::terminal || m_text.empty()) {
    return;
  }
  const auto seconds = std::chrono::floor<std::chrono::seconds>(m_clock->now().instant - m_since).count();
  const auto line = fmt::format("{} ... {}s", m_text, seconds);
  put("\r\x1b[K" + line.substr(0, std::max<std::size_t>(columns(), 2) - 1));
  std::fflush(stderr);
}

void Progress::clear() {
  if (m_style == Style::terminal && !m_text.empty()) {
    put("\r\x1b[K");
  }
  m_text.clear();
}

Waited TickingClock::wait(std::chrono::nanoseconds span) {
  const auto end = m_clock.now().instant + span;
  while (true) {
    const auto left = end - m_clock.now().instant;
    if (m_clock.wait(std::clamp<std::chrono::nanoseconds>(left, 0ns, k_tick)) == Waited::interrupted) {
      return Waited::interrupted;
    }
    if (m_clock.now().instant >= end) {
      return Waited::whole;
    }
    m_progress.tick();
  }
}

}  // namespace kscale::cli
