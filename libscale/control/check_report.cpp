#include "libscale/control/check_report.hpp"

#include <chrono>
#include <cmath>

#include <fmt/ranges.h>

#include "libscale/base/rfc3339.hpp"

namespace kscale::control {

namespace {

double rounded(double value) {
  constexpr double k_hundred = 100;
  return std::round(value * k_hundred) / k_hundred;
}

template <class Unit>
json::Value json_of(const std::optional<Quantity<Unit>>& quantity) {
  return quantity ? json::Value(rounded(quantity->value)) : json::Value();
}

json::Value json_of(const std::optional<Milliseconds>& span) {
  return span ? json::Value(rounded(span->count())) : json::Value();
}

json::Value json_of(const std::vector<std::string>& lines) {
  auto list = json::Value::array();
  for (const auto& line : lines) {
    list.push_back(line);
  }
  return list;
}

json::Value json_of(const InstanceSample& instance) {
  json::Value value;
  value.set("number", instance.number);
  value.set("name", instance.name);
  value.set("health", name_of(instance.health));
  value.set("warming_up", instance.warming_up);
  value.set("serving", instance.serving);
  value.set("uptime_seconds", instance.uptime ? json::Value(std::int64_t{instance.uptime->count()}) : json::Value());
  value.set("cpu_percent", json_of(instance.cpu));
  value.set("memory_percent", json_of(instance.memory));
  value.set("memory_bytes", instance.memory_used ? json::Value(instance.memory_used->value) : json::Value());
  value.set("received_bytes_per_second", json_of(instance.received));
  value.set("sent_bytes_per_second", json_of(instance.sent));
  return value;
}

json::Value json_of(const Outcome& outcome) {
  json::Value value;
  value.set("reached_instances", outcome.reached);
  value.set("changed", json_of(outcome.names));
  value.set("error", outcome.status ? json::Value() : json::Value(outcome.status.error().what));
  value.set("took_milliseconds", std::int64_t{outcome.took.count()});
  return value;
}

std::string percent_text(const std::optional<policy::Average>& average) {
  return average ? fmt::format("{:.0f}%", average->at_least.value) : "unknown";
}

std::string figures_of(const Sample& sample) {
  const auto load = sample.load();
  return fmt::format("cpu={} memory={} rate={} response={}", percent_text(load.cpu), percent_text(load.memory),
                     load.request_rate ? fmt::format("{:.1f}/s", load.request_rate->value) : "unknown",
                     load.response_time ? fmt::format("{:.0f}ms", load.response_time->count()) : "unknown");
}

}  // namespace

std::string line_of(const CheckReport& report) {
  const auto& decision = report.decision;
  const auto what = decision.action == policy::Action::hold
                        ? fmt::format("hold instances={}", decision.from)
                        : fmt::format("scale from={} to={}{}", decision.from, decision.to,
                                      report.dry_run ? " (dry run: nothing is changed)" : "");
  return fmt::format("{} {} reason=\"{}\" {}", rfc3339_in_seconds(report.at), what, decision.reason,
                     figures_of(report.sample));
}

std::string outcome_line_of(const CheckReport& report) {
  if (!report.outcome) {
    return "";
  }
  const auto& outcome = *report.outcome;
  const auto* const verb = report.decision.to > report.decision.from ? "added" : "removed";
  const auto seconds = std::chrono::duration<double>(outcome.took).count();
  const auto names = outcome.names.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(outcome.names, ","));
  return fmt::format("{} scaled to={} {}={} in {:.1f}s", rfc3339_in_seconds(report.at), outcome.reached, verb, names,
                     seconds);
}

json::Value json_of(const CheckReport& report) {
  const auto& sample = report.sample;
  const auto load = sample.load();
  json::Value value;
  value.set("time", rfc3339_in_seconds(report.at));
  value.set("action", name_of(report.decision.action));
  value.set("from_instances", report.decision.from);
  value.set("to_instances", report.decision.to);
  value.set("reason", report.decision.reason);
  value.set("cause", name_of(report.decision.cause));
  value.set("dry_run", report.dry_run);
  value.set("cpu_percent", json_of(policy::figure_of(load.cpu)));
  value.set("memory_percent", json_of(policy::figure_of(load.memory)));
  value.set("requests_per_second", json_of(sample.request_rate));
  value.set("error_percent", json_of(sample.error_rate));
  value.set("response_milliseconds", json_of(sample.response_time));
  value.set("response_p95_milliseconds", json_of(sample.response_time_p95));
  value.set("host_cpu_percent", json_of(sample.host_cpu));
  value.set("host_memory_percent", json_of(sample.host_memory));
  value.set("host_disk_percent", json_of(sample.host_disk));
  value.set("instances", json::Value::array());
  for (const auto& instance : sample.instances) {
    value.at("instances").push_back(json_of(instance));
  }
  value.set("drift", json_of(report.drift));
  value.set("mended", json_of(report.mended));
  value.set("problems", json_of(report.problems));
  value.set("notice", sample.notice ? json::Value(*sample.notice) : json::Value());
  value.set("outcome", report.outcome ? json_of(*report.outcome) : json::Value());
  return value;
}

}  // namespace kscale::control
