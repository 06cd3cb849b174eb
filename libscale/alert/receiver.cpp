#include "libscale/alert/receiver.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "libscale/base/printable.hpp"
#include "libscale/base/rfc3339.hpp"
#include "libscale/net/authority.hpp"
#include "libscale/net/json_figures.hpp"

namespace kscale::alert {

namespace {

constexpr std::size_t k_longest_summary = 2000;

/// A POST of JSON to the URL, with `path_behind` put behind its path.
net::Request post(const std::string& url, std::string_view path_behind, const json::Value& body) {
  const auto authority = net::authority_in(url);
  const auto path_at = static_cast<std::size_t>(authority.data() - url.data()) + authority.size();
  const auto path_end = std::min(url.find_first_of("?#", path_at), url.size());
  auto path = url.substr(path_at, path_end - path_at);
  while (!path_behind.empty() && path.ends_with('/')) {
    path.pop_back();
  }
  path += path_behind;
  const auto query = url.substr(path_end, std::min(url.find('#', path_end), url.size()) - path_end);
  return {.to = {.base_url = url.substr(0, path_at)},
          .method = net::Method::post,
          .path = (path.empty() ? "/" : path) + query,
          .headers = {{"Content-Type", "application/json"}},
          .body = json::dump(body),
          .urgency = net::Urgency::change};
}

std::string summary_of(const Alert& alert) {
  return printable(alert.finding.summary, k_longest_summary);
}

json::Value webhook_body(const Event& event, std::string_view deployment) {
  const auto& [finding, since, firing, fired_at] = event.alert;
  const bool is_over = event.kind == Event::Kind::resolved;
  json::Value body;
  body.set("version", 1);
  body.set("kind", name_of(event.kind));
  body.set("rule", info(finding.rule).name);
  body.set("alertname", info(finding.rule).alertname);
  body.set("severity", name_of(finding.severity));
  body.set("subject", json::text_or_null(printable(finding.subject)));
  body.set("deployment", printable(deployment));
  body.set("summary", summary_of(event.alert));
  body.set("since", rfc3339_in_milliseconds(since));
  body.set("fired_at", rfc3339_in_milliseconds(fired_at));
  body.set("resolved_at", is_over ? json::Value(rfc3339_in_milliseconds(event.at)) : json::Value());
  return body;
}

std::string escaped_for_slack(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

/// `shop: critical: 2 of 3 instances ...`, with a sign that is seen from afar.
json::Value slack_body(const Event& event, std::string_view deployment) {
  const auto& finding = event.alert.finding;
  const bool is_over = event.kind == Event::Kind::resolved;
  const auto* const sign = is_over ? "\u2705" : finding.severity == Severity::critical ? "\U0001F6A8" : "\u26A0\uFE0F";
  const auto state = is_over ? "resolved" : name_of(finding.severity);
  const auto* const again = event.kind == Event::Kind::repeated ? "still " : "";
  json::Value body;
  body.set("text", escaped_for_slack(fmt::format("{} {}: {}{}: {} ({}, since {})", sign, printable(deployment), again,
                                                 state, summary_of(event.alert), info(finding.rule).name,
                                                 rfc3339_in_seconds(event.alert.since))));
  return body;
}

json::Value alertmanager_alert(const Alert& alert, std::string_view deployment, WallTime starts, WallTime ends) {
  json::Value labels;
  labels.set("alertname", info(alert.finding.rule).alertname);
  labels.set("severity", name_of(alert.finding.severity));
  labels.set("deployment", printable(deployment));
  if (!alert.finding.subject.empty()) {
    labels.set("instance", printable(alert.finding.subject));
  }
  labels.set("source", "kscale");
  json::Value annotations;
  annotations.set("summary", summary_of(alert));
  json::Value body;
  body.set("labels", std::move(labels));
  body.set("annotations", std::move(annotations));
  body.set("startsAt", rfc3339_in_milliseconds(std::min(starts, ends)));
  body.set("endsAt", rfc3339_in_milliseconds(ends));
  return body;
}

}  // namespace

std::string_view name_of(Receiver::Kind kind) {
  switch (kind) {
    case Receiver::Kind::webhook:
      return "webhook";
    case Receiver::Kind::slack:
      return "Slack";
    case Receiver::Kind::alertmanager:
      break;
  }
  return "Alertmanager";
}

std::string_view name_of(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::fired:
      return "fired";
    case Event::Kind::repeated:
      return "repeated";
    case Event::Kind::resolved:
      break;
  }
  return "resolved";
}

std::string shown(const Receiver& receiver) {
  return fmt::format("{} at {}", name_of(receiver.kind), net::origin_of(receiver.url));
}

net::Request message(const Receiver& receiver, const Event& event, std::string_view deployment) {
  return post(receiver.url, "",
              receiver.kind == Receiver::Kind::slack ? slack_body(event, deployment) : webhook_body(event, deployment));
}

net::Request alertmanager_message(const Receiver& receiver, const std::vector<Alert>& firing,
                                  const std::vector<Event>& resolved, std::string_view deployment, WallTime now,
                                  std::chrono::seconds valid_for) {
  auto body = json::Value::array();
  for (const auto& alert : firing) {
    body.push_back(alertmanager_alert(alert, deployment, std::min(alert.fired_at, now), now + valid_for));
  }
  for (const auto& event : resolved) {
    body.push_back(alertmanager_alert(event.alert, deployment, event.alert.fired_at, std::min(event.at, now)));
  }
  return post(receiver.url, "/api/v2/alerts", body);
}

}  // namespace kscale::alert
