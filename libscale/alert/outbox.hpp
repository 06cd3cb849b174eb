#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "libscale/alert/receiver.hpp"
#include "libscale/alert/tracker.hpp"
#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/net/http.hpp"

namespace kscale::alert {

/// So many messages wait for a receiver at most; then the oldest is dropped.
inline constexpr std::size_t k_outbox_size = 100;

/// Messages on their way to the receivers: each is tried again, ever more seldom, while its receiver cannot be reached
/// or is busy, and given up when the receiver refuses it. A slow receiver holds nobody up for longer than `deadline`,
/// and one that fails does not hold up the others.
class Outbox {
 public:
  Outbox(std::vector<Receiver> receivers, std::string deployment, std::chrono::milliseconds deadline);

  /// Takes up what is to be told. `firing` is all that fires after these events: Alertmanager is told of it once a
  /// minute even when nothing changes.
  void put(const std::vector<Event>& events, const std::vector<Alert>& firing, Now now);

  /// Sends what is due, to all receivers at once. Gives what went wrong, each trouble once until it changes; what is
  /// interrupted stays and is sent the next time.
  std::vector<Error> send(net::HttpTransport& http, Now now);

  /// How many messages wait.
  std::size_t waiting() const;

 private:
  struct Lane;  ///< of one receiver
};

}  // namespace kscale::alert
