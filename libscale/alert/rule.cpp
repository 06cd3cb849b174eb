#include "libscale/alert/rule.hpp"

#include <algorithm>

namespace kscale::alert {

using namespace std::chrono_literals;

std::string_view name_of(Severity severity) {
  return severity == Severity::critical ? "critical" : "warning";
}

const std::vector<RuleInfo>& rules() {
  static const std::vector<RuleInfo> all{
      {Rule::high_cpu, "high-cpu", "KscaleHighCpu", 1min, "an instance uses more CPU than cpu-threshold"},
      {Rule::high_memory, "high-memory", "KscaleHighMemory", 1min,
       "an instance uses more memory than memory-threshold"},
      {Rule::slow_responses, "slow-responses", "KscaleSlowResponses", 1min,
       "the mean response time is above response-time-threshold"},
      {Rule::errors, "errors", "KscaleErrors", 1min, "the share of answers with 5xx is above error-rate-threshold"},
      {Rule::unhealthy_instance, "unhealthy-instance", "KscaleUnhealthyInstance", 30s,
       "an instance is unhealthy, or ended with a failure"},
      {Rule::overall_health, "overall-health", "KscaleOverallHealth", 30s,
       "the deployment as a whole is degraded or unhealthy"},
      {Rule::kong_unreachable, "kong-unreachable", "KscaleKongUnreachable", 15s,
       "Kong's Admin API does not answer, or not for its targets"},
      {Rule::docker_unreachable, "docker-unreachable", "KscaleDockerUnreachable", 15s, "Docker does not answer"},
      {Rule::target_drift, "target-drift", "KscaleTargetDrift", 1min, "containers and Kong's targets disagree"},
      {Rule::at_max, "at-max", "KscaleAtMax", 15min, "as many instances run as max-instances allows"},
      {Rule::autoscaler_silent, "autoscaler-silent", "KscaleAutoscalerSilent", 1min,
       "kscale-auto has not checked for three intervals"},
  };
  return all;
}

const RuleInfo& info(Rule rule) {
  return *std::ranges::find(rules(), rule, &RuleInfo::rule);
}

std::optional<Rule> rule_named(std::string_view name) {
  const auto found = std::ranges::find(rules(), name, &RuleInfo::name);
  return found != rules().end() ? std::optional(found->rule) : std::nullopt;
}

}  // namespace kscale::alert
