#include "libscale/store/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kscale::store {

namespace {

namespace fs = std::filesystem;

constexpr mode_t k_permissions = 07777;

/// The error of the last system call, as words.
std::string reason() {
  return std::generic_category().message(errno);
}

Errc code() {
  return errno == ENOENT ? Errc::not_found : Errc::failed;
}

Status require_ours(const struct stat& found, const fs::path& path) {
  if (S_ISLNK(found.st_mode)) {
    return fail(Errc::refused, "'{}' is a symlink, which kscale does not follow here", path.string());
  }
  if (found.st_uid != geteuid()) {
    return fail(Errc::refused, "'{}' belongs to user {}, and this is user {}", path.string(), found.st_uid, geteuid());
  }
  return {};
}

Status require_own_regular(const struct stat& found, const fs::path& path) {
  if (auto ours = require_ours(found, path); !ours) {
    return ours;
  }
  if (!S_ISREG(found.st_mode)) {
    return fail(Errc::refused, "'{}' is no regular file", path.string());
  }
  return {};
}

Status require_private_directory(const struct stat& found, const fs::path& path) {
  if (auto ours = require_ours(found, path); !ours) {
    return ours;
  }
  if (!S_ISDIR(found.st_mode)) {
    return fail(Errc::conflict, "'{}' is no directory", path.string());
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(Errc::refused, "others may write to '{0}'; take that from them with: chmod go-w '{0}'", path.string());
  }
  return {};
}

/// Makes one directory, and gives it the mode that the umask may have cut. Whether it was there already is no matter.
Status make_one(const fs::path& path) {
  if (mkdir(path.c_str(), S_IRWXU) != 0) {
    if (errno == EEXIST) {
      return {};
    }
    return fail(code(), "make directory '{}': {}", path.string(), reason());
  }
  // By descriptor, as someone may have put a symlink in its place; by O_PATH, as the umask may leave no right to read.
  const Descriptor made(open(path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made.is_open() || chmod(fmt::format("/proc/self/fd/{}", made.get()).c_str(), S_IRWXU) != 0) {
    return fail(Errc::failed, "set the mode of directory '{}': {}", path.string(), reason());
  }
  return {};
}

/// Makes a directory and those above it, unless they are there.
Status make_missing(const fs::path& path) {
  struct stat found {};
  if (path.empty() || stat(path.c_str(), &found) == 0) {
    return {};
  }
  if (errno != ENOENT) {
    return fail(Errc::failed, "make directory '{}': {}", path.string(), reason());
  }
  if (auto above = make_missing(path.parent_path()); !above) {
    return above;
  }
  return make_one(path);
}

/// Reads on until `max_bytes` are there or the file ends.
Result<std::string> read_from(const Descriptor& file, const fs::path& path, std::size_t max_bytes) {
  std::string text;
  std::array<char, 16384> part{};
  while (text.size() < max_bytes) {
    const ssize_t count = read(file.get(), part.data(), std::min(part.size(), max_bytes - text.size()));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail(Errc::failed, "read '{}': {}", path.string(), reason());
    }
    if (count == 0) {
      break;
    }
    text.append(part.data(), static_cast<std::size_t>(count));
  }
  return text;
}

struct Opened {
  Descriptor file;
  off_t size;
};

Result<Opened> open_regular(const fs::path& path, int flags) {
  // O_NONBLOCK, as the opening of a pipe would wait for its other end.
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags));
  if (!file.is_open() && errno == ELOOP && (flags & O_NOFOLLOW) != 0) {
    return fail(Errc::refused, "'{}' is a symlink, which kscale does not follow here", path.string());
  }
  struct stat found {};
  if (!file.is_open() || fstat(file.get(), &found) != 0) {
    return fail(code(), "read '{}': {}", path.string(), reason());
  }
  if (!S_ISREG(found.st_mode)) {
    return fail(Errc::refused, "'{}' is no regular file", path.string());
  }
  return Opened{std::move(file), found.st_size};
}

/// A file that is removed again unless it was given its final name.
class Temporary {
 public:
  explicit Temporary(const fs::path& next_to)
      : m_name((next_to.parent_path() / ("." + next_to.filename().string() + ".XXXXXX")).string()),
        m_file(mkostemp(m_name.data(), O_CLOEXEC)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (m_file.is_open() && !m_renamed) {
      unlink(m_name.c_str());
    }
  }

  const Descriptor& file() const { return m_file; }

  bool rename_to(const fs::path& path) {
    m_renamed = std::rename(m_name.c_str(), path.c_str()) == 0;
    return m_renamed;
  }

 private:
  std::string m_name;
  Descriptor m_file;
  bool m_renamed = false;
};

/// Makes the names in a directory outlast a power cut.
bool sync_directory(const fs::path& path) {
  const Descriptor directory(open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // EINVAL: the file system knows no such thing, and so has nothing to lose.
  return directory.is_open() && (fsync(directory.get()) == 0 || errno == EINVAL);
}

/// What SQLite keeps beside a database. These belong to it and go before it: left behind, they would be taken for the
/// journal of the next database of that name.
constexpr std::array<const char*, 3> k_companions = {"-wal", "-shm", "-journal"};

Result<fs::path> rename_aside(const fs::path& path, WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::string base = fmt::format("{}.damaged-{}", path.string(), seconds);
  std::string name = base;
  struct stat taken {};
  for (int n = 2; lstat(name.c_str(), &taken) == 0; ++n) {
    name = fmt::format("{}-{}", base, n);
  }
  for (const char* companion : k_companions) {
    if (std::rename((path.string() + companion).c_str(), (name + companion).c_str()) != 0 && errno != ENOENT) {
      return fail(Errc::failed, "rename '{}{}' to '{}{}': {}", path.string(), companion, name, companion, reason());
    }
  }
  if (std::rename(path.c_str(), name.c_str()) != 0) {
    return fail(code(), "rename '{}' to '{}': {}", path.string(), name, reason());
  }
  return fs::path(name);
}

}  // namespace

Status make_private_directory(const fs::path& path) {
  // "name/" would be followed where it is a symlink.
  const fs::path directory = path.has_filename() ? path : path.parent_path();
  if (directory.empty()) {
    return fail(Errc::invalid, "make directory: its name is empty");
  }
  struct stat found {};
  if (lstat(directory.c_str(), &found) != 0) {
    if (errno != ENOENT) {
      return fail(Errc::failed, "make directory '{}': {}", directory.string(), reason());
    }
    if (auto above = make_missing(directory.parent_path()); !above) {
      return above;
    }
    if (auto made = make_one(directory); !made) {
      return made;
    }
    if (lstat(directory.c_str(), &found) != 0) {
      return fail(code(), "make directory '{}': {}", directory.string(), reason());
    }
  }
  return require_private_directory(found, directory);
}

Result<std::string> read_file(const fs::path& path, std::size_t max_bytes) {
  const auto opened = open_regular(path, 0);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  auto content = read_from(opened->file, path, max_bytes + 1);
  if (content && content->size() > max_bytes) {
    return fail(Errc::invalid, "read '{}': it holds more than {} bytes", path.string(), max_bytes);
  }
  return content;
}

Result<std::string> read_tail(const fs::path& path, std::size_t max_bytes) {
  const auto opened = open_regular(path, O_NOFOLLOW);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  const auto most = static_cast<off_t>(max_bytes);
  if (opened->size > most && lseek(opened->file.get(), opened->size - most, SEEK_SET) < 0) {
    return fail(Errc::failed, "read '{}': {}", path.string(), reason());
  }
  return read_from(opened->file, path, max_bytes);
}

Status write_atomically(const fs::path& path, std::string_view text, mode_t mode) {
  if (auto own = require_own_file(path); !own && own.error().code != Errc::not_found) {
    return wrap(own.error(), "write '{}'", path.string());
  }
  Temporary temporary(path);
  const Descriptor& file = temporary.file();
  if (!file.is_open() || !write_all(file, text) || fchmod(file.get(), mode & k_permissions) != 0 ||
      fsync(file.get()) != 0 || !temporary.rename_to(path)) {
    return fail(code(), "write '{}': {}", path.string(), reason());
  }
  if (!sync_directory(path.parent_path())) {
    return fail(Errc::failed, "write '{}': it is there, but may be lost with the power: {}", path.string(), reason());
  }
  return {};
}

Status require_own_file(const fs::path& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    return fail(code(), "look at '{}': {}", path.string(), reason());
  }
  return require_own_regular(found, path);
}

Status require_own_file(int fd, const fs::path& path) {
  struct stat found {};
  if (fstat(fd, &found) != 0) {
    return fail(Errc::failed, "look at '{}': {}", path.string(), reason());
  }
  return require_own_regular(found, path);
}

std::optional<FileIdentity> identity_of(const fs::path& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    return std::nullopt;
  }
  return FileIdentity{.device = found.st_dev, .inode = found.st_ino};
}

Result<std::optional<fs::path>> set_aside(const fs::path& path, const FileIdentity& damaged, WallTime now) {
  const auto turn = take_turn(path);
  if (identity_of(path) != damaged) {
    return std::nullopt;
  }
  auto aside = rename_aside(path, now);
  if (!aside) {
    return tl::unexpected(aside.error());
  }
  return std::move(*aside);
}

void remove_left_behind(const fs::path& path) {
  for (const char* companion : k_companions) {
    unlink((path.string() + companion).c_str());
  }
}

Descriptor take_turn(const fs::path& path) {
  constexpr int k_attempts = 200;
  const fs::path directory = path.parent_path();
  Descriptor turn(open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int n = 0; n < k_attempts && flock(turn.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; ++n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return turn;
}

fs::path default_state_directory(const EnvironmentLookup& environment, uid_t uid) {
  const auto absolute = [&](const std::string& name) {
    const std::string value = environment(name).value_or("");
    fs::path path = value.substr(0, name == "STATE_DIRECTORY" ? value.find(':') : std::string::npos);
    return path.is_absolute() ? path : fs::path();
  };
  if (fs::path given = absolute("STATE_DIRECTORY"); !given.empty()) {
    return given;
  }
  if (uid == 0) {
    return "/var/lib/kscale";
  }
  if (const fs::path state_home = absolute("XDG_STATE_HOME"); !state_home.empty()) {
    return state_home / "kscale";
  }
  const fs::path home = absolute("HOME");
  return home.empty() ? fs::path() : home / ".local/state/kscale";
}

}  // namespace kscale::store
