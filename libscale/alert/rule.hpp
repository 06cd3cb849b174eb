#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace kscale::alert {

/// What can be wrong.
enum class Rule {
  high_cpu,
  high_memory,
  slow_responses,
  errors,
  unhealthy_instance,
  overall_health,
  kong_unreachable,
  docker_unreachable,
  target_drift,
  at_max,
  autoscaler_silent,
};

enum class Severity { warning, critical };

std::string_view name_of(Severity severity);

/// What stands about a rule everywhere.
struct RuleInfo {
  Rule rule{};
  std::string_view name;          ///< for people and settings: "high-cpu"
  std::string_view alertname;     ///< for Prometheus and Alertmanager: "KscaleHighCpu"
  std::chrono::seconds hold_for;  ///< by default, how long it must be so before it fires
  std::string_view meaning;       ///< when it fires, in words
};

/// All rules, in the order of the enumeration.
const std::vector<RuleInfo>& rules();
const RuleInfo& info(Rule rule);
/// The rule of that name; nothing where there is none.
std::optional<Rule> rule_named(std::string_view name);

/// How long each rule must hold before it fires; those not named keep their default.
using HoldTimes = std::map<Rule, std::chrono::seconds>;

}  // namespace kscale::alert
