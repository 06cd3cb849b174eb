#pragma once

#include <chrono>
#include <cstddef>
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

/// Messages on their way to the receivers: each is tried again, ever more seldom (after 5 s, doubling, up to 5 min, and
/// not before the receiver says), while its receiver cannot be reached or is busy, and given up when the receiver
/// refuses it. Each receiver gets its messages in their order, one after the other.
///
/// Alertmanager has no queue: it gets all that fires, and what has ended since it last took something, at once when
/// that changes and else every minute, or as often as `put` and `send` are called where that is less. What fires is
/// valid for three times as long, so that two calls may fail.
class Outbox {
 public:
  /// `interval` is how often `put` and `send` are called; `deadline` is how long one `send` takes at most.
  Outbox(const std::vector<Receiver>& receivers, const std::string& deployment, std::chrono::seconds interval,
         std::chrono::milliseconds deadline = std::chrono::seconds{5});
  Outbox(Outbox&& other) noexcept;
  Outbox& operator=(Outbox&& other) noexcept;
  ~Outbox();

  /// Takes up what is to be told. `alerts` is all that is wrong after these events, whether it fires or not yet.
  void put(const std::vector<Event>& events, const std::vector<Alert>& alerts, Now now);

  /// Sends what is due, to all receivers at once, so that none waits for another's answer for longer than the deadline.
  /// Gives what went wrong, each trouble of a receiver once until it changes or something was delivered; no error holds
  /// anything of a URL but its origin. What is interrupted stays, is no trouble, and is sent the next time.
  std::vector<Error> send(net::HttpTransport& http, Now now);

  /// How many messages wait.
  std::size_t waiting() const;

 private:
  struct Lane;  ///< to one receiver

  std::chrono::milliseconds m_deadline;
  std::vector<Lane> m_lanes;
};

}  // namespace kscale::alert
