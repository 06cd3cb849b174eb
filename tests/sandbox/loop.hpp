#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/sandbox/descriptor.hpp"

namespace kscale::sandbox {

/// One thread that waits for sockets and times, and does everything that is to be done about them: all servers, the
/// proxy and the load run on it, so that the sandbox costs little of the machine it measures.
/// Only `post`, `do_and_wait` and `stop` may be called from other threads.
class Loop {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Span = std::chrono::nanoseconds;
  using Task = std::function<void()>;
  using Ready = std::function<void(std::uint32_t events)>;
  using Timer = std::pair<Time, std::uint64_t>;

  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// Does what comes until `stop`.
  void run();
  void stop();
  void post(Task task);
  /// Not from the loop's own thread, and only while it runs.
  void do_and_wait(const Task& task);

  static Time now() { return std::chrono::steady_clock::now(); }
  Timer at(Time time, Task task);
  Timer after(Span span, Task task) { return at(now() + span, std::move(task)); }
  void cancel(Timer timer) { m_timers.erase(timer); }

  /// Calls `ready` whenever one of the epoll events comes. The descriptor stays the caller's, who forgets it here
  /// before closing it.
  void watch(int fd, std::uint32_t events, Ready ready);
  void watch_for(int fd, std::uint32_t events);
  void forget(int fd);

 private:
  struct Watched {
    std::uint32_t generation;
    Ready ready;
  };

  void do_posted();
  void do_due();

  Descriptor m_epoll;
  Descriptor m_wake;
  std::uint32_t m_generation = 0;
  std::uint64_t m_last_timer = 0;
  std::unordered_map<int, std::shared_ptr<Watched>> m_watched;
  std::map<Timer, Task> m_timers;
  bool m_stopping = false;
  std::mutex m_mutex;  ///< of what was posted
  std::vector<Task> m_posted;
};

}  // namespace kscale::sandbox
