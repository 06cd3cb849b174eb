#include "libscale/store/descriptor.hpp"

#include <utility>

#include <unistd.h>

namespace kscale::store {

Descriptor::Descriptor(Descriptor&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(m_fd, other.m_fd);
  return *this;
}

Descriptor::~Descriptor() {
  if (m_fd >= 0) {
    close(m_fd);
  }
}

}  // namespace kscale::store
