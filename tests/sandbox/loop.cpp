#include "tests/sandbox/loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <future>
#include <optional>
#include <system_error>

#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace kscale::sandbox {

namespace {

/// The generation tells a descriptor from an earlier one of the same number, whose events may still be in the batch.
std::uint64_t tag(int fd, std::uint32_t generation) {
  return (std::uint64_t{generation} << 32U) | static_cast<std::uint32_t>(fd);
}

int checked(int result, const char* what) {
  if (result < 0) {
    throw std::system_error(errno, std::generic_category(), what);
  }
  return result;
}

}  // namespace

Loop::Loop()
    : m_epoll(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      m_wake(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
  watch(m_wake.get(), EPOLLIN, [this](std::uint32_t) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(m_wake.get(), &count, sizeof count);
    do_posted();
  });
}

Loop::~Loop() = default;

void Loop::post(Task task) {
  {
    const std::lock_guard lock(m_mutex);
    m_posted.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto put = ::write(m_wake.get(), &one, sizeof one);
}

void Loop::do_and_wait(const Task& task) {
  std::promise<void> done;
  post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void Loop::stop() {
  post([this] { m_stopping = true; });
}

Loop::Timer Loop::at(Time time, Task task) {
  const Timer timer{time, ++m_last_timer};
  m_timers.emplace(timer, std::move(task));
  return timer;
}

void Loop::watch(int fd, std::uint32_t events, Ready ready) {
  const auto generation = ++m_generation;
  m_watched[fd] = std::make_shared<Watched>(Watched{generation, std::move(ready)});
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag(fd, generation);
  checked(::epoll_ctl(m_epoll.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void Loop::watch_for(int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag(fd, m_watched.at(fd)->generation);
  checked(::epoll_ctl(m_epoll.get(), EPOLL_CTL_MOD, fd, &event), "epoll_ctl");
}

void Loop::forget(int fd) {
  if (m_watched.erase(fd) > 0) {
    ::epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
}

void Loop::do_posted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(m_mutex);
    tasks.swap(m_posted);
  }
  for (const auto& task : tasks) {
    task();
  }
}

void Loop::do_due() {
  const auto due = now();
  while (!m_timers.empty() && m_timers.begin()->first.first <= due) {
    auto first = m_timers.extract(m_timers.begin());
    first.mapped()();
  }
}

void Loop::run() {
  std::array<epoll_event, 256> events{};
  while (!m_stopping) {
    std::optional<timespec> timeout;
    if (!m_timers.empty()) {
      const auto left = std::max(Span(0), Span(m_timers.begin()->first.first - now()));
      timeout = timespec{.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
    }
    const int count = ::epoll_pwait2(m_epoll.get(), events.data(), static_cast<int>(events.size()),
                                     timeout ? &*timeout : nullptr, nullptr);
    if (count < 0 && errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "epoll_pwait2");
    }
    for (int i = 0; i < count; ++i) {
      const auto& event = events.at(static_cast<std::size_t>(i));
      const auto found = m_watched.find(static_cast<int>(event.data.u64 & 0xFFFFFFFFU));
      if (found != m_watched.end() && found->second->generation == event.data.u64 >> 32U) {
        const auto watched = found->second;  // Its handler may forget itself.
        watched->ready(event.events);
      }
    }
    do_due();
  }
}

}  // namespace kscale::sandbox
