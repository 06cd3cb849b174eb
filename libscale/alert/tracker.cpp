#include "libscale/alert/tracker.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>

namespace kscale::alert {

namespace {

bool is_unknown(const Findings& findings, const std::pair<Rule, std::string>& key) {
  return std::ranges::any_of(findings.unknown, [&key](const auto& unknown) {
    return unknown.first == key.first && (unknown.second.empty() || unknown.second == key.second);
  });
}

bool is_idle(const Findings& findings, Rule rule) {
  return std::ranges::find(findings.idle, rule) != findings.idle.end();
}

bool has_fired(const Alert& alert) {
  return alert.fired_at != WallTime{};
}

}  // namespace

void Tracker::resume(const std::vector<Alert>& fired, Now now) {
  for (const auto& alert : fired) {
    Entry entry{.alert = alert, .told = now.instant, .told_as = alert.finding.severity};
    m_entries.insert_or_assign({alert.finding.rule, alert.finding.subject}, std::move(entry));
  }
}

std::vector<Event> Tracker::update(const Findings& findings, Now now) {
  const auto span = now.instant - m_last_look.value_or(now.instant);
  m_last_look = now.instant;
  std::map<Key, Finding> present;
  for (const auto& finding : findings.present) {
    present.try_emplace({finding.rule, finding.subject}, finding);
  }

  std::vector<Event> events;
  for (auto& [key, entry] : m_entries) {
    entry.idle += is_idle(findings, key.first) ? span : std::chrono::nanoseconds{0};
  }
  std::erase_if(m_entries, [&](const auto& known) {
    const auto& [key, entry] = known;
    const bool is_over = !present.contains(key) && !is_unknown(findings, key) &&
                         (!is_idle(findings, key.first) || entry.idle >= hold_for(key.first));
    if (is_over && has_fired(entry.alert)) {
      events.push_back({Event::Kind::resolved, entry.alert, now.wall});
    }
    return is_over;
  });
  for (auto& [key, finding] : present) {
    const auto [at, is_new] = m_entries.try_emplace(key, Entry{.alert = {.since = now.wall}});
    auto& entry = at->second;
    entry.alert.finding = std::move(finding);
    entry.held += is_new ? std::chrono::nanoseconds{0} : span;
    entry.idle = {};
    if (const auto kind = due(entry, now)) {
      entry.told = now.instant;
      entry.told_as = entry.alert.finding.severity;
      events.push_back({*kind, entry.alert, now.wall});
    }
  }
  return events;
}

std::vector<Alert> Tracker::alerts() const {
  std::vector<Alert> all;
  std::ranges::transform(m_entries, std::back_inserter(all), [](const auto& known) { return known.second.alert; });
  std::ranges::stable_sort(all, std::ranges::greater(),
                           [](const Alert& alert) { return std::tuple(alert.firing, alert.finding.severity); });
  return all;
}

std::chrono::seconds Tracker::hold_for(Rule rule) const {
  const auto own = m_hold_for.find(rule);
  return own != m_hold_for.end() ? own->second : info(rule).hold_for;
}

std::optional<Event::Kind> Tracker::due(Entry& entry, Now now) const {
  auto& alert = entry.alert;
  if (!alert.firing) {
    if (!has_fired(alert) && entry.held < hold_for(alert.finding.rule)) {
      return std::nullopt;
    }
    alert.firing = true;
    alert.fired_at = has_fired(alert) ? alert.fired_at : now.wall;
    return Event::Kind::fired;
  }
  const bool is_worse = alert.finding.severity > entry.told_as;
  return is_worse || now.instant - entry.told >= m_repeat ? std::optional(Event::Kind::repeated) : std::nullopt;
}

}  // namespace kscale::alert
