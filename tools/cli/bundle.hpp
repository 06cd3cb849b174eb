#pragma once

#include <initializer_list>

#include "libscale/base/descriptor.hpp"

namespace kscale::cli {

/// Several descriptors as one that is readable while any of them is. It is watched, never read.
class Bundle {
 public:
  /// Those that are negative, or that cannot be waited for, such as plain files, are left out. The others must outlive
  /// the bundle.
  Bundle(std::initializer_list<int> fds);

  int fd() const { return m_epoll.get(); }

 private:
  Descriptor m_epoll;
};

}  // namespace kscale::cli
