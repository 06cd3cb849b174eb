#include "libscale/monitor/watch.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>

#include "libscale/base/printable.hpp"
#include "libscale/monitor/conditions.hpp"

namespace kscale::monitor {

namespace {

using namespace std::chrono_literals;
using alert::Event;

/// A receiver that is slow holds up the next look for no longer.
constexpr std::chrono::milliseconds k_longest_send = 5s;
/// So many of the last changes are shown, of so long.
constexpr std::size_t k_shown_events = 20;
constexpr auto k_shown_span = std::chrono::hours(24 * 7);
/// The history waits no longer to be told that an alert is over, whoever else is still to be told.
constexpr auto k_longest_on_the_way = 1h;
/// Alerts that still fire are looked for so far back.
constexpr std::size_t k_resumed_alerts = 10'000;

alert::HoldTimes hold_times(const control::Settings& settings, const Duties& duties) {
  auto times = settings.alerting.hold_for;
  if (duties.at_once) {
    for (const auto& about : alert::rules()) {
      // To run at max is wrong only when it lasts, which one look cannot know.
      if (about.rule != alert::Rule::at_max) {
        times[about.rule] = 0s;
      }
    }
  }
  return times;
}

store::AlertRecord record_of(const Event& event, bool told) {
  const auto& alert = event.alert;
  return {.rule = std::string(alert::info(alert.finding.rule).name),
          .subject = alert.finding.subject,
          .severity = std::string(name_of(alert.finding.severity)),
          .summary = alert.finding.summary,
          .since = alert.since,
          .fired_at = alert.fired_at,
          .resolved_at = event.kind == Event::Kind::resolved ? std::optional(event.at) : std::nullopt,
          .told = told};
}

/// The alert that still fires; nothing for one that is over, or of a rule that a newer kscale has.
std::optional<alert::Alert> firing(const store::AlertRecord& record) {
  const auto rule = alert::rule_named(record.rule);
  if (!rule || record.resolved_at) {
    return std::nullopt;
  }
  const auto severity =
      record.severity == name_of(alert::Severity::critical) ? alert::Severity::critical : alert::Severity::warning;
  return alert::Alert{.finding = {*rule, record.subject, severity, record.summary},
                      .since = record.since,
                      .firing = true,
                      .fired_at = record.fired_at};
}

/// Whether they are one alert, as the history names it.
bool is_same(const alert::Alert& a, const alert::Alert& b) {
  return a.finding.rule == b.finding.rule && a.finding.subject == b.finding.subject && a.fired_at == b.fired_at;
}

}  // namespace

std::vector<alert::Receiver> receivers_of(const control::Alerting& alerting) {
  using Kind = alert::Receiver::Kind;
  std::vector<alert::Receiver> receivers;
  const auto add = [&receivers](Kind kind, const std::string& url) {
    if (!url.empty()) {
      receivers.push_back({.kind = kind, .url = url});
    }
  };
  add(Kind::webhook, alerting.webhook_url);
  add(Kind::slack, alerting.slack_url);
  add(Kind::alertmanager, alerting.alertmanager_url);
  return receivers;
}

Watch::Watch(const control::Settings& settings, const fleet::World& world, control::Records& records,
             const control::Log& log, const Duties& duties)
    : m_settings(settings),
      m_world(world),
      m_records(records),
      m_log(log),
      m_lookout(settings, world, records),
      m_tracker(hold_times(settings, duties), settings.alerting.repeat),
      m_outbox(receivers_of(settings.alerting), settings.deployment.prefix, settings.refresh_interval, k_longest_send) {
  take_up(duties);
}

void Watch::take_up(const Duties& duties) {
  const auto before = std::exchange(m_duties, duties);
  if (duties.keeps_alerts && !before.keeps_alerts) {
    m_tracker = alert::Tracker(hold_times(m_settings, duties), m_settings.alerting.repeat);
    resume();
  }
}

/// Goes on with what an earlier process told of.
void Watch::resume() {
  const auto now = m_world.clock.now();
  std::vector<alert::Alert> open;
  if (const auto history = m_records.history(); history && *history != nullptr) {
    if (const auto records = (*history)->alerts(now.wall, k_resumed_alerts)) {
      for (const auto& record : *records) {
        if (auto alert = firing(record)) {
          alert->firing = record.told || !m_duties.tells;
          open.push_back(std::move(*alert));
        }
      }
    }
  }
  m_tracker.resume(open, now);
}

void Watch::tell(const std::vector<Event>& events) {
  for (const auto& event : events) {
    const auto& finding = event.alert.finding;
    m_log.say(event.kind == Event::Kind::resolved ? control::Level::notice : control::Level::warning,
              "alert {}: {}{}{}: {}", name_of(event.kind), alert::info(finding.rule).name,
              finding.subject.empty() ? "" : " of ", printable(finding.subject), printable(finding.summary));
  }
}

void Watch::send(const std::vector<Event>& events) {
  const auto now = m_world.clock.now();
  m_outbox.put(events, m_tracker.alerts(), now);
  for (const auto& trouble : m_outbox.send(m_world.http, now)) {
    m_log.say(control::Level::warning, "{}", trouble.what);
  }
  std::ranges::copy_if(events, std::back_inserter(m_on_the_way),
                       [](const Event& event) { return event.kind != Event::Kind::repeated; });
  settle(now);
}

/// Writes to the history what was delivered to all; and after a while that an alert is over, whoever is still to be
/// told.
void Watch::settle(Now now) {
  const bool all_is_delivered = m_outbox.waiting() == 0;
  std::vector<Event> settled;
  std::ranges::copy_if(m_on_the_way, std::back_inserter(settled), [&](const Event& event) {
    const bool is_over = event.kind == Event::Kind::resolved && now.wall - event.at > k_longest_on_the_way;
    return all_is_delivered || is_over;
  });
  for (const auto& event : settled) {
    m_records.record(record_of(event, true));
  }
  std::erase_if(m_on_the_way, [&settled](const Event& event) {
    return std::ranges::any_of(settled, [&event](const Event& one) { return is_same(one.alert, event.alert); });
  });
}

/// Writes them to the history, but for an end that is to be told: until it is, a later process goes on with the alert
/// as with one that fires, and tells the end then.
void Watch::keep(const std::vector<Event>& events) {
  for (const auto& event : events) {
    if (!m_duties.tells || event.kind != Event::Kind::resolved) {
      m_records.record(record_of(event, false));
    }
  }
}

void Watch::see_events(Snapshot& snapshot) {
  auto events = m_records.events(snapshot.overview.at - k_shown_span, k_shown_events);
  if (events) {
    snapshot.events = std::move(*events);
  } else {
    snapshot.overview.problems.push_back(events.error().what);
  }
}

Result<Snapshot> Watch::look() {
  auto overview = m_lookout.look();
  if (!overview) {
    return tl::unexpected(overview.error());
  }
  Snapshot snapshot{.overview = std::move(*overview)};
  auto events = m_tracker.update(find(snapshot.overview, m_settings), m_world.clock.now());
  snapshot.alerts = m_tracker.alerts();
  if (m_duties.records) {
    // What Docker did not tell is no sample of an empty fleet.
    if (!snapshot.overview.docker_error) {
      m_records.record(to_keep(snapshot.overview.sample, snapshot.overview.at));
    }
  }
  if (m_duties.keeps_alerts) {
    keep(events);
  }
  see_events(snapshot);
  if (m_duties.tells) {
    // The end of what may not have been told as well: one of several receivers may have got it.
    tell(events);
    send(events);
  }
  return snapshot;
}

}  // namespace kscale::monitor
