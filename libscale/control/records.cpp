#include "libscale/control/records.hpp"

#include <utility>

#include <unistd.h>

#include "libscale/store/files.hpp"
#include "libscale/store/scaling_log.hpp"

namespace kscale::control {

Records::Records(std::filesystem::path directory, std::string deployment, std::filesystem::path log_file, Clock& clock,
                 const Log& log)
    : m_directory(std::move(directory)),
      m_deployment(std::move(deployment)),
      m_log_file(std::move(log_file)),
      m_clock(&clock),
      m_log(&log) {}

Result<Records> Records::open(const Settings& settings, const EnvironmentLookup& environment, Clock& clock,
                              const Log& log) {
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
  Records records(std::move(directory), settings.deployment.prefix, settings.history_log, clock, log);
  if (!settings.dry_run) {
    records.open_history();
  }
  return records;
}

void Records::open_history() {
  auto history = store::History::open(m_directory / "history.db", m_clock->now().wall);
  if (!history) {
    tell(m_history_trouble, history.error());
    return;
  }
  if (history->notice()) {
    m_log->say(Level::warning, "{}", *history->notice());
  }
  m_history.emplace(std::move(*history));
}

void Records::tell(std::string& last, const Error& error) {
  if (std::exchange(last, error.what) != error.what) {
    m_log->say(Level::warning, "{}; scaling goes on", error.what);
  }
}

store::State Records::load() {
  const auto path = m_directory / (m_deployment + ".state");
  auto loaded = store::load_state(path);
  if (loaded) {
    // After a save that failed, what the disk has is older than what we know.
    if (m_on_disk || m_state == store::State{}) {
      m_state = std::move(*loaded);
    }
    return m_state;
  }
  tell(m_state_trouble, loaded.error());
  if (loaded.error().code == Errc::invalid) {
    if (const auto aside = store::set_aside(path, m_clock->now().wall)) {
      m_log->say(Level::warning, "the damaged state was kept as {}", aside->string());
    }
    const auto now = m_clock->now();
    m_state.last_up = store::Stamp{now.instant, now.wall, store::boot_id()};
  }
  return m_state;
}

void Records::save(const store::State& state) {
  m_state = state;
  const auto saved = store::save_state(m_directory / (m_deployment + ".state"), state);
  m_on_disk = saved.has_value();
  if (!saved) {
    tell(m_state_trouble, saved.error());
  }
}

void Records::record(const store::ScalingEvent& event) {
  if (!m_history) {
    open_history();
  }
  if (m_history) {
    if (const auto added = m_history->add(event); !added) {
      tell(m_history_trouble, added.error());
      m_history.reset();
    }
  }
  if (!m_log_file.empty()) {
    if (const auto added = store::append_to_log(m_log_file, event); !added) {
      tell(m_history_trouble, added.error());
    }
  }
}

Result<store::Lock> Records::lock_actions() const {
  return store::Lock::take(m_directory / (m_deployment + ".lock"), "kscale-auto");
}

Result<store::Lock> Records::lock_autoscaler() const {
  return store::Lock::take(m_directory / (m_deployment + ".autoscaler.lock"), "kscale-auto");
}

}  // namespace kscale::control
