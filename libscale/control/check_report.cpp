#include "libscale/control/check_report.hpp"

#include <chrono>

#include <fmt/ranges.h>

#include "libscale/base/rfc3339.hpp"
#include "libscale/net/json_figures.hpp"

namespace kscale::control {

namespace {

json::Value json_of(const InstanceSample& instance) {
  json::Value value;
  value.set("number", instance.number);
  value.set("name", instance.name);
  value.set("health", name_of(instance.health));
  value.set("warming_up", instance.warming_up);
  value.set("serving", instance.serving);
  value.set("uptime_seconds", json::of(instance.uptime));
  value.set("cpu_percent", json::of(instance.cpu));
  value.set("memory_percent", json::of(instance.memory));
  value.set("memory_bytes", json::of(instance.memory_used));
  value.set("received_bytes_per_second", json::of(instance.received));
  value.set("sent_bytes_per_second", json::of(instance.sent));
  return value;
}

json::Value json_of(const Outcome& outcome) {
  json::Value value;
  value.set("reached_instances", outcome.reached);
  value.set("changed", json::of(outcome.names));
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
  json::Value value;
  value.set("time", rfc3339_in_seconds(report.at));
  value.set("action", name_of(report.decision.action));
  value.set("from_instances", report.decision.from);
  value.set("to_instances", report.decision.to);
  value.set("reason", report.decision.reason);
  value.set("cause", name_of(report.decision.cause));
  value.set("dry_run", report.dry_run);
  set_figures(value, sample);
  value.set("instances", json::Value::array());
  for (const auto& instance : sample.instances) {
    value.at("instances").push_back(json_of(instance));
  }
  value.set("drift", json::of(report.drift));
  value.set("mended", json::of(report.mended));
  value.set("problems", json::of(report.problems));
  value.set("notice", json::of(sample.notice));
  value.set("outcome", report.outcome ? json_of(*report.outcome) : json::Value());
  return value;
}

}  // namespace kscale::control
