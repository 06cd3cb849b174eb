#include "tests/sandbox/docker/model.hpp"

#include <chrono>
#include <cstdint>
#include <utility>

namespace kscale::sandbox {

namespace {

class ModelWorkload final : public Workload {
 public:
  explicit ModelWorkload(std::shared_ptr<ModelBehaviour> behaviour) : m_behaviour(std::move(behaviour)) {}

  Status start(const ContainerSpec& /*spec*/, Now now) override {
    m_last = now.instant;
    return m_behaviour->start;
  }

  int stop(std::chrono::seconds /*grace*/) override { return m_behaviour->exit_code_of_stop; }

  WorkloadUsage usage(Now now) override {
    const std::chrono::duration<double> span = m_frozen ? std::chrono::nanoseconds(0) : now.instant - m_last;
    m_last = now.instant;
    m_usage.cpu += std::chrono::duration_cast<std::chrono::nanoseconds>(span * m_behaviour->cpu.value);
    m_usage.memory = m_behaviour->memory;
    m_usage.received.value += static_cast<std::uint64_t>(span.count() * m_behaviour->received.value);
    m_usage.sent.value += static_cast<std::uint64_t>(span.count() * m_behaviour->sent.value);
    return m_usage;
  }

  void freeze() override { m_frozen = true; }
  void thaw() override { m_frozen = false; }
  std::string health() override { return m_behaviour->health; }
  std::string log() override { return m_behaviour->log; }

 private:
  std::shared_ptr<ModelBehaviour> m_behaviour;
  Instant m_last{};
  WorkloadUsage m_usage;
  bool m_frozen = false;
};

}  // namespace

WorkloadFactory model_workloads(std::shared_ptr<ModelBehaviour> behaviour) {
  return
      [behaviour = std::move(behaviour)](const ContainerSpec&) { return std::make_unique<ModelWorkload>(behaviour); };
}

}  // namespace kscale::sandbox
