#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/control/log.hpp"
#include "libscale/control/settings.hpp"
#include "libscale/store/alert_record.hpp"
#include "libscale/store/files.hpp"
#include "libscale/store/history.hpp"
#include "libscale/store/lock.hpp"
#include "libscale/store/sample.hpp"
#include "libscale/store/scaling_event.hpp"
#include "libscale/store/state.hpp"

namespace kscale::control {

/// What a deployment leaves on disk: its state, its history and its locks, all under the state directory. Trouble with
/// these is told and never stops the scaling.
class Records {
 public:
  /// Makes the directory, unless settings ask for a dry run, which only reads. `log` and `clock` must outlive the
  /// records. `tool` is what others are told of who holds a lock.
  static Result<Records> open(const Settings& settings, const EnvironmentLookup& environment, Clock& clock,
                              const Log& log, std::string tool = "kscale-auto");

  /// The state as it is on disk, so that what another kscale did meanwhile counts; after trouble, as it was last known.
  /// Where it was never known, a cooldown begins, since it is not known what was done; a damaged one is set aside, but
  /// not in a dry run.
  store::State load();
  /// A file that is damaged so that it takes no state is set aside, and another begun.
  void save(const store::State& state);

  /// Tells the autoscaler to change nothing, for the span or until it is resumed.
  Status pause(std::optional<std::chrono::seconds> span);
  /// Likewise until it is resumed, as all instances were stopped or removed. Who pauses meanwhile does not undo that.
  Status pause_as_stopped();
  Status resume();

  /// Writes an action to the history and to the log file of the original scripts.
  void record(const store::ScalingEvent& event);
  /// Writes to the history how the deployment was, or what was told of an alert. Nothing with a dry run.
  void record(const store::FleetSample& sample);
  void record(const store::AlertRecord& alert);

  /// Whether these are the records of the same deployment, so that its locks are the same.
  bool is_same_place(const Records& other) const;

  /// The right to act on the deployment now.
  Result<store::Lock> lock_actions() const;
  /// Whether somebody acts on it now: an action has begun, and its lock is held. After one that a crash cut short
  /// nobody holds it.
  bool is_acted_on();
  /// The right to be its autoscaler, held for as long as that runs.
  Result<store::Lock> lock_autoscaler() const;
  /// Who is the autoscaler now, such as "kscale-auto, pid 123"; empty when nobody is.
  std::string autoscaler() const;

  /// The right to be the monitor that writes samples, held for as long as that runs.
  Result<store::Lock> lock_monitor() const;
  /// Who is that monitor now; empty when nobody is.
  std::string monitor() const;
  /// Likewise for the one that tells of alerts, so that nobody who only watches keeps it from that.
  Result<store::Lock> lock_alerts() const;
  std::string alerter() const;

  /// The history, to read in it; null where none was begun yet. It lives as long as the records.
  Result<store::History*> history();
  /// The newest `limit` actions of `since` or later, oldest first.
  Result<std::vector<store::ScalingEvent>> events(WallTime since, std::size_t limit);

 private:
  Records(const Settings& settings, std::filesystem::path directory, Clock& clock, const Log& log, std::string tool);

  /// Opens the history, or begins one, unless it is open.
  Status open_history();
  Status keep(const store::State& state);
  /// Sets the damaged file aside, but not in a dry run, and tells it.
  void set_aside_state(const std::optional<store::FileIdentity>& damaged);
  void tell_notice();
  /// Writes something to the history, and tells of trouble with it.
  void write(const std::function<Status(store::History&)>& what);
  /// Tells of trouble, but not of the same one again and again until it went well.
  void tell(std::string& last, const Status& status);
  std::filesystem::path state_file() const;

  std::filesystem::path history_file() const;
  std::filesystem::path lock_file() const;
  std::filesystem::path monitor_lock_file() const;
  std::filesystem::path alerts_lock_file() const;
  std::filesystem::path autoscaler_lock_file() const;

  std::filesystem::path m_directory;
  std::string m_deployment;
  std::filesystem::path m_log_file;
  store::Retention m_retention;
  bool m_dry_run;
  std::string m_tool;
  Clock* m_clock;
  const Log* m_log;
  std::optional<store::History> m_history;
  store::State m_state;         ///< as last saved or read
  bool m_is_known = false;      ///< whether it was ever either
  store::State m_last_on_disk;  ///< differs from it after a save that failed
  std::string m_load_trouble;
  std::string m_save_trouble;
  std::string m_history_trouble;
  std::string m_log_file_trouble;
};

}  // namespace kscale::control
