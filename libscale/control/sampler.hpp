#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/control/readings.hpp"
#include "libscale/control/sample.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/docker/engine.hpp"
#include "libscale/fleet/instance.hpp"
#include "libscale/kong/admin.hpp"
#include "libscale/net/http.hpp"

namespace kscale::control {

/// What the machine says of itself.
struct HostFigures {
  std::optional<metrics::HostCpuReading> cpu;
  std::optional<Percent> memory;
  std::optional<Percent> disk;
};

/// Reads /proc and the root file system.
HostFigures read_host();

/// Looks at Docker, Kong and the host, all at once, and makes figures of what changed since the last look.
class Sampler {
 public:
  /// The span between the two looks that a first check takes. Kong's counters lag a second behind.
  static constexpr std::chrono::seconds k_first_span{2};

  /// All that is lent must outlive the sampler.
  Sampler(docker::Engine& engine, kong::Admin& kong, net::HttpTransport& http, Clock& clock, const Settings& settings);

  /// The readings of an earlier process, to go on from.
  void resume(Readings readings) { m_last = std::move(readings); }
  /// Those of the last look, for a later process.
  const std::optional<Readings>& last() const { return m_last; }

  /// Whether Kong is asked: one that is known not to answer is left alone, and then says nothing.
  enum class AskKong { yes, no };

  /// One look. Where there is no usable earlier one, two with a short span between. Fails only with `interrupted`: what
  /// cannot be read is absent and named in `problems`.
  Result<Sample> take(const std::vector<fleet::Instance>& running, AskKong ask_kong = AskKong::yes);

 private:
  struct Look {
    Readings readings;
    std::vector<std::string> problems;
  };

  Result<Look> look(const std::vector<fleet::Instance>& running, AskKong ask_kong);
  void read_kong(const Result<net::Response>& status, const Result<net::Response>& metrics, Look& seen);
  /// A service that Kong does not know counts nothing, as if it were idle. Asked while none of its counters were seen.
  Status known_service(const Readings& readings);
  bool can_go_on_from_last(const std::vector<fleet::Instance>& running, Instant now) const;
  Result<Milliseconds> timed_request();

  docker::Engine& m_engine;
  kong::Admin& m_kong;
  net::HttpTransport& m_http;
  Clock& m_clock;
  const Settings& m_settings;
  std::optional<Bytes> m_host_memory;
  bool m_asked_host_memory = false;
  bool m_knows_service = false;
  std::optional<Readings> m_last;
};

}  // namespace kscale::control
