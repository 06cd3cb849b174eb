#include "libscale/operate/overview.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "libscale/base/printable.hpp"
#include "libscale/base/rfc3339.hpp"
#include "libscale/net/json_figures.hpp"
#include "libscale/operate/figures.hpp"
#include "libscale/operate/table.hpp"

namespace kscale::operate {

namespace {

using std::chrono::seconds;
using Align = Column::Align;

json::Value json_of(const KongView& kong) {
  const auto& status = kong.status;
  const bool has_database = status && status->mode == kong::Mode::database;
  json::Value value;
  value.set("url", kong.url);
  value.set("reachable", status.has_value());
  value.set("error", json::of(kong.error));
  value.set("version", json::of(kong.version));
  value.set("mode", status ? json::Value(name_of(status->mode)) : json::Value());
  value.set("configured", status ? json::Value(status->configured) : json::Value());
  value.set("database_reachable", has_database ? json::Value(status->database_reachable) : json::Value());
  value.set("active_connections", status ? json::of(status->active_connections) : json::Value());
  value.set("total_requests", status ? json::of(status->total_requests) : json::Value());
  return value;
}

json::Value json_of(const InstanceView& instance) {
  json::Value value;
  value.set("number", instance.number);
  value.set("name", instance.name);
  value.set("state", name_of(instance.state));
  value.set("health", name_of(instance.health));
  value.set("cpu_percent", json::of(instance.cpu));
  value.set("memory_percent", json::of(instance.memory));
  value.set("memory_bytes", json::of(instance.memory_used));
  value.set("received_bytes_per_second", json::of(instance.received));
  value.set("sent_bytes_per_second", json::of(instance.sent));
  value.set("uptime_seconds", json::of(instance.uptime));
  value.set("warming_up", instance.warming_up);
  value.set("serving", instance.serving);
  value.set("fault", json::text_or_null(instance.fault));
  value.set("host_port", json::of(instance.host_port));
  value.set("image", instance.image);
  return value;
}

json::Value json_of(const TargetView& target) {
  json::Value value;
  value.set("address", target.address);
  value.set("weight", target.weight);
  value.set("health", json::text_or_null(target.health));
  value.set("instance", json::of(target.instance));
  return value;
}

json::Value json_of(const AutoscalerView& autoscaler) {
  const auto& last = autoscaler.last;
  json::Value value;
  value.set("running", !autoscaler.holder.empty());
  value.set("holder", json::text_or_null(autoscaler.holder));
  value.set("paused", autoscaler.paused);
  value.set("pause_left_seconds", json::of(autoscaler.pause_left));
  value.set("last_decision", last ? json::Value(last->decision) : json::Value());
  value.set("last_decision_time", last ? json::Value(rfc3339_in_seconds(last->at)) : json::Value());
  value.set("last_decision_age_seconds", last ? json::of(std::optional(last->ago)) : json::Value());
  value.set("cooldown_up_left_seconds", std::int64_t{autoscaler.cooldown_up_left.count()});
  value.set("cooldown_down_left_seconds", std::int64_t{autoscaler.cooldown_down_left.count()});
  return value;
}

template <class View>
json::Value json_of(const std::vector<View>& views) {
  auto list = json::Value::array();
  for (const auto& view : views) {
    list.push_back(json_of(view));
  }
  return list;
}

/// `label` and its text on one line, the texts one below the other.
std::string line(std::string_view label, const std::string& text) {
  return fmt::format("{:<12}{}\n", label, text);
}

std::string error_line(std::string_view label, const Error& error) {
  return line(label, "error: " + printable(error.what));
}

std::string mode_text(const kong::NodeStatus& status) {
  if (status.mode == kong::Mode::dbless) {
    return fmt::format("{}{}", name_of(status.mode), status.configured ? "" : " and not configured yet");
  }
  return fmt::format("with a database{}", status.database_reachable ? "" : " that it cannot reach");
}

std::string counted(double count, std::string_view what) {
  return fmt::format("{:.0f} {}{}", count, what, count == 1 ? "" : "s");
}

std::string kong_text(const KongView& kong) {
  if (!kong.status) {
    return kong.error ? error_line("Kong", *kong.error) : std::string();
  }
  const auto& status = *kong.status;
  std::string text = fmt::format("{}, {}", printable(kong.version.value_or("version unknown")), mode_text(status));
  if (status.active_connections) {
    text += ", " + counted(*status.active_connections, "connection");
  }
  if (status.total_requests) {
    text += ", " + counted(*status.total_requests, "request");
  }
  return line("Kong", text + ", " + printable(kong.url));
}

std::string traffic_text(const control::Sample& sample) {
  std::vector<std::string> parts;
  if (sample.request_rate) {
    parts.push_back(shown(sample.request_rate));
  }
  if (sample.error_rate) {
    parts.push_back(shown(sample.error_rate) + " errors");
  }
  if (sample.response_time) {
    parts.push_back("response " + shown(sample.response_time));
  }
  if (sample.response_time_p95) {
    parts.push_back("p95 " + shown(sample.response_time_p95));
  }
  return parts.empty() ? std::string() : line("traffic", fmt::format("{}", fmt::join(parts, ", ")));
}

std::string host_text(const control::Sample& sample) {
  return sample.host_cpu || sample.host_memory || sample.host_disk
             ? line("host", fmt::format("CPU {}, memory {}, disk {}", shown(sample.host_cpu), shown(sample.host_memory),
                                        shown(sample.host_disk)))
             : std::string();
}

std::string autoscaler_text(const AutoscalerView& autoscaler) {
  std::string text =
      autoscaler.holder.empty() ? "not running" : fmt::format("running ({})", printable(autoscaler.holder));
  if (autoscaler.paused) {
    text += autoscaler.pause_left ? fmt::format(", paused ({} left)", shown(*autoscaler.pause_left))
                                  : std::string(", paused until it is resumed");
  }
  if (autoscaler.last) {
    text += fmt::format(", last: {} ({} ago)", brief(*autoscaler.last), shown(autoscaler.last->ago));
  }
  const auto left = [](seconds span) { return span > seconds{0} ? shown(span) + " left" : std::string("none"); };
  return line("autoscaler", text) + line("cooldown", fmt::format("up: {}, down: {}", left(autoscaler.cooldown_up_left),
                                                                 left(autoscaler.cooldown_down_left)));
}

std::string memory_text(const InstanceView& instance) {
  if (!instance.memory_used) {
    return shown(instance.memory);
  }
  const auto used = shown(*instance.memory_used);
  return instance.memory ? fmt::format("{} {}", shown(instance.memory), used) : used;
}

std::string instances_text(const Overview& overview) {
  if (overview.docker_error) {
    return {};
  }
  if (overview.instances.empty()) {
    return fmt::format("\nno instance of '{}'\n", printable(overview.deployment));
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& instance : overview.instances) {
    const bool is_checked = instance.health != docker::Health::none;
    rows.push_back({instance.name, std::string(name_of(instance.state)),
                    is_checked ? std::string(name_of(instance.health)) : "-", shown(instance.cpu),
                    memory_text(instance), shown(instance.uptime),
                    instance.host_port ? std::to_string(*instance.host_port) : "-", instance.image});
  }
  return '\n' + table_of({{"INSTANCE"},
                          {"STATE"},
                          {"HEALTH"},
                          {"CPU", Align::right},
                          {"MEMORY", Align::right},
                          {"UPTIME", Align::right},
                          {"PORT", Align::right},
                          {"IMAGE"}},
                         rows);
}

std::string faults_text(const std::vector<InstanceView>& instances) {
  std::string text;
  for (const auto& instance : instances) {
    if (!instance.fault.empty()) {
      text += fmt::format("{}unhealthy: {}: {}\n", text.empty() ? "\n" : "", printable(instance.name),
                          printable(instance.fault));
    }
  }
  return text;
}

std::string targets_text(const Overview& overview) {
  if (overview.targets_error) {
    return {};
  }
  if (overview.targets.empty()) {
    return "\nno target\n";
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& target : overview.targets) {
    rows.push_back({target.address, std::to_string(target.weight), target.health.empty() ? "-" : target.health,
                    target.instance.value_or("-")});
  }
  return '\n' + table_of({{"TARGET"}, {"WEIGHT", Align::right}, {"HEALTH"}, {"INSTANCE"}}, rows);
}

std::string drift_text(const std::optional<std::vector<std::string>>& drift) {
  if (!drift || drift->empty()) {
    return fmt::format("\ndrift: {}\n", drift ? "none" : "unknown");
  }
  std::string text = "\n";
  for (const auto& disagreement : *drift) {
    text += fmt::format("drift: {}\n", printable(disagreement));
  }
  return text;
}

}  // namespace

std::optional<Error> Overview::error() const {
  return docker_error ? docker_error : kong.error ? kong.error : targets_error;
}

std::vector<std::string> Overview::notices() const {
  return sample.notice ? std::vector{*sample.notice} : std::vector<std::string>();
}

std::string brief(const AutoscalerView::Last& last) {
  const std::string_view decision = last.decision;
  constexpr std::string_view k_before = " reason=\"";
  const auto at = decision.find(k_before);
  const auto what_at = decision.find(' ');
  const auto end = decision.rfind("\" cpu=");
  if (at == std::string_view::npos || what_at >= at || end == std::string_view::npos || end < at + k_before.size()) {
    return printable(decision);
  }
  const auto what = decision.substr(what_at + 1, at - what_at - 1);
  const auto reason = decision.substr(at + k_before.size(), end - at - k_before.size());
  return printable(what.starts_with("hold") ? std::string(reason) : fmt::format("{}: {}", what, reason));
}

json::Value json_of(const Overview& overview) {
  json::Value value;
  value.set("time", rfc3339_in_seconds(overview.at));
  value.set("deployment", overview.deployment);
  value.set("verdict", name_of(overview.verdict));
  control::set_figures(value, overview.sample);
  value.set("kong", json_of(overview.kong));
  value.set("docker_error", json::of(overview.docker_error));
  value.set("instances", json_of(overview.instances));
  value.set("targets_error", json::of(overview.targets_error));
  value.set("targets", json_of(overview.targets));
  value.set("autoscaler", json_of(overview.autoscaler));
  value.set("drift", overview.drift ? json::of(*overview.drift) : json::Value());
  value.set("problems", json::of(overview.problems));
  value.set("notices", json::of(overview.notices()));
  return value;
}

std::string text_of(const Overview& overview) {
  auto text = line("health", std::string(name_of(overview.verdict))) + kong_text(overview.kong);
  if (overview.docker_error) {
    text += error_line("Docker", *overview.docker_error);
  }
  if (overview.targets_error && !overview.kong.error) {
    text += error_line("targets", *overview.targets_error);
  }
  text += traffic_text(overview.sample) + host_text(overview.sample);
  text += autoscaler_text(overview.autoscaler);
  text += instances_text(overview) + faults_text(overview.instances);
  text += targets_text(overview);
  text += drift_text(overview.drift);
  for (const auto& problem : overview.problems) {
    text += fmt::format("not read: {}\n", printable(problem));
  }
  for (const auto& notice : overview.notices()) {
    text += fmt::format("note: {}\n", printable(notice));
  }
  return text;
}

}  // namespace kscale::operate
