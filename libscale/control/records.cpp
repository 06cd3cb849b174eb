#include "libscale/control/records.hpp"

#include <system_error>
#include <utility>

#include <unistd.h>

#include "libscale/store/files.hpp"
#include "libscale/store/scaling_log.hpp"
#include "libscale/store/state_file.hpp"

namespace kscale::control {

namespace {

void take_later(std::optional<store::Stamp>& stamp, const std::optional<store::Stamp>& other) {
  if (other && (!stamp || stamp->wall < other->wall)) {
    stamp = other;
  }
}

/// What another kscale wrote, with the cooldowns and the journal of ours, which never got to the disk.
store::State with_newer(store::State theirs, const store::State& ours) {
  take_later(theirs.last_up, ours.last_up);
  take_later(theirs.last_down, ours.last_down);
  if (!theirs.acting && ours.acting) {
    theirs.acting = ours.acting;
    theirs.restarting = ours.restarting;
  }
  return theirs;
}

}  // namespace

Records::Records(const Settings& settings, std::filesystem::path directory, Clock& clock, const Log& log,
                 std::string tool)
    : m_directory(std::move(directory)),
      m_deployment(settings.deployment.prefix),
      m_log_file(settings.history_log),
      m_retention(settings.retention),
      m_dry_run(settings.dry_run),
      m_tool(std::move(tool)),
      m_clock(&clock),
      m_log(&log) {}

Result<Records> Records::open(const Settings& settings, const EnvironmentLookup& environment, Clock& clock,
                              const Log& log, std::string tool) {
  auto directory = settings.state_dir.empty() ? store::default_state_directory(environment, geteuid())
                                              : std::filesystem::path(settings.state_dir);
  if (directory.empty()) {
    return fail(Errc::invalid, "no state directory is known: set state-dir");
  }
  if (!settings.dry_run) {
    if (auto made = store::make_private_directory(directory); !made) {
      return wrap(made.error(), "state-dir");
    }
  }
  Records records(settings, std::move(directory), clock, log, std::move(tool));
  if (!settings.dry_run) {
    records.tell(records.m_history_trouble, records.open_history());
  }
  return records;
}

Status Records::open_history() {
  if (m_history) {
    return {};
  }
  auto history = store::History::open(history_file(), m_clock->now().wall, m_retention);
  if (!history) {
    return tl::unexpected(history.error());
  }
  m_history.emplace(std::move(*history));
  tell_notice();
  return {};
}

void Records::tell_notice() {
  if (const auto notice = m_history->take_notice()) {
    m_log->say(Level::warning, "{}", *notice);
  }
}

void Records::tell(std::string& last, const Status& status) {
  const auto trouble = status ? std::string() : status.error().what;
  if (std::exchange(last, trouble) != trouble && !trouble.empty()) {
    m_log->say(Level::warning, "{}{}", trouble, m_tool == "kscale-auto" ? "; scaling goes on" : "");
  }
}

std::filesystem::path Records::state_file() const {
  return m_directory / (m_deployment + ".state");
}

store::State Records::load() {
  const auto file = store::identity_of(state_file());
  auto loaded = store::load_state(state_file());
  if (loaded) {
    // After a save that failed, what the disk has is older than what we know, unless another kscale wrote it since.
    if (*loaded != m_last_on_disk) {
      m_state = m_state == m_last_on_disk ? *loaded : with_newer(*loaded, m_state);
    }
    m_last_on_disk = std::move(*loaded);
    m_is_known = true;
    m_load_trouble.clear();
    return m_state;
  }
  tell(m_load_trouble, tl::unexpected(loaded.error()));
  if (loaded.error().code == Errc::invalid) {
    set_aside_state(file);
  }
  if (!std::exchange(m_is_known, true) && !m_state.last_up) {
    const auto now = m_clock->now();
    m_state.last_up = store::stamp_of(now, store::boot_id());
  }
  return m_state;
}

void Records::set_aside_state(const std::optional<store::FileIdentity>& damaged) {
  if (m_dry_run || !damaged) {
    return;
  }
  const auto aside = store::set_aside(state_file(), *damaged, m_clock->now().wall);
  if (aside && *aside) {
    m_log->say(Level::warning, "the damaged state was kept as {}", (*aside)->string());
    m_last_on_disk = {};
  }
}

void Records::save(const store::State& state) {
  tell(m_save_trouble, keep(state));
}

/// The state as it is from now on, on disk as well where that can be written.
Status Records::keep(const store::State& state) {
  m_state = state;
  m_is_known = true;
  const auto file = store::identity_of(state_file());
  auto saved = store::save_state(state_file(), state);
  if (!saved && saved.error().code == Errc::invalid) {  // it can be read, but no state can be put into it
    set_aside_state(file);
    saved = store::save_state(state_file(), state);
  }
  if (saved) {
    m_last_on_disk = state;
  }
  return saved;
}

Status Records::pause(std::optional<std::chrono::seconds> span) {
  const auto now = m_clock->now();
  auto state = load();
  const bool is_stop = store::is_paused(state, now, store::boot_id()) && state.pause->is_stop;
  state.pause = store::Pause{.since = store::stamp_of(now, store::boot_id()), .length = span, .is_stop = is_stop};
  return keep(state);
}

Status Records::pause_as_stopped() {
  auto state = load();
  state.pause = store::Pause{.since = store::stamp_of(m_clock->now(), store::boot_id()), .is_stop = true};
  return keep(state);
}

Status Records::resume() {
  auto state = load();
  state.pause.reset();
  return keep(state);
}

void Records::write(const std::function<Status(store::History&)>& what) {
  if (m_dry_run) {
    return;
  }
  tell(m_history_trouble, open_history().and_then([&] {
    auto written = what(*m_history);
    tell_notice();
    return written;
  }));
}

void Records::record(const store::ScalingEvent& event) {
  write([&](store::History& history) { return history.add(event); });
  if (!m_log_file.empty()) {
    tell(m_log_file_trouble, store::append_to_log(m_log_file, event));
  }
}

void Records::record(const store::FleetSample& sample) {
  write([&](store::History& history) { return history.add(sample); });
}

void Records::record(const store::AlertRecord& alert) {
  write([&](store::History& history) { return history.put(alert); });
}

bool Records::is_same_place(const Records& other) const {
  return m_directory == other.m_directory && m_deployment == other.m_deployment;
}

std::filesystem::path Records::history_file() const {
  return m_directory / (m_deployment + ".history.db");
}

std::filesystem::path Records::monitor_lock_file() const {
  return m_directory / (m_deployment + ".monitor.lock");
}

std::filesystem::path Records::alerts_lock_file() const {
  return m_directory / (m_deployment + ".alerts.lock");
}

std::filesystem::path Records::lock_file() const {
  return m_directory / (m_deployment + ".lock");
}

std::filesystem::path Records::autoscaler_lock_file() const {
  return m_directory / (m_deployment + ".autoscaler.lock");
}

Result<store::Lock> Records::lock_actions() const {
  return store::Lock::take(lock_file(), m_tool);
}

bool Records::is_acted_on() {
  // To ask for the holder may hold up whoever takes the lock just then, so that is not asked each time.
  return load().acting && !store::Lock::holder(lock_file()).empty();
}

Result<store::Lock> Records::lock_autoscaler() const {
  return store::Lock::take(autoscaler_lock_file(), m_tool);
}

std::string Records::autoscaler() const {
  return store::Lock::holder(autoscaler_lock_file());
}

Result<store::Lock> Records::lock_monitor() const {
  return store::Lock::take(monitor_lock_file(), m_tool);
}

std::string Records::monitor() const {
  return store::Lock::holder(monitor_lock_file());
}

Result<store::Lock> Records::lock_alerts() const {
  return store::Lock::take(alerts_lock_file(), m_tool);
}

std::string Records::alerter() const {
  return store::Lock::holder(alerts_lock_file());
}

Result<store::History*> Records::history() {
  std::error_code unused;
  if (!m_history && !std::filesystem::exists(history_file(), unused)) {
    return nullptr;
  }
  if (const auto opened = open_history(); !opened) {
    return tl::unexpected(opened.error());
  }
  return &*m_history;
}

Result<std::vector<store::ScalingEvent>> Records::events(WallTime since, std::size_t limit) {
  const auto found = history();
  if (!found) {
    return tl::unexpected(found.error());
  }
  return *found != nullptr ? (*found)->events(since, limit) : std::vector<store::ScalingEvent>{};
}

}  // namespace kscale::control
