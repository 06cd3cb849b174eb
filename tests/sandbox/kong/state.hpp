#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "libscale/base/clock.hpp"
#include "tests/sandbox/kong/balancer.hpp"
#include "tests/sandbox/kong/declarative.hpp"
#include "tests/sandbox/kong/entities.hpp"
#include "tests/sandbox/kong/health.hpp"
#include "tests/sandbox/kong/kong.hpp"
#include "tests/sandbox/kong/metrics.hpp"
#include "tests/sandbox/kong/node.hpp"

namespace kscale::sandbox {

inline constexpr std::string_view k_no_configuration = "00000000000000000000000000000000";

/// Everything the stand-in knows. Whoever calls a function here holds the mutex.
struct KongState {
  KongState(KongOptions given, Clock& lent);

  /// What the Admin API changed goes on its way to the proxy, where it arrives after the propagation delay.
  void publish();
  /// The same, but it arrives at once.
  void publish_at_once();
  /// The entities as the proxy knows them now.
  const Entities& proxy_view();

  ConfigReading reading();
  Measured measured() const;
  Gauges gauges();
  Node node() const;

  KongOptions options;
  Clock& clock;
  std::mutex mutex;
  std::mt19937_64 random;
  std::string node_id;
  Entities entities;  ///< as the Admin API knows them
  std::string configuration_hash{k_no_configuration};
  std::optional<std::string> declarative_file;
  Unhealthy unhealthy;
  std::map<std::string, Turns> turns;  ///< by the id of the upstream
  Counters counters;
  std::uint64_t requests = 0;
  bool database_reachable = true;
  bool loading = false;

 private:
  struct View {
    Instant from;
    std::shared_ptr<const Entities> entities;
  };

  void publish_from(Instant from);

  std::deque<View> m_views;  ///< oldest first, never empty
};

/// The hash of a configuration, as GET /status shows it.
std::string hash_of(std::string_view text);

}  // namespace kscale::sandbox
