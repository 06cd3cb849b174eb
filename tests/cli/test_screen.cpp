#include <array>
#include <csignal>
#include <cstdlib>
#include <map>
#include <string>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "libscale/base/descriptor.hpp"
#include "tools/cli/screen.hpp"

using namespace kscale;
using namespace kscale::cli;
using monitor::Size;

namespace {

EnvironmentLookup environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) {
    const auto found = variables.find(name);
    return found != variables.end() ? std::optional(found->second) : std::nullopt;
  };
}

/// A terminal of our own, of which this process is the one that shows it.
struct Terminal {
  Terminal() : shown(posix_openpt(O_RDWR | O_NOCTTY)) {
    REQUIRE(grantpt(shown.get()) == 0);
    REQUIRE(unlockpt(shown.get()) == 0);
    used = Descriptor(open(ptsname(shown.get()), O_RDWR | O_NOCTTY));
    const winsize size{.ws_row = 7, .ws_col = 33, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(ioctl(shown.get(), TIOCSWINSZ, &size) == 0);
  }

  /// What was written to it, up to and with `end`; all there is after a second without it.
  std::string written(std::string_view end) const {
    constexpr int k_second = 1000;
    std::string text;
    pollfd wake{.fd = shown.get(), .events = POLLIN, .revents = 0};
    while (text.find(end) == std::string::npos && poll(&wake, 1, k_second) == 1) {
      std::array<char, 4096> bytes{};
      const auto count = read(shown.get(), bytes.data(), bytes.size());
      if (count <= 0) {
        break;
      }
      text.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

  termios modes() const {
    termios modes{};
    REQUIRE(tcgetattr(used.get(), &modes) == 0);
    return modes;
  }

  Descriptor shown;
  Descriptor used;
};

/// Runs `act` in a process whose stdin and stdout are the terminal.
template <class Act>
pid_t run_on(const Terminal& terminal, Act act) {
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(terminal.used.get(), STDIN_FILENO);
    dup2(terminal.used.get(), STDOUT_FILENO);
    act();
    _exit(EXIT_SUCCESS);
  }
  return child;
}

void await_end(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
}

constexpr const char* k_enter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr const char* k_leave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

bool is_raw(const termios& modes) {
  return (modes.c_lflag & (ICANON | ECHO)) == 0U;
}

/// Paints a word, and again after each change of the terminal, until a key is pressed.
void paint_until_key(const EnvironmentLookup& variables) {
  Screen screen(variables);
  while (true) {
    screen.paint({.size = screen.size(), .lines = {monitor::Line("shop")}});
    std::array<pollfd, 2> either{pollfd{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                                 pollfd{.fd = screen.changes_fd(), .events = POLLIN, .revents = 0}};
    poll(either.data(), either.size(), -1);
    if (either[0].revents != 0) {
      return;
    }
    screen.settle();
  }
}

}  // namespace

TEST_CASE("only a terminal that is not dumb can be painted on") {
  const Terminal terminal;
  const auto can = [&terminal](const std::map<std::string, std::string>& variables) {
    int status = 0;
    waitpid(run_on(terminal, [&] { _exit(can_paint(environment(variables)) ? 0 : 1); }), &status, 0);
    return WEXITSTATUS(status) == 0;
  };
  CHECK(can({{"TERM", "xterm"}}));
  CHECK_FALSE(can({{"TERM", "dumb"}}));
  CHECK_FALSE(can({{"TERM", ""}}));
  CHECK_FALSE(can({}));
}

TEST_CASE("there are no colours where NO_COLOR is set") {
  CHECK(palette_for(environment({})) == Palette::colours);
  CHECK(palette_for(environment({{"NO_COLOR", ""}})) == Palette::colours);
  CHECK(palette_for(environment({{"NO_COLOR", "1"}})) == Palette::none);
}

TEST_CASE("the size is the terminal's, else the environment's, else the usual one") {
  const Terminal terminal;
  CHECK(size_of_terminal(terminal.used.get(), environment({{"LINES", "99"}})) == Size{7, 33});
  CHECK(size_of_terminal(-1, environment({{"LINES", "50"}, {"COLUMNS", "200"}})) == Size{50, 200});
  CHECK(size_of_terminal(-1, environment({{"LINES", "-1"}, {"COLUMNS", "many"}})) == Size{24, 80});
  CHECK(size_of_terminal(-1, environment({})) == Size{24, 80});
}

TEST_CASE("a screen takes the terminal over and gives it back as it was") {
  const Terminal terminal;
  const auto before = terminal.modes();
  const auto child = run_on(terminal, [] { paint_until_key(environment({})); });
  CHECK(terminal.written("\x1b[?2026l") == std::string(k_enter) + "\x1b[?2026h\x1b[Hshop\x1b[K\x1b[?2026l");
  CHECK(is_raw(terminal.modes()));
  CHECK((terminal.modes().c_lflag & ISIG) != 0U);
  REQUIRE(write(terminal.shown.get(), "q", 1) == 1);
  CHECK(terminal.written(k_leave) == k_leave);
  await_end(child);
  CHECK(terminal.modes().c_lflag == before.c_lflag);
  CHECK(terminal.modes().c_iflag == before.c_iflag);
}

TEST_CASE("Ctrl-Z gives the terminal back until the tool goes on") {
  const Terminal terminal;
  const auto child = run_on(terminal, [] { paint_until_key(environment({})); });
  terminal.written("\x1b[?2026l");
  kill(child, SIGTSTP);
  int status = 0;
  REQUIRE(waitpid(child, &status, WUNTRACED) == child);
  REQUIRE(WIFSTOPPED(status));
  CHECK(terminal.written(k_leave) == k_leave);
  CHECK_FALSE(is_raw(terminal.modes()));
  kill(child, SIGCONT);
  CHECK(terminal.written("\x1b[?2026l").starts_with(k_enter));
  CHECK(is_raw(terminal.modes()));
  REQUIRE(write(terminal.shown.get(), "q", 1) == 1);
  terminal.written(k_leave);
  await_end(child);
}

TEST_CASE("another size clears the screen and paints again") {
  const Terminal terminal;
  const auto child = run_on(terminal, [] { paint_until_key(environment({})); });
  terminal.written("\x1b[?2026l");
  kill(child, SIGWINCH);
  CHECK(terminal.written("\x1b[?2026l") == "\x1b[2J\x1b[?2026h\x1b[Hshop\x1b[K\x1b[?2026l");
  REQUIRE(write(terminal.shown.get(), "q", 1) == 1);
  terminal.written(k_leave);
  await_end(child);
}
