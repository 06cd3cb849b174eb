#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/clock.hpp"
#include "tests/sandbox/docker/call.hpp"
#include "tests/sandbox/docker/container.hpp"
#include "tests/sandbox/docker/docker.hpp"
#include "tests/sandbox/docker/images.hpp"
#include "tests/sandbox/docker/networks.hpp"

namespace kscale::sandbox::engine {

/// The containers of a stand-in and what can be done to them. Its owner holds `mutex` at every call; those that take a
/// lock give it back while a process ends.
class Containers {
 public:
  using Lock = std::unique_lock<std::mutex>;

  Containers(Clock& clock, WorkloadFactory workloads, const DockerOptions& options);

  std::mutex& mutex() const { return m_mutex; }
  Images& images() { return m_images; }

  /// The newest first, as Docker lists them.
  const std::vector<std::shared_ptr<Container>>& all() const { return m_containers; }
  /// By name, id or the beginning of an id; null where there is none.
  std::shared_ptr<Container> find(std::string_view name) const;
  const Network* find_network(std::string_view name) const;
  const std::vector<Network>& networks() const { return m_networks; }
  /// What has happened so far, in the shape of `GET /events`.
  const std::vector<json::Value>& events() const { return m_events; }

  Answer create(const ApiCall& call);
  Answer start(Container& container);
  Answer stop(Lock& lock, const std::shared_ptr<Container>& container, const ApiCall& call);
  Answer restart(Lock& lock, const std::shared_ptr<Container>& container, const ApiCall& call);
  Answer kill(Lock& lock, const std::shared_ptr<Container>& container, const ApiCall& call);
  Answer remove(Lock& lock, const std::shared_ptr<Container>& container, const ApiCall& call);
  Answer pause(Container& container);
  Answer unpause(Container& container);
  Answer rename(Container& container, const ApiCall& call);
  Answer update(Container& container, const ApiCall& call);
  Answer connect(const Network& to, const ApiCall& call);

  /// The process dies by itself.
  bool exit(Lock& lock, std::string_view name, int code);
  void kill_all(Lock& lock);

 private:
  /// Why the name cannot be given.
  std::optional<Answer> refuse_name(const std::string& name) const;
  std::string new_id();
  std::optional<Answer> plug_in(Container& container);
  void unplug(Container& container);
  std::optional<Answer> refuse_taken_port(const Container& container) const;
  bool is_taken(const Container& by_other_than, const PublishedPort& port) const;
  Status run(Container& container, Now now);
  Answer failed_start(Container& container, int exit_code, Answer answer);
  void end_process(Lock& lock, const std::shared_ptr<Container>& container, std::chrono::seconds grace,
                   std::optional<int> code = std::nullopt);
  void note(std::string_view action, const Container& container);
  Network* network(std::string_view name);

  Clock& m_clock;
  WorkloadFactory m_workloads;
  Images m_images;
  std::vector<Network> m_networks;
  std::vector<std::shared_ptr<Container>> m_containers;
  std::vector<json::Value> m_events;
  std::uint64_t m_ids = 0;
  std::uint16_t m_next_port = 49'153;
  mutable std::mutex m_mutex;
  std::condition_variable m_ended;
};

}  // namespace kscale::sandbox::engine
