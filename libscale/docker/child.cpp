#include "libscale/docker/child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libscale/base/descriptor.hpp"
#include "libscale/base/printable.hpp"
#include "libscale/base/text.hpp"

namespace kscale::docker {

namespace {

constexpr std::size_t k_max_line = std::size_t{16} * 1024;
constexpr int k_signalled = 128;

using Clock = std::chrono::steady_clock;

/// One stream of a child: the end of the pipe that is ours, and what came through so far.
class Stream {
 public:
  explicit Stream(const Child& child) : m_child(child) {}

  /// Gives the child's end.
  Result<Descriptor> open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
      return fail(Errc::failed, "cannot make a pipe: {}", std::generic_category().message(errno));
    }
    m_pipe = Descriptor(ends[0]);
    return Descriptor(ends[1]);
  }

  int fd() const { return m_pipe.get(); }

  /// Reads what there is.
  void read_some() {
    std::array<char, 16384> piece{};
    const auto count = read(fd(), piece.data(), piece.size());
    if (count > 0) {
      take({piece.data(), static_cast<std::size_t>(count)});
    } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
      m_pipe = Descriptor();  // nobody can write any more
    }
  }

  /// Reads what is left in the pipe. Another that the child has started may hold it open, so no more than a pipe holds.
  void read_rest() {
    constexpr int k_most_pieces = 64;
    pollfd more{.fd = fd(), .events = POLLIN, .revents = 0};
    for (int n = 0; n < k_most_pieces && fd() >= 0 && poll(&more, 1, 0) > 0; ++n) {
      read_some();
    }
    end_line();
    cut();
  }

  std::string text() { return std::move(m_text); }
  bool is_cut() const { return m_is_cut; }

 private:
  void take(std::string_view piece) {
    m_text += piece;
    if (m_text.size() > 2 * m_child.max_output) {
      m_text.erase(0, m_text.size() - m_child.max_output - 1);  // one too many, so that the end is still seen to be cut
    }
    for (const char c : piece) {
      if (c == '\n' || c == '\r') {
        end_line();
      } else if (m_line.size() < k_max_line) {
        m_line += c;
      }
    }
  }

  void end_line() {
    const auto line = std::exchange(m_line, {});
    if (!line.empty() && m_child.on_line) {
      m_child.on_line(line);
    }
  }

  /// Leaves the end, from the beginning of a line on.
  void cut() {
    if (m_text.size() > m_child.max_output) {
      const auto newline = m_text.find('\n', m_text.size() - m_child.max_output - 1);
      m_text.erase(0, newline == std::string::npos ? newline : newline + 1);
      m_is_cut = true;
    }
  }

  const Child& m_child;
  Descriptor m_pipe;
  std::string m_text;
  std::string m_line;
  bool m_is_cut = false;
};

/// A child that was started. Ended with its owner, should it still run.
class Running {
 public:
  // Not pidfd_open(3): glibc 2.36 declares it for C only.
  explicit Running(pid_t pid) : m_pid(pid), m_end(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (m_pid > 0) {
      send(SIGKILL);
      static_cast<void>(reap());
    }
  }

  /// Readable when it has ended.
  int end_fd() const { return m_end.get(); }

  /// To it, and to those that it has started.
  void send(int number) const { kill(-m_pid, number); }

  /// Its exit status. Waits for its end.
  std::optional<int> reap() {
    int status = 0;
    pid_t reaped = 0;
    do {
      reaped = waitpid(m_pid, &status, 0);
    } while (reaped < 0 && errno == EINTR);
    m_pid = 0;
    if (reaped < 0) {
      return std::nullopt;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : k_signalled + WTERMSIG(status);
  }

 private:
  pid_t m_pid;
  Descriptor m_end;
};

/// What posix_spawn(3) is to do besides.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

void check(int error) {
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "posix_spawn");
  }
}

/// The file that a program's name stands for; nothing where there is none.
std::optional<std::string> file_of(const std::string& program, const Variables& variables) {
  if (program.find('/') != std::string::npos) {
    return program;
  }
  const auto path = variables.find("PATH");
  if (program.empty() || path == variables.end()) {
    return std::nullopt;
  }
  std::string_view rest = path->second;
  while (!rest.empty()) {
    const auto folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
    // A folder that is not absolute would be another one for the child than for us.
    const auto file = std::filesystem::path(folder) / program;
    std::error_code ignored;
    if (folder.starts_with('/') && std::filesystem::is_regular_file(file, ignored) && access(file.c_str(), X_OK) == 0) {
      return file.string();
    }
  }
  return std::nullopt;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

/// Starts the program, with its streams at `output` and `errors`. 0, or what errno(3) says.
int start(const Child& child, const std::string& file, int output, int errors, pid_t& pid) {
  SpawnPlan plan;
  check(posix_spawn_file_actions_addopen(&plan.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0));
  check(posix_spawn_file_actions_adddup2(&plan.actions, output, STDOUT_FILENO));
  check(posix_spawn_file_actions_adddup2(&plan.actions, errors, STDERR_FILENO));
  check(posix_spawn_file_actions_addclosefrom_np(&plan.actions, STDERR_FILENO + 1));
  if (!child.folder.empty()) {
    check(posix_spawn_file_actions_addchdir_np(&plan.actions, child.folder.c_str()));
  }
  sigset_t signals;
  sigemptyset(&signals);
  check(posix_spawnattr_setsigmask(&plan.attributes, &signals));
  sigaddset(&signals, SIGPIPE);
  check(posix_spawnattr_setsigdefault(&plan.attributes, &signals));
  check(posix_spawnattr_setpgroup(&plan.attributes, 0));
  check(posix_spawnattr_setflags(&plan.attributes,
                                 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));
  auto arguments = child.arguments;
  std::vector<std::string> variables;
  variables.reserve(child.variables.size());
  for (const auto& [name, value] : child.variables) {
    variables.push_back(fmt::format("{}={}", name, value));
  }
  return posix_spawn(&pid, file.c_str(), &plan.actions, &plan.attributes, pointers_to(arguments).data(),
                     pointers_to(variables).data());
}

int milliseconds_until(Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, std::numeric_limits<int>::max()));
}

/// Waits for the child's end, and brings it about where it must be. Says why it had to.
std::optional<Errc> wait_for(const Running& running, const Child& child, int stop_fd, Stream& output, Stream& errors) {
  std::optional<Errc> cause;
  auto end = Clock::now() + child.deadline;
  const auto tell_to_end = [&](Errc why) {
    cause = why;
    running.send(SIGTERM);
    end = Clock::now() + child.grace;
  };
  while (true) {
    std::array<pollfd, 4> watched{{{.fd = running.end_fd(), .events = POLLIN, .revents = 0},
                                   {.fd = output.fd(), .events = POLLIN, .revents = 0},
                                   {.fd = errors.fd(), .events = POLLIN, .revents = 0},
                                   {.fd = cause ? -1 : stop_fd, .events = POLLIN, .revents = 0}}};
    const auto& [its_end, its_output, its_errors, stop] = watched;
    if (poll(watched.data(), watched.size(), milliseconds_until(end)) < 0 && errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "poll");
    }
    if (its_end.revents != 0) {
      return cause;
    }
    if (its_output.revents != 0) {
      output.read_some();
    }
    if (its_errors.revents != 0) {
      errors.read_some();
    }
    if (stop.revents != 0) {
      tell_to_end(Errc::interrupted);
    } else if (Clock::now() >= end) {
      if (cause) {
        running.send(SIGKILL);
        end = Clock::now() + child.grace;
      } else {
        tell_to_end(Errc::timed_out);
      }
    }
  }
}

bool is_readable(int fd) {
  pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&watched, 1, 0) > 0;
}

}  // namespace

Variables own_variables() {
  Variables variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (const auto equals = text.find('='); equals != std::string_view::npos) {
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return variables;
}

Result<ChildEnd> run(const Child& child, int stop_fd) {
  const auto program = child.arguments.empty() ? std::string() : child.arguments.front();
  const auto shown = printable(program);
  if (is_readable(stop_fd)) {
    return fail(Errc::interrupted, "{}: not started, told to stop", shown);
  }
  const auto file = file_of(program, child.variables);
  if (!file) {
    return fail(Errc::not_found, "{}: no such program in PATH", shown);
  }
  Stream output(child);
  Stream errors(child);
  auto output_end = output.open();
  if (!output_end) {
    return wrap(output_end.error(), "{}", shown);
  }
  auto errors_end = child.has_errors_apart ? errors.open() : Descriptor();
  if (!errors_end) {
    return wrap(errors_end.error(), "{}", shown);
  }
  pid_t pid = 0;
  const auto& its_errors = child.has_errors_apart ? *errors_end : *output_end;
  if (const int error = start(child, *file, output_end->get(), its_errors.get(), pid); error != 0) {
    return fail(error == ENOENT || error == ENOTDIR ? Errc::not_found : Errc::failed, "{}: cannot be started{}: {}",
                shown, child.folder.empty() ? "" : fmt::format(" in {}", printable(child.folder.string())),
                std::generic_category().message(error));
  }
  *output_end = Descriptor();
  *errors_end = Descriptor();
  Running running(pid);
  if (running.end_fd() < 0) {
    return fail(Errc::failed, "{}: cannot be watched: {}", shown, std::generic_category().message(errno));
  }
  const auto cause = wait_for(running, child, stop_fd, output, errors);
  if (cause) {
    running.send(SIGKILL);  // those that it has started and that are still there
  }
  output.read_rest();
  errors.read_rest();
  const auto status = running.reap();
  if (cause == Errc::timed_out) {
    return fail(*cause, "{}: not done in {}", shown, in_seconds(child.deadline));
  }
  if (cause) {
    return fail(*cause, "{}: interrupted", shown);
  }
  if (!status) {
    return fail(Errc::failed, "{}: its exit status is lost: SIGCHLD is ignored", shown);
  }
  return ChildEnd{*status, output.text(), errors.text(), output.is_cut() || errors.is_cut()};
}

}  // namespace kscale::docker
