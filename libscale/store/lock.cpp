#include "libscale/store/lock.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libscale/base/number.hpp"
#include "libscale/store/files.hpp"

namespace kscale::store {

namespace {

std::string reason() {
  return std::generic_category().message(errno);
}

/// The holder as it wrote itself into the file: "kscale-auto, pid 123". Empty where it has not come to that yet.
std::string named_in(const Descriptor& file) {
  std::array<char, 200> buffer{};
  const ssize_t count = pread(file.get(), buffer.data(), buffer.size(), 0);
  const std::string_view line(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  const std::size_t space = line.find(' ');
  const std::size_t end = line.find('\n');
  if (space == std::string_view::npos || end == std::string_view::npos || end < space) {
    return {};
  }
  const auto pid = number_in<int>(line.substr(0, space));
  const std::string_view who = line.substr(space + 1, end - space - 1);
  const bool printable = std::all_of(who.begin(), who.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return pid && printable ? fmt::format("{}, pid {}", who, *pid) : std::string();
}

/// Whoever asks for the holder has the lock shared for that moment, so what is held is asked for again.
bool lock_exclusively(const Descriptor& file) {
  constexpr int k_tries = 20;
  constexpr auto k_pause = std::chrono::milliseconds(1);
  for (int tries = 1; flock(file.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK || tries == k_tries) {
      return false;
    }
    std::this_thread::sleep_for(k_pause);
  }
  return true;
}

}  // namespace

Result<Lock> Lock::take(const std::filesystem::path& path, std::string_view who) {
  constexpr mode_t k_mode = S_IRUSR | S_IWUSR;
  constexpr int k_flags = O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | k_flags, k_mode));
  if (!file.is_open()) {
    if (errno == ELOOP) {
      return fail(Errc::refused, "lock '{}': it is a symlink, which kscale does not follow here", path.string());
    }
    const auto why = reason();
    if (errno == EROFS) {
      file = Descriptor(open(path.c_str(), O_RDONLY | k_flags));
    }
    if (!file.is_open()) {
      return fail(Errc::failed, "lock '{}': {}", path.string(), why);
    }
  }
  if (const auto own = require_own_file(file.get(), path); !own) {
    return wrap(own.error(), "lock '{}'", path.string());
  }
  if (!lock_exclusively(file)) {
    if (errno == EWOULDBLOCK) {
      const auto name = named_in(file);
      return fail(Errc::locked, "another kscale{} is acting on this deployment",
                  name.empty() ? "" : fmt::format(" ({})", name));
    }
    return fail(Errc::failed, "lock '{}': {}", path.string(), reason());
  }
  // That the name could not be written, on a full or read-only disk, makes the lock no weaker.
  const std::string text = fmt::format("{} {}\n", getpid(), who);
  [[maybe_unused]] const bool told = fchmod(file.get(), k_mode) == 0 && ftruncate(file.get(), 0) == 0 &&
                                     pwrite(file.get(), text.data(), text.size(), 0) > 0;
  return Lock(std::move(file));
}

std::string Lock::holder(const std::filesystem::path& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.is_open() || flock(file.get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
    return {};
  }
  const auto name = named_in(file);
  return name.empty() ? "somebody" : name;
}

}  // namespace kscale::store
