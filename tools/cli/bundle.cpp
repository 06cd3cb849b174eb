#include "tools/cli/bundle.hpp"

#include <sys/epoll.h>

namespace kscale::cli {

Bundle::Bundle(std::initializer_list<int> fds) : m_epoll(epoll_create1(EPOLL_CLOEXEC)) {
  for (const int fd : fds) {
    epoll_event event{};
    event.events = EPOLLIN;
    epoll_ctl(m_epoll.get(), EPOLL_CTL_ADD, fd, &event);
  }
}

}  // namespace kscale::cli
