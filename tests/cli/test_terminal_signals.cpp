#include <csignal>

#include <catch2/catch.hpp>
#include <poll.h>

#include "tools/cli/terminal_signals.hpp"

using kscale::cli::TerminalSignals;

namespace {

bool is_readable(int fd) {
  pollfd wake{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&wake, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a change of the terminal can be waited for, and is told once") {
  TerminalSignals signals;
  CHECK_FALSE(is_readable(signals.fd()));
  CHECK_FALSE(signals.take().any);

  raise(SIGWINCH);
  raise(SIGWINCH);
  CHECK(is_readable(signals.fd()));
  auto change = signals.take();
  CHECK((change.any && !change.suspend && !change.continued));
  CHECK_FALSE(is_readable(signals.fd()));

  raise(SIGTSTP);
  change = signals.take();
  CHECK((change.any && change.suspend && !change.continued));
  raise(SIGCONT);
  change = signals.take();
  CHECK((change.any && !change.suspend && change.continued));
  CHECK_FALSE(signals.take().any);
}
