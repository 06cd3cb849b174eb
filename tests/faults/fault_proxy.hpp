#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "libscale/base/result.hpp"
#include "tests/faults/fault.hpp"
#include "tests/sandbox/crew.hpp"
#include "tests/sandbox/loop.hpp"
#include "tests/sandbox/message.hpp"
#include "tests/sandbox/stream.hpp"

namespace kscale::faults {

/// When the client is killed.
enum class Kill {
  before,  ///< the request has left it, and never reaches the peer
  after,   ///< the peer has acted, and the answer never arrives
};

/// What is to happen to which request, counted from 0 over both peers.
struct Plan {
  std::map<int, Fault> faults;
  std::optional<int> kill_at;
  Kill kill = Kill::before;

  bool closes_door() const;
};

/// Stands before Docker (a unix socket) and Kong's Admin API (a port of 127.0.0.1), and lets faults befall the
/// requests.
///
/// Made, used and destroyed on the loop. Docker is asked on threads of the crew, since some of its answers take a
/// while: all of them must have ended before the proxy goes.
class FaultProxy {
 public:
  enum class Peer { docker, kong };

  struct Ends {
    std::string docker_socket;  ///< where clients find Docker
    std::uint16_t kong_port = 0;
    std::function<sandbox::Answer(Peer, const sandbox::Question&)> answer;
    std::function<void()> kill;  ///< the client, at once
    /// Told of each request that the peer has answered, before the client is.
    std::function<void(int index, const sandbox::Question&)> answered;
  };

  FaultProxy(sandbox::Loop& loop, sandbox::Crew& crew, Ends ends);
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;
  ~FaultProxy();

  /// Takes up a plan and counts from 0; connections that were open are closed. `conflict` where a process that is just
  /// being started has still hold of a port that we had: it is to be tried again.
  Status begin(Plan plan);

  /// Method and target of the requests that came, in order, and those among them that had a fault.
  const std::vector<std::string>& requests() const { return m_requests; }
  const std::vector<std::string>& hit() const { return m_hit; }

 private:
  struct Connection;
  using Held = std::shared_ptr<Connection>;

  Status open_doors();
  void close_doors();
  Status open_door(Peer peer);
  void accept(Peer peer);
  void received(const Held& connection);
  void arrived(const Held& connection, sandbox::Message message);
  void ask(const Held& connection, int index, sandbox::Question question);
  void answered(const Held& connection, int index, const sandbox::Question& question, sandbox::Answer answer);
  void send(const Held& connection, const Spoiled& what);
  void drip(const Held& connection, const std::string& bytes);
  void done(const Held& connection);
  void gone(const Held& connection);
  void drop_all();
  void close_doors_before(int index);
  void open_doors_after(sandbox::Loop::Span span);
  bool is_fault_at(int index, const sandbox::Question& question) const;

  sandbox::Loop& m_loop;
  sandbox::Crew& m_crew;
  Ends m_ends;
  Plan m_plan;
  std::map<Peer, sandbox::Descriptor> m_doors;
  std::optional<sandbox::Loop::Timer> m_opening;
  std::unordered_set<Held> m_connections;
  std::vector<std::string> m_requests;
  std::vector<std::string> m_hit;
  unsigned m_round = 0;  ///< of `begin`: answers of an earlier one go nowhere
};

}  // namespace kscale::faults
