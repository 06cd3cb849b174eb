// The dashboard on made-up figures that go on by themselves, to be looked at and tried by hand and in tmux.
// usage: kscale-dashboard-demo [INSTANCES]; 0: trouble of each kind.

#include <cstdlib>
#include <optional>

#include <poll.h>

#include "libscale/base/environment.hpp"
#include "libscale/control/system_clock.hpp"
#include "libscale/monitor/dashboard.hpp"
#include "tests/monitor/made_up.hpp"
#include "tools/cli/bundle.hpp"
#include "tools/cli/keyboard.hpp"
#include "tools/cli/screen.hpp"
#include "tools/cli/signals.hpp"

using namespace kscale;

int main(int argc, char** argv) {
  constexpr int k_looks = 200;
  constexpr int k_second = 1000;
  const auto environment = process_environment();
  if (!cli::can_paint(environment)) {
    return EXIT_FAILURE;
  }
  const int instances = argc > 1 ? std::atoi(argv[1]) : 3;  // NOLINT(cert-err34-c): a word is 0
  std::optional snapshot(instances > 0 ? tests::made_up(instances) : tests::made_up_trouble());
  auto trends = tests::made_up_trends(*snapshot, k_looks);
  monitor::View view{.charset = cli::charset_of_locale()};
  cli::Signals signals;
  control::SystemClock clock;
  cli::Screen screen(environment);
  cli::Keyboard keyboard(0);
  const cli::Bundle bundle{signals.any_fd(), screen.changes_fd(), 0};
  const auto begun = clock.now().wall;
  while (!signals.stop_signal() && !keyboard.is_closed()) {
    const auto now = snapshot->overview.at + (clock.now().wall - begun);
    screen.paint(frame_of(snapshot, trends, view, screen.size(), now));
    pollfd wake{.fd = bundle.fd(), .events = POLLIN, .revents = 0};
    if (poll(&wake, 1, k_second) == 0 && !view.paused) {
      trends.add(*snapshot);
    }
    signals.take_reload();
    screen.settle();
    for (const auto key : keyboard.read()) {
      if (press(view, key, snapshot, screen.size()) == monitor::Wish::quit) {
        return EXIT_SUCCESS;
      }
    }
  }
  return EXIT_SUCCESS;
}
