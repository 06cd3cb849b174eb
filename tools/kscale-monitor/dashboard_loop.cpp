#include "tools/kscale-monitor/dashboard_loop.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <unistd.h>

#include "libscale/monitor/dashboard.hpp"
#include "tools/cli/keyboard.hpp"

namespace kscale::monitor {

namespace {

using namespace std::chrono_literals;

/// What is on the screen. While it is paused it stays, though looks go on.
struct Shown {
  std::optional<Snapshot> snapshot;
  Trends trends;
};

class Loop {
 public:
  Loop(const DashboardParts& parts, Trends trends)
      : m_parts(parts),
        m_latest{std::nullopt, trends},
        m_shown{std::nullopt, std::move(trends)},
        m_keyboard(STDIN_FILENO) {
    m_view.charset = cli::charset_of_locale();
  }

  DashboardEnd run();

 private:
  /// Does what was asked for meanwhile. The end, where it was that.
  std::optional<DashboardEnd> attend();
  void take(Wish wish);
  void look();
  void show_latest();
  void paint();

  const DashboardParts& m_parts;
  Shown m_latest;
  Shown m_shown;
  View m_view;
  cli::Keyboard m_keyboard;
  Instant m_next_look{};
};

void Loop::take(Wish wish) {
  if (wish == Wish::look) {
    m_next_look = m_parts.clock.now().instant;
  } else if (wish == Wish::pause && !m_view.paused) {
    show_latest();
  }
}

std::optional<DashboardEnd> Loop::attend() {
  if (m_parts.signals.take_reload()) {
    return DashboardEnd::hung_up;
  }
  if (m_parts.signals.stop_signal()) {
    return DashboardEnd::stopped;
  }
  m_parts.screen.settle();
  for (const auto& key : m_keyboard.read()) {
    const auto wish = press(m_view, key, m_shown.snapshot, m_parts.screen.size());
    if (wish == Wish::quit) {
      return DashboardEnd::quit;
    }
    take(wish);
  }
  return m_keyboard.is_closed() ? std::optional(DashboardEnd::hung_up) : std::nullopt;
}

void Loop::show_latest() {
  m_shown = m_latest;
}

void Loop::look() {
  m_view.looking = true;
  paint();
  const auto begin = m_parts.clock.now().instant;
  auto snapshot = m_parts.look();
  m_view.looking = false;
  if (!snapshot) {
    return;  // a key or a signal: it is attended to, and the look begun again
  }
  m_latest.trends.add(*snapshot);
  m_latest.snapshot = std::move(*snapshot);
  m_next_look = begin + m_parts.interval;
  if (!m_view.paused) {
    show_latest();
  }
}

void Loop::paint() {
  m_parts.screen.paint(
      frame_of(m_shown.snapshot, m_shown.trends, m_view, m_parts.screen.size(), m_parts.clock.now().wall));
}

DashboardEnd Loop::run() {
  m_next_look = m_parts.clock.now().instant;
  while (true) {
    if (const auto end = attend()) {
      return *end;
    }
    paint();
    const auto left = m_next_look - m_parts.clock.now().instant;
    if (left <= 0ns) {
      look();
    } else {
      m_parts.clock.wait(std::min<std::chrono::nanoseconds>(left, 1s));  // ages are told in seconds
    }
  }
}

}  // namespace

DashboardEnd run_dashboard(const DashboardParts& parts, Trends trends) {
  return Loop(parts, std::move(trends)).run();
}

}  // namespace kscale::monitor
