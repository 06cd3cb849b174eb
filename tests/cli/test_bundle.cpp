#include <catch2/catch.hpp>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libscale/base/descriptor.hpp"
#include "tools/cli/bundle.hpp"

using kscale::Descriptor;
using kscale::cli::Bundle;

namespace {

bool is_readable(int fd) {
  pollfd wake{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&wake, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a bundle is readable as long as any of its descriptors is") {
  const Descriptor first(eventfd(0, EFD_NONBLOCK));
  const Descriptor second(eventfd(0, EFD_NONBLOCK));
  const Bundle bundle{first.get(), -1, second.get()};
  CHECK_FALSE(is_readable(bundle.fd()));
  for (const auto* const one : {&first, &second}) {
    eventfd_write(one->get(), 1);
    CHECK(is_readable(bundle.fd()));
    CHECK(is_readable(bundle.fd()));
    eventfd_t count = 0;
    eventfd_read(one->get(), &count);
    CHECK_FALSE(is_readable(bundle.fd()));
  }
}

TEST_CASE("a bundle of nothing is never readable") {
  CHECK_FALSE(is_readable(Bundle({-1}).fd()));
}
