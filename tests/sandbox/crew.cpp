#include "tests/sandbox/crew.hpp"

#include <utility>

namespace kscale::sandbox {

void Crew::run(std::function<void()> work) {
  const std::lock_guard lock(m_mutex);
  for (auto worker = m_workers.begin(); worker != m_workers.end();) {
    if (worker->done) {
      worker->thread.join();
      worker = m_workers.erase(worker);
    } else {
      ++worker;
    }
  }
  auto& worker = m_workers.emplace_back();
  worker.thread = std::thread([&worker, work = std::move(work)] {
    work();
    worker.done = true;
  });
}

void Crew::wait_for_all() {
  const std::lock_guard lock(m_mutex);
  for (auto& worker : m_workers) {
    worker.thread.join();
  }
  m_workers.clear();
}

}  // namespace kscale::sandbox
