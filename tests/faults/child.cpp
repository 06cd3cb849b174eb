#include "tests/faults/child.hpp"

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sandbox/descriptor.hpp"

namespace kscale::faults {

namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
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

}  // namespace

Child::Child(const std::string& program, const std::vector<std::string>& arguments, std::filesystem::path folder)
    : m_folder(std::move(folder)) {
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables{"PATH=/usr/bin:/bin", "HOME=" + m_folder.string()};
  const auto out = (m_folder / "out").string();
  const auto err = (m_folder / "err").string();
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, m_folder.c_str());
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int fault =
      posix_spawn(&m_pid, program.c_str(), &actions, nullptr, pointers_to(words).data(), pointers_to(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (fault != 0) {
    throw std::system_error(fault, std::generic_category(), program);
  }
}

Child::~Child() {
  signal(SIGKILL);
  wait(std::chrono::seconds(5));
}

void Child::signal(int number) {
  const std::lock_guard lock(m_mutex);
  if (m_pid > 0) {
    ::kill(m_pid, number);
  }
}

std::string Child::out_so_far() const {
  return content_of(m_folder / "out");
}

bool Child::is_running() const {
  siginfo_t about{};
  return ::waitid(P_PID, static_cast<id_t>(m_pid), &about, WEXITED | WNOWAIT | WNOHANG) == 0 && about.si_pid == 0;
}

Ended Child::wait(std::chrono::milliseconds longest) {
  Ended ended;
  if (m_pid <= 0) {
    return ended;
  }
  const sandbox::Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, m_pid, 0)));
  pollfd readable{.fd = process.get(), .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, static_cast<int>(longest.count())) == 0) {
    ended.hung = true;
    signal(SIGKILL);
  }
  // Whoever signals it meanwhile still means this process: only the reaping gives its number away.
  siginfo_t about{};
  ::waitid(P_PID, static_cast<id_t>(m_pid), &about, WEXITED | WNOWAIT);
  const std::lock_guard lock(m_mutex);
  int status = 0;
  ::waitpid(std::exchange(m_pid, -1), &status, 0);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ended.out = content_of(m_folder / "out");
  ended.err = content_of(m_folder / "err");
  return ended;
}

}  // namespace kscale::faults
