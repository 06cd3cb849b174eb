#include "libscale/store/appended_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <optional>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libscale/store/files.hpp"

namespace kscale::store {

namespace {

namespace fs = std::filesystem;

std::string reason() {
  return std::generic_category().message(errno);
}

tl::unexpected<Error> failure(std::string_view what, const fs::path& path) {
  return fail(errno == ENOENT ? Errc::not_found : Errc::failed, "{} '{}': {}", what, path.string(), reason());
}

/// Gives a lock back at the end of the scope.
class Unlocking {
 public:
  explicit Unlocking(const Descriptor& file) : m_file(file) {}
  Unlocking(const Unlocking&) = delete;
  Unlocking& operator=(const Unlocking&) = delete;
  ~Unlocking() { flock(m_file.get(), LOCK_UN); }

 private:
  const Descriptor& m_file;
};

Result<Descriptor> open_own(const fs::path& path) {
  constexpr mode_t k_mode = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
  // O_NONBLOCK, as the opening of a pipe would wait for its other end.
  constexpr int k_flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  Descriptor file(open(path.c_str(), k_flags, k_mode));
  if (!file.is_open() && errno == ELOOP) {
    return fail(Errc::refused, "'{}' is a symlink, which kscale does not follow here", path.string());
  }
  if (!file.is_open()) {
    return failure("open", path);
  }
  if (const auto own = require_own_file(file.get(), path); !own) {
    return tl::unexpected(own.error());
  }
  return file;
}

/// Whether the name still is that of the open file.
bool is_named(const struct stat& opened, const fs::path& path) {
  struct stat named {};
  return lstat(path.c_str(), &named) == 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

/// Where the last whole line ends; nothing where that cannot be read.
std::optional<off_t> end_of_lines(const Descriptor& file, off_t size) {
  constexpr off_t k_part = 4096;
  std::array<char, k_part> part{};
  // The last byte alone first: nearly always that is all.
  for (off_t length = 1; size > 0; length = k_part) {
    const off_t begin = std::max(size - length, off_t{0});
    const auto wanted = static_cast<std::size_t>(size - begin);
    if (pread(file.get(), part.data(), wanted, begin) != static_cast<ssize_t>(wanted)) {
      return std::nullopt;
    }
    const auto at = std::string_view(part.data(), wanted).rfind('\n');
    if (at != std::string_view::npos) {
      return begin + static_cast<off_t>(at) + 1;
    }
    size = begin;
  }
  return 0;
}

/// Writes the text in a process of its own, which ends it also where this one is killed: a kill amid write(2) would
/// leave a part. The lock is the child's as well, so nobody else comes between. Gives 0, or the errno.
int written_apart(const Descriptor& file, std::string_view text) {
  const pid_t child = fork();
  if (child < 0) {
    return write_all(file, text) ? 0 : errno;  // no process is to be had
  }
  if (child == 0) {
    setsid();  // out of reach of what is sent to the group
    _exit(write_all(file, text) ? 0 : errno);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

fs::path numbered(const fs::path& path, int number) {
  return number == 0 ? path : fs::path(fmt::format("{}.{}", path.string(), number));
}

}  // namespace

Result<AppendedFile> AppendedFile::open(fs::path path, Shape shape) {
  AppendedFile file(std::move(path), std::move(shape));
  if (const auto size = file.lock(); !size) {
    return tl::unexpected(size.error());
  }
  flock(file.m_file.get(), LOCK_UN);
  return file;
}

Status AppendedFile::append(std::string_view lines) {
  while (true) {
    const auto size = lock();
    if (!size) {
      return tl::unexpected(size.error());
    }
    const Unlocking at_end(m_file);
    if (*size > 0 && m_shape.max_bytes > 0 && *size + lines.size() > m_shape.max_bytes) {
      if (auto rotated = rotate(); !rotated) {
        return rotated;
      }
      continue;
    }
    errno = written_apart(m_file, (*size == 0 ? m_shape.header : std::string()).append(lines));
    if (errno == 0) {
      return {};
    }
    const auto failed = failure("write", m_path);
    // Where even that fails, the part is cut off before the next line.
    [[maybe_unused]] const int cut = ftruncate(m_file.get(), static_cast<off_t>(*size));
    return failed;
  }
}

/// Makes the file the locked one of that name, ready to be added to. Gives its size.
Result<std::uint64_t> AppendedFile::lock() {
  constexpr int k_tries = 2000;
  constexpr std::chrono::milliseconds k_pause{1};  // short, so that it is not always the others' turn
  for (int n = 0; n < k_tries; ++n) {
    const auto locked = try_lock();
    if (!locked) {
      return tl::unexpected(locked.error());
    }
    if (!*locked) {
      std::this_thread::sleep_for(k_pause);
      continue;
    }
    struct stat found {};
    if (fstat(m_file.get(), &found) == 0 && is_named(found, m_path)) {
      auto size = mended_size(found.st_size);
      if (!size) {
        flock(m_file.get(), LOCK_UN);
      }
      return size;
    }
    m_file = Descriptor();  // renamed or removed: the name is another file's by now, or no one's
  }
  return fail(Errc::busy, "write '{}': another process keeps it locked", m_path.string());
}

Result<bool> AppendedFile::try_lock() {
  if (!m_file.is_open()) {
    auto opened = open_own(m_path);
    if (!opened) {
      return tl::unexpected(opened.error());
    }
    m_file = std::move(*opened);
    m_accepted = false;
  }
  if (flock(m_file.get(), LOCK_EX | LOCK_NB) == 0) {
    return true;
  }
  if (errno == EWOULDBLOCK || errno == EINTR) {
    return false;
  }
  return failure("lock", m_path);
}

Result<std::uint64_t> AppendedFile::mended_size(off_t size) {
  if (const auto accepted = check_beginning(); !accepted) {
    return tl::unexpected(accepted.error());
  }
  const auto end = end_of_lines(m_file, size);
  if (!end || (*end < size && ftruncate(m_file.get(), *end) != 0)) {
    return failure("mend the last line of", m_path);
  }
  return static_cast<std::uint64_t>(*end);
}

Status AppendedFile::check_beginning() {
  std::array<char, k_beginning> part{};
  if (m_accepted) {
    return {};
  }
  const ssize_t count = pread(m_file.get(), part.data(), part.size(), 0);
  if (count < 0) {
    return failure("read", m_path);
  }
  if (count > 0 && m_shape.accepts) {
    if (auto accepted = m_shape.accepts({part.data(), static_cast<std::size_t>(count)}); !accepted) {
      return accepted;
    }
  }
  m_accepted = true;
  return {};
}

/// Takes the name from the file, which is locked, so that the next `lock` begins another.
Status AppendedFile::rotate() const {
  struct stat found {};
  int free = 1;
  while (free < m_shape.keep && lstat(numbered(m_path, free).c_str(), &found) == 0) {
    ++free;
  }
  for (int n = free; n > 0; --n) {
    const auto from = numbered(m_path, n - 1);
    const auto to = numbered(m_path, n);
    if (std::rename(from.c_str(), to.c_str()) != 0) {
      return fail(Errc::failed, "rename '{}' to '{}': {}", from.string(), to.string(), reason());
    }
  }
  return {};
}

}  // namespace kscale::store
