#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libscale/alert/rule.hpp"
#include "libscale/base/clock.hpp"

namespace kscale::alert {

/// Something that is wrong at the moment.
struct Finding {
  Rule rule{};
  std::string subject;  ///< the instance that it is about; empty: the deployment
  Severity severity = Severity::warning;
  std::string summary;  ///< for people, with the figures: "cpu of shop-2 is 93.1%, above 80%"

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// What a look at the deployment has found.
struct Findings {
  std::vector<Finding> present;
  /// What could not be judged this time: "no data" is neither well nor wrong. An empty subject stands for all of them.
  std::vector<std::pair<Rule, std::string>> unknown;
  /// Rules that had nothing to judge, as nobody asked anything. For a while that is as good as unknown.
  std::vector<Rule> idle;
};

/// Something wrong that lasts.
struct Alert {
  Finding finding;      ///< as it was last found
  WallTime since{};     ///< when it was first found
  bool firing = false;  ///< it has held for long enough
  WallTime fired_at{};  ///< once it fires

  friend bool operator==(const Alert&, const Alert&) = default;
};

/// What is to be told of an alert.
struct Event {
  enum class Kind { fired, repeated, resolved };
  Kind kind{};
  Alert alert;
  WallTime at{};

  friend bool operator==(const Event&, const Event&) = default;
};

/// Follows what is wrong from look to look, so that each alert is told of once when it has held for long enough, again
/// at an interval or when it becomes more severe than what was told, and once when it is over. Pure: time comes from
/// outside, spans are measured on the instant, and the wall clock only stands in what is told.
///
/// Each look speaks for the span since the look before. Where something is found again, that span counts as held; where
/// it is unknown, the span counts for nothing, neither for nor against it. So readings that fail now and then delay an
/// alert and do not prevent it, and an hour without readings does not make one fire. Where it is idle, the same holds
/// until that has lasted as long as the rule must hold: then the alert is over.
class Tracker {
 public:
  Tracker(HoldTimes hold_for, std::chrono::seconds repeat) : m_hold_for(std::move(hold_for)), m_repeat(repeat) {}

  /// Goes on with alerts that fired in an earlier process, so that they do not fire again. The interval of repeating
  /// begins anew. Those that are not `firing` were told to nobody: they fire, with the same time, where they are found
  /// again.
  void resume(const std::vector<Alert>& fired, Now now);

  /// What changes with this look: first what is over, then the others, each in the order of the rules and subjects.
  /// What is unknown stays as it is: it neither fires, nor is it repeated or resolved. What is not found any more, was
  /// idle for long enough, or whose subject is gone, is over; that is an event if it had fired, `firing` as it was told
  /// or not. Of several findings with the same rule and subject the first counts.
  std::vector<Event> update(const Findings& findings, Now now);

  /// What is wrong now: those that fire first, the critical ones before the others, then in the order of the rules and
  /// subjects.
  std::vector<Alert> alerts() const;

 private:
  using Key = std::pair<Rule, std::string>;
  struct Entry {
    Alert alert;
    std::chrono::nanoseconds held{};
    std::chrono::nanoseconds idle{};  ///< for how long, since it was last found
    Instant told{};                   ///< when it last was
    Severity told_as = Severity::warning;
  };

  std::chrono::seconds hold_for(Rule rule) const;
  /// What is to be told of what was just found; marks what begins to fire.
  std::optional<Event::Kind> due(Entry& entry, Now now) const;

  HoldTimes m_hold_for;
  std::chrono::seconds m_repeat;
  std::map<Key, Entry> m_entries;
  std::optional<Instant> m_last_look;
};

}  // namespace kscale::alert
