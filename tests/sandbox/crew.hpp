#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace kscale::sandbox {

/// Does what may take a while, each on a thread of its own, so that one call never waits for another.
class Crew {
 public:
  Crew() = default;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew() { wait_for_all(); }

  void run(std::function<void()> work);
  /// Nothing is to be given while this waits.
  void wait_for_all();

 private:
  struct Worker {
    std::atomic<bool> done{false};
    std::thread thread;
  };

  std::mutex m_mutex;
  std::list<Worker> m_workers;
};

}  // namespace kscale::sandbox
