#include "libscale/monitor/snapshot.hpp"

#include <fmt/format.h>

#include "libscale/base/printable.hpp"
#include "libscale/base/rfc3339.hpp"
#include "libscale/net/json_figures.hpp"
#include "libscale/operate/events.hpp"

namespace kscale::monitor {

namespace {

json::Value json_of(const alert::Alert& alert) {
  const auto& finding = alert.finding;
  json::Value value;
  value.set("rule", alert::info(finding.rule).name);
  value.set("subject", json::text_or_null(finding.subject));
  value.set("severity", alert::name_of(finding.severity));
  value.set("summary", finding.summary);
  value.set("since", rfc3339_in_seconds(alert.since));
  value.set("firing", alert.firing);
  value.set("fired_at", alert.firing ? json::Value(rfc3339_in_seconds(alert.fired_at)) : json::Value());
  return value;
}

std::string text_of(const alert::Alert& alert) {
  const auto& finding = alert.finding;
  return fmt::format("alert: {} {}: {} (since {}{})\n", alert::name_of(finding.severity),
                     alert::info(finding.rule).name, printable(finding.summary), rfc3339_in_seconds(alert.since),
                     alert.firing ? "" : ", not firing yet");
}

}  // namespace

json::Value json_of(const Snapshot& snapshot) {
  auto value = operate::json_of(snapshot.overview);
  auto alerts = json::Value::array();
  for (const auto& alert : snapshot.alerts) {
    alerts.push_back(json_of(alert));
  }
  auto events = json::Value::array();
  for (const auto& event : snapshot.events) {
    events.push_back(operate::json_of(event));
  }
  value.set("alerts", std::move(alerts));
  value.set("events", std::move(events));
  for (const auto& notice : snapshot.notices) {
    value.at("notices").push_back(notice);
  }
  return value;
}

std::string text_of(const Snapshot& snapshot) {
  auto text = operate::text_of(snapshot.overview);
  text += '\n';
  for (const auto& alert : snapshot.alerts) {
    text += text_of(alert);
  }
  if (snapshot.alerts.empty()) {
    text += "alert: none\n";
  }
  for (const auto& event : snapshot.events) {
    text += fmt::format("event: {}\n", operate::text_of(event));
  }
  for (const auto& notice : snapshot.notices) {
    text += fmt::format("note: {}\n", printable(notice));
  }
  return text;
}

}  // namespace kscale::monitor
