#include "tools/cli/tool.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tools/cli/terminal_log.hpp"

namespace kscale::cli {

namespace {

void tell(const Usage& usage, const std::string& what) {
  terminal_log(usage.tool, false).say(control::Level::error, "{}", what);
}

/// Where one of the standard streams is closed, what is opened next would take its place, and be written to. Opened for
/// reading, so that what cannot be told still fails.
void hold_closed_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) {
      open("/dev/null", O_RDONLY);
    }
  }
}

Exit begin(const Usage& usage, const char* version, const std::vector<std::string>& arguments,
           const std::function<Exit(const Call&)>& body) {
  const auto line = parse_command_line(usage, arguments);
  if (!line) {
    return usage_error(usage, line.error());
  }
  if (line->has("help")) {
    fmt::print("{}", help_text(usage));
    return flushed(usage, Exit::done);
  }
  if (line->has("version")) {
    fmt::print("{} {}\n", usage.tool, version);
    return flushed(usage, Exit::done);
  }
  auto loaded = control::load_settings(sources_for(*line));
  if (!loaded) {
    tell(usage, loaded.error().what);
    return exit_for_set_up(loaded.error());
  }
  if (line->has("show-config")) {
    fmt::print("{}", control::shown(*loaded));
    return flushed(usage, Exit::done);
  }
  return body({.line = *line, .loaded = std::move(*loaded)});
}

}  // namespace

Exit usage_error(const Usage& usage, const Error& error) {
  tell(usage, fmt::format("{}; see {} --help", error.what, usage.tool));
  return Exit::usage;
}

bool reader_has_left() {
  pollfd out{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

Exit flushed(const Usage& usage, Exit exit) {
  const bool is_written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (is_written || reader_has_left()) {
    return exit;
  }
  tell(usage, "what was found could not be written");
  return exit == Exit::done ? Exit::failed : exit;
}

int run_tool(const Usage& usage, const char* version, int argc, char** argv,
             const std::function<Exit(const Call&)>& body) {
  hold_closed_streams();
  prctl(PR_SET_DUMPABLE, 0);  // keys are in memory: no core of them, nor a look by others of the same user
  try {
    return static_cast<int>(begin(usage, version, {argv + 1, argv + argc}, body));
  } catch (const std::exception& fault) {
    if (std::ferror(stdout) != 0 && reader_has_left()) {
      return static_cast<int>(Exit::done);
    }
    std::fputs((usage.tool + ": error: ").c_str(), stderr);
    std::fputs(fault.what(), stderr);
    std::fputs("\n", stderr);
    return static_cast<int>(Exit::failed);
  }
}

}  // namespace kscale::cli
