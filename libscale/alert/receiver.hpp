#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/alert/tracker.hpp"
#include "libscale/base/clock.hpp"
#include "libscale/net/http.hpp"

namespace kscale::alert {

/// Who is told of alerts.
struct Receiver {
  enum class Kind {
    webhook,       ///< one JSON object an event
    slack,         ///< Slack's incoming webhooks, and what understands them
    alertmanager,  ///< POST /api/v2/alerts
  };
  Kind kind{};
  std::string url;  ///< a secret: whoever knows it can post
};

std::string_view name_of(Receiver::Kind kind);
std::string_view name_of(Event::Kind kind);

/// How the receiver is named in messages: its kind, and scheme, host and port of its URL, nothing else of it.
std::string shown(const Receiver& receiver);

/// The call that tells a webhook or Slack of one event.
///
/// A webhook gets an object; members are only ever added, and times are RFC 3339 in UTC with milliseconds:
///   version      1
///   kind         "fired", "repeated" (it lasts, or has become more severe) or "resolved"
///   rule         such as "high-cpu"
///   alertname    such as "KscaleHighCpu", as Alertmanager is told it
///   severity     "warning" or "critical"
///   subject      the instance that it is about; null: the deployment as a whole
///   deployment   the prefix of its instances' names
///   summary      for people, with the figures
///   since        when it was first found
///   fired_at     when it had held for long enough; with rule and subject it names the alert
///   resolved_at  when it was over; null: it is not
///
/// Slack gets a `text` without markup. Source: Slack's "Basic message formatting": only &, < and > are escaped.
net::Request message(const Receiver& receiver, const Event& event, std::string_view deployment);

/// The call that tells Alertmanager what fires and what just ended. What fires ends by itself at `now` + `valid_for`
/// unless it is told of again: so Alertmanager's clients do, see Prometheus' notifier. No alert ends before it starts,
/// whatever became of the wall clock, since Alertmanager would refuse it.
/// Source: Alertmanager's API v2, openapi.yaml: postableAlerts.
net::Request alertmanager_message(const Receiver& receiver, const std::vector<Alert>& firing,
                                  const std::vector<Event>& resolved, std::string_view deployment, WallTime now,
                                  std::chrono::seconds valid_for);

}  // namespace kscale::alert
