#include "tests/endurance/state_disk.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libscale/base/descriptor.hpp"

namespace kscale {

namespace {

void require(bool done, std::string_view what) {
  if (!done) {
    throw std::system_error(errno, std::generic_category(), std::string(what));
  }
}

}  // namespace

StateDisk::StateDisk(std::filesystem::path directory) : m_directory(std::move(directory)) {
  require(mkdir(m_directory.c_str(), S_IRWXU) == 0, "make the state directory");
  m_is_real = unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
              mount("tmpfs", m_directory.c_str(), "tmpfs", 0, "size=64m,mode=700") == 0;
}

StateDisk::~StateDisk() {
  while (m_is_real && umount2(m_directory.c_str(), MNT_DETACH) == 0) {
  }
}

void StateDisk::fill() {
  const Descriptor file(open(ballast().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR));
  require(file.is_open(), "make the ballast");
  constexpr std::size_t k_page = 4096;
  const std::array<char, k_page> page{};
  while (write(file.get(), page.data(), page.size()) > 0) {
  }
  require(errno == ENOSPC, "fill the disk");
}

void StateDisk::empty() {
  require(unlink(ballast().c_str()) == 0, "remove the ballast");
}

void StateDisk::make_read_only() {
  // Laid over it, since a disk that has files open for writing cannot itself be made read-only.
  require(mount(m_directory.c_str(), m_directory.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
              mount(nullptr, m_directory.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0,
          "make the state directory read-only");
}

void StateDisk::make_writable() {
  require(umount2(m_directory.c_str(), MNT_DETACH) == 0, "make the state directory writable");
}

}  // namespace kscale
