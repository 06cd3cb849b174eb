#include <utility>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "libscale/base/descriptor.hpp"

namespace kscale {
namespace {

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

TEST_CASE("a descriptor is closed with its owner, and only then") {
  int fd = -1;
  {
    Descriptor first(open("/dev/null", O_RDONLY | O_CLOEXEC));
    fd = first.get();
    const Descriptor second(std::move(first));
    CHECK(second.get() == fd);
    CHECK(is_open(fd));
  }
  CHECK_FALSE(is_open(fd));
}

TEST_CASE("a descriptor that failed to open is none") {
  CHECK_FALSE(Descriptor(-1).is_open());
  CHECK_FALSE(Descriptor().is_open());
}

}  // namespace
}  // namespace kscale
