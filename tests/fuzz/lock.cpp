// A lock file: who holds the lock, as somebody else may have written it.

#include "libscale/store/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "libscale/base/descriptor.hpp"
#include "tests/fuzz/file.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using store::Lock;

void look_at_held(const std::filesystem::path& path) {
  const Descriptor other(open(path.c_str(), O_RDWR | O_CLOEXEC));
  require(flock(other.get(), LOCK_EX | LOCK_NB) == 0, "the lock is free");
  const auto holder = Lock::holder(path);
  require(!holder.empty(), "what is locked is held by somebody");
  require_printable(holder, "who holds the lock");
  const auto taken = Lock::take(path, "fuzz");
  require(!taken && taken.error().code == Errc::locked, "a lock is held once");
  require_printable(taken.error().what, "that the lock is held");
}

}  // namespace

void take(std::string_view bytes) {
  const auto path = file("lock", bytes);
  look_at_held(path);
  require(Lock::holder(path).empty(), "what the file says means nothing by itself");
  const auto taken = Lock::take(path, "fuzz");
  require(taken.has_value(), "a free lock can be taken, whatever is in its file");
  require(Lock::holder(path) == fmt::format("fuzz, pid {}", getpid()), "the holder is told in its own words");
}

}  // namespace kscale::fuzz
