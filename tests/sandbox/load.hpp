#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"
#include "libscale/net/json.hpp"
#include "tests/sandbox/client.hpp"
#include "tests/sandbox/loop.hpp"
#include "tests/sandbox/shape.hpp"

namespace kscale::sandbox {

/// What a load came to so far.
struct LoadReport {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::map<int, std::uint64_t> by_status;
  std::map<std::string, std::uint64_t> by_backend;  ///< by the `x-backend` of the answers
  std::uint64_t no_connection = 0;                  ///< refused, broken off, or no answer in time
  std::uint64_t in_flight = 0;
  std::uint64_t waiting = 0;  ///< due, but all connections are busy
  std::vector<float> latencies_ms;
  bool running = false;

  /// Without an answer, or answered with 5xx.
  std::uint64_t failed() const;
  /// The latency that this share of the answers did not exceed; nothing without answers.
  std::optional<Milliseconds> latency(double share) const;
};

json::Value json_of(const LoadReport& report);
/// A few lines for people.
std::string text_of(const LoadReport& report);

/// What the requests of a load ask for.
struct LoadPaths {
  std::string path = "/street-noshery/customer";
  std::string slow_path;         ///< asked for by the last of each `slow_every` requests
  std::uint32_t slow_every = 0;  ///< 0: by none
};

/// Sends requests when they are due, whether earlier ones were answered or not, over a bounded number of connections.
/// Latency counts from the moment a request was due. All on the loop.
class Load {
 public:
  Load(Loop& loop, Address to, LoadPaths paths, std::size_t connections);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { stop(); }

  /// Begins a shape; one that still runs ends. What was counted stays.
  void start(LoadShape shape);
  /// Sends no more, and gives up on what is under way.
  void stop();
  LoadReport report() const;
  void reset();

 private:
  void schedule();
  void due(Loop::Time time);
  void send(Loop::Time due_at);
  void finished(Loop::Time due_at, const Result<Message>& outcome);

  Loop& m_loop;
  Address m_to;
  LoadPaths m_paths;
  std::size_t m_connections;
  Client m_client;
  std::optional<Arrivals> m_arrivals;
  Loop::Time m_began{};
  std::optional<Loop::Timer> m_next;
  std::deque<Loop::Time> m_waiting;
  std::size_t m_in_flight = 0;
  LoadReport m_report;
};

}  // namespace kscale::sandbox
