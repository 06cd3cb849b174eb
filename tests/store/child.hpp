#pragma once

#include <array>
#include <csignal>
#include <filesystem>
#include <functional>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kscale::test {

/// Runs the body, told its number, in so many processes side by side. Gives for
/// each its exit status, or minus the signal that ended it.
inline std::vector<int> in_children(int count, const std::function<int(int number)>& body) {
  std::vector<pid_t> children;
  for (int number = 0; number < count; ++number) {
    const pid_t child = fork();
    if (child == 0) {
      _exit(body(number));
    }
    children.push_back(child);
  }
  std::vector<int> statuses;
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    statuses.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
  }
  return statuses;
}

/// The same in a single process.
inline int in_child(const std::function<int()>& body) {
  return in_children(1, [&](int) { return body(); }).front();
}

/// A process that runs the body and then waits to be killed. The constructor returns when the body has called the
/// function given to it as often as asked.
class Victim {
 public:
  Victim(int calls, const std::function<void(const std::function<void()>& report)>& body) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) {
      return;
    }
    m_pid = fork();
    if (m_pid == 0) {
      body([&] { [[maybe_unused]] const auto sent = write(ends[1], "!", 1); });
      while (true) {
        pause();
      }
    }
    close(ends[1]);
    char told = 0;
    for (int n = 0; n < calls && read(ends[0], &told, 1) == 1; ++n) {
    }
    close(ends[0]);
  }
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;
  ~Victim() { kill(); }

  pid_t pid() const { return m_pid; }

  void kill() {
    if (m_pid > 0) {
      ::kill(m_pid, SIGKILL);
      waitpid(m_pid, nullptr, 0);
      m_pid = 0;
    }
  }

 private:
  pid_t m_pid = 0;
};

/// From here on no file can be longer than this, as if the disk were full. For a child only: it cannot be undone.
inline void fill_disk_after(rlim_t bytes) {
  signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{.rlim_cur = bytes, .rlim_max = bytes};
  setrlimit(RLIMIT_FSIZE, &limit);
}

/// The umask, until the end of the scope.
class Umask {
 public:
  explicit Umask(mode_t mask) : m_before(umask(mask)) {}
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() { umask(m_before); }

 private:
  mode_t m_before;
};

/// The permissions of a file, -1 where there is none.
inline int mode_of(const std::filesystem::path& path) {
  struct stat found {};
  return lstat(path.c_str(), &found) == 0 ? static_cast<int>(found.st_mode & 07777U) : -1;
}

/// Gives the file to another user. False where this user may not do that.
inline bool give_away(const std::filesystem::path& path) {
  return geteuid() == 0 && lchown(path.c_str(), 65534, 65534) == 0;
}

}  // namespace kscale::test
