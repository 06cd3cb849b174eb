#include "tools/cli/screen.hpp"

#include <cerrno>
#include <clocale>
#include <csignal>
#include <string_view>
#include <utility>

#include <langinfo.h>
#include <locale.h>  // NOLINT(modernize-deprecated-headers,hicpp-deprecated-headers): newlocale is POSIX's
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libscale/base/number.hpp"

namespace kscale::cli {

namespace {

// The other screen, cleared; no cursor; a line that is too long does not go on in the next row.
constexpr std::string_view k_enter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view k_clear = "\x1b[2J";
constexpr std::string_view k_leave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

/// Writes all of it, however slowly the terminal takes it; gives up where it is gone.
void write_all(std::string_view text) {
  while (!text.empty()) {
    const auto written = write(STDOUT_FILENO, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (written < 0 && errno == EAGAIN) {
      pollfd ready{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
      poll(&ready, 1, -1);
    } else if (written == 0 || errno != EINTR) {
      return;
    }
  }
}

int number_or(const std::optional<std::string>& text, int otherwise) {
  constexpr int k_most = 10'000;
  const auto number = text ? number_in<int>(*text) : std::nullopt;
  return number && *number > 0 && *number <= k_most ? *number : otherwise;
}

}  // namespace

bool can_paint(const EnvironmentLookup& environment) {
  const auto terminal = environment("TERM").value_or("");
  return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && !terminal.empty() && terminal != "dumb";
}

Palette palette_for(const EnvironmentLookup& environment) {
  return environment("NO_COLOR").value_or("").empty() ? Palette::colours : Palette::none;
}

monitor::Charset charset_of_locale() {
  auto* const locale = newlocale(LC_CTYPE_MASK, "", nullptr);
  if (locale == nullptr) {
    return monitor::Charset::ascii;
  }
  const bool is_utf8 = std::string_view(nl_langinfo_l(CODESET, locale)) == "UTF-8";
  freelocale(locale);
  return is_utf8 ? monitor::Charset::utf8 : monitor::Charset::ascii;
}

monitor::Size size_of_terminal(int fd, const EnvironmentLookup& environment) {
  constexpr monitor::Size k_usual{.rows = 24, .columns = 80};
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
    return {.rows = size.ws_row, .columns = size.ws_col};
  }
  return {.rows = number_or(environment("LINES"), k_usual.rows),
          .columns = number_or(environment("COLUMNS"), k_usual.columns)};
}

Screen::Screen(EnvironmentLookup environment)
    : m_environment(std::move(environment)), m_palette(palette_for(m_environment)) {
  termios before{};
  if (tcgetattr(STDIN_FILENO, &before) == 0) {
    m_before = before;
  }
  enter();
}

Screen::~Screen() {
  leave();
}

void Screen::enter() {
  if (m_before) {
    auto raw = *m_before;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
    raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    raw.c_cc[VQUIT] = _POSIX_VDISABLE;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  }
  write_all(k_enter);
}

void Screen::leave() {
  write_all(k_leave);
  if (m_before) {
    tcsetattr(STDIN_FILENO, TCSADRAIN, &*m_before);
  }
}

bool Screen::settle() {
  auto change = m_signals.take();
  if (change.suspend) {
    leave();
    raise(SIGSTOP);
    change = m_signals.take();
    change.continued = true;
  }
  if (change.continued) {
    enter();
    return true;
  }
  write_all(change.any ? k_clear : "");
  return change.any;
}

void Screen::paint(const monitor::Frame& frame) {
  write_all(painting_of(frame, m_palette));
}

}  // namespace kscale::cli
