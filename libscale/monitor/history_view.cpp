#include "libscale/monitor/history_view.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "libscale/base/rfc3339.hpp"
#include "libscale/monitor/csv.hpp"
#include "libscale/monitor/point_figures.hpp"
#include "libscale/monitor/steps.hpp"
#include "libscale/net/json_figures.hpp"
#include "libscale/operate/events.hpp"

namespace kscale::monitor {

namespace {

using std::chrono::seconds;

json::Value json_of(const std::optional<store::Spread<double>>& spread) {
  if (!spread) {
    return {};
  }
  json::Value value;
  value.set("mean", json::of(spread->mean));
  value.set("min", json::of(spread->least));
  value.set("max", json::of(spread->most));
  return value;
}

template <class Point>
json::Value json_of(const Point& point, const std::vector<Figure>& figures) {
  json::Value value;
  value.set("time", rfc3339_in_seconds(point.at));
  for (const auto figure : figures) {
    value.set(std::string(key_of(figure)), json_of(figure_of(point, figure)));
  }
  return value;
}

json::Value json_of(const store::AlertRecord& alert) {
  json::Value value;
  value.set("rule", alert.rule);
  value.set("subject", json::text_or_null(alert.subject));
  value.set("severity", alert.severity);
  value.set("summary", alert.summary);
  value.set("since", rfc3339_in_seconds(alert.since));
  value.set("fired_at", rfc3339_in_seconds(alert.fired_at));
  value.set("resolved_at", alert.resolved_at ? json::Value(rfc3339_in_seconds(*alert.resolved_at)) : json::Value());
  return value;
}

template <class Point>
std::string csv_of(const Point& point, const std::string& instance, const std::vector<Figure>& figures) {
  std::string lines;
  for (const auto figure : figures) {
    if (const auto spread = figure_of(point, figure)) {
      lines += csv_line({rfc3339_in_seconds(point.at), csv_text(instance), std::string(key_of(figure)),
                         csv_number(spread->mean), csv_number(spread->least), csv_number(spread->most)});
    }
  }
  return lines;
}

}  // namespace

std::string HistoryView::name_of(int number) const {
  return fmt::format("{}-{}", deployment, number);
}

seconds sampling_of(const control::Settings& settings) {
  return std::max(settings.check_interval, settings.refresh_interval);
}

Result<HistoryView> read_history(store::History& history, const control::Settings& settings, store::TimeRange range) {
  constexpr std::size_t k_most = 100'000;
  const auto step_from = [&](WallTime begin) { return step_for({begin, range.until}, sampling_of(settings)); };
  HistoryView view{.deployment = settings.deployment.prefix, .range = range, .step = step_from(range.since)};
  auto fleet = history.fleet(range, view.step);
  if (fleet && !fleet->empty()) {
    // A history that is young is worth a closer look.
    const auto step = step_from(std::max(range.since, fleet->front().at));
    if (step < view.step) {
      view.step = step;
      fleet = history.fleet(range, view.step);
    }
  }
  if (!fleet) {
    return tl::unexpected(fleet.error());
  }
  auto instances = history.instances(range, view.step);
  if (!instances) {
    return tl::unexpected(instances.error());
  }
  auto events = history.events(range.since, k_most);
  if (!events) {
    return tl::unexpected(events.error());
  }
  auto alerts = history.alerts(range.since, k_most);
  if (!alerts) {
    return tl::unexpected(alerts.error());
  }
  std::erase_if(*events, [&](const auto& event) { return event.at >= range.until; });
  std::erase_if(*alerts, [&](const auto& alert) { return alert.fired_at >= range.until; });
  view.fleet = std::move(*fleet);
  view.instances = std::move(*instances);
  view.events = std::move(*events);
  view.alerts = std::move(*alerts);
  return view;
}

json::Value json_of(const HistoryView& view) {
  json::Value value;
  value.set("deployment", view.deployment);
  value.set("since", rfc3339_in_seconds(view.range.since));
  value.set("until", rfc3339_in_seconds(view.range.until));
  value.set("step_seconds", std::int64_t{view.step.count()});
  auto fleet = json::Value::array();
  for (const auto& point : view.fleet) {
    fleet.push_back(json_of(point, fleet_figures()));
  }
  value.set("fleet", std::move(fleet));
  json::Value::Array instances;
  for (std::size_t i = 0; i < view.instances.size(); ++i) {
    const auto& point = view.instances[i];
    if (i == 0 || view.instances[i - 1].number != point.number) {
      json::Value instance;
      instance.set("number", point.number);
      instance.set("name", view.name_of(point.number));
      instances.push_back(std::move(instance));
    }
    instances.back().at("points").push_back(json_of(point, instance_figures()));
  }
  value.set("instances", std::move(instances));
  value.set("events", json::Value::array());
  for (const auto& event : view.events) {
    value.at("events").push_back(operate::json_of(event));
  }
  value.set("alerts", json::Value::array());
  for (const auto& alert : view.alerts) {
    value.at("alerts").push_back(json_of(alert));
  }
  return value;
}

std::string csv_of(const HistoryView& view) {
  std::string text = csv_line({"time", "instance", "figure", "mean", "min", "max"});
  for (const auto& point : view.fleet) {
    text += csv_of(point, "", fleet_figures());
  }
  for (const auto& point : view.instances) {
    text += csv_of(point, view.name_of(point.number), instance_figures());
  }
  return text;
}

}  // namespace kscale::monitor
