#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libscale/alert/outbox.hpp"
#include "libscale/alert/tracker.hpp"
#include "libscale/base/result.hpp"
#include "libscale/control/log.hpp"
#include "libscale/control/records.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/fleet/deployment.hpp"
#include "libscale/monitor/snapshot.hpp"
#include "libscale/operate/lookout.hpp"

namespace kscale::monitor {

/// What a watch does besides looking.
struct Duties {
  bool records = false;       ///< writes samples to the history; one process does so at a time
  bool keeps_alerts = false;  ///< writes alerts to it; one process does so at a time
  bool tells = false;         ///< logs each alert and sends it to the receivers; only with `keeps_alerts`
  bool at_once = false;       ///< an alert fires as soon as something is wrong, as for a single look

  friend bool operator==(const Duties&, const Duties&) = default;
};

/// The receivers that are set.
std::vector<alert::Receiver> receivers_of(const control::Alerting& alerting);

/// The monitor's one turn: look, judge, remember, tell.
class Watch {
 public:
  /// All that is lent must outlive the watch.
  Watch(const control::Settings& settings, const fleet::World& world, control::Records& records,
        const control::Log& log, const Duties& duties);

  /// Does this besides from now on. When it is to keep the alerts they begin anew, with those that the history tells to
  /// be firing.
  void take_up(const Duties& duties);

  /// One look and what follows from it. Fails only with `interrupted`: then nothing was judged or recorded.
  Result<Snapshot> look();

 private:
  void resume();
  void tell(const std::vector<alert::Event>& events);
  void send(const std::vector<alert::Event>& events);
  void keep(const std::vector<alert::Event>& events);
  void settle(Now now);
  void see_events(Snapshot& snapshot);

  const control::Settings& m_settings;
  fleet::World m_world;
  control::Records& m_records;
  const control::Log& m_log;
  Duties m_duties;
  operate::Lookout m_lookout;
  alert::Tracker m_tracker;
  alert::Outbox m_outbox;
  std::vector<alert::Event> m_on_the_way;  ///< told, and not delivered to all yet
};

}  // namespace kscale::monitor
