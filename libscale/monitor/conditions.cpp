#include "libscale/monitor/conditions.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "libscale/base/printable.hpp"
#include "libscale/control/silence.hpp"
#include "libscale/operate/figures.hpp"

namespace kscale::monitor {

namespace {

using alert::Findings;
using alert::Rule;
using alert::Severity;
using control::Settings;
using operate::InstanceView;
using operate::Overview;
using operate::shown;
using operate::Verdict;

bool is_running(const InstanceView& instance) {
  return instance.state == docker::State::running;
}

/// Whether it is too new to be judged.
bool is_young(const InstanceView& instance) {
  return instance.warming_up || instance.health == docker::Health::starting;
}

bool is_faulty(const InstanceView& instance) {
  return !instance.fault.empty();
}

void add(Findings& findings, Rule rule, Severity severity, std::string summary) {
  findings.present.push_back({rule, "", severity, std::move(summary)});
}

/// That nothing can be said of the rule, nor of any of its subjects.
void add_unknown(Findings& findings, Rule rule) {
  findings.unknown.emplace_back(rule, "");
}

void judge_use(Findings& findings, const InstanceView& instance, Rule rule, std::string_view what,
               const std::optional<Percent>& use, Percent limit) {
  if (instance.warming_up || !use) {
    findings.unknown.emplace_back(rule, instance.name);
  } else if (*use > limit) {
    findings.present.push_back(
        {rule, instance.name, Severity::warning,
         fmt::format("{} of {} is {}, above {:g}%", what, printable(instance.name), shown(use), limit.value)});
  }
}

void judge_health(Findings& findings, const InstanceView& instance) {
  if (!is_faulty(instance)) {
    return;
  }
  if (is_young(instance)) {
    findings.unknown.emplace_back(Rule::unhealthy_instance, instance.name);
  } else {
    findings.present.push_back(
        {Rule::unhealthy_instance, instance.name, Severity::warning,
         fmt::format("{} is unhealthy: {}", printable(instance.name), printable(instance.fault))});
  }
}

/// What the verdict rests on.
std::string cause_of(const Overview& overview) {
  const auto& kong = overview.kong;
  if (!kong.status || !kong.status->configured) {
    return kong.status ? "Kong has no configuration yet" : "Kong is unreachable";
  }
  if (overview.targets_error && overview.verdict == Verdict::degraded) {
    return "Kong's targets cannot be read";
  }
  const auto backends = std::ranges::count_if(
      overview.instances, [](const InstanceView& one) { return is_running(one) || is_faulty(one); });
  const auto faulty = std::ranges::count_if(overview.instances, is_faulty);
  return backends == 0 ? "no instance runs"
                       : fmt::format("{} of {} instance{} {} unhealthy", faulty, backends, backends == 1 ? "" : "s",
                                     faulty == 1 ? "is" : "are");
}

void judge_whole(Findings& findings, const Overview& overview) {
  if (overview.verdict == Verdict::healthy) {
    return;
  }
  const bool kong_is_up = overview.kong.status && overview.kong.status->configured;
  const bool is_open = kong_is_up && std::ranges::any_of(overview.instances, is_faulty) &&
                       std::ranges::all_of(overview.instances, [](const InstanceView& instance) {
                         return !is_faulty(instance) || is_young(instance);
                       });
  if (is_open) {
    add_unknown(findings, Rule::overall_health);
    return;
  }
  const bool is_degraded = overview.verdict == Verdict::degraded;
  add(findings, Rule::overall_health, is_degraded ? Severity::warning : Severity::critical,
      fmt::format("{} is {}: {}", printable(overview.deployment), is_degraded ? "degraded" : "unhealthy",
                  cause_of(overview)));
}

void judge_at_max(Findings& findings, const Overview& overview, const policy::Rules& rules) {
  // A fleet of a fixed size is at its max always, which is no news.
  const auto running = std::ranges::count_if(overview.instances, is_running);
  if (rules.min_instances < rules.max_instances && running >= rules.max_instances) {
    add(findings, Rule::at_max, Severity::warning,
        fmt::format("{} instances run, and max-instances is {}", running, rules.max_instances));
  }
}

void judge_instances(Findings& findings, const Overview& overview, const Settings& settings) {
  if (overview.docker_error) {
    for (const auto rule :
         {Rule::high_cpu, Rule::high_memory, Rule::unhealthy_instance, Rule::overall_health, Rule::at_max}) {
      add_unknown(findings, rule);
    }
    add(findings, Rule::docker_unreachable, Severity::critical,
        "Docker is unreachable: " + printable(overview.docker_error->what));
    return;
  }
  for (const auto& instance : overview.instances) {
    if (is_running(instance)) {
      judge_use(findings, instance, Rule::high_cpu, "cpu", instance.cpu, settings.alerting.cpu);
      judge_use(findings, instance, Rule::high_memory, "memory", instance.memory, settings.alerting.memory);
    }
    judge_health(findings, instance);
  }
  judge_whole(findings, overview);
  judge_at_max(findings, overview, settings.rules);
}

void judge_traffic(Findings& findings, const Overview& overview, const control::Alerting& alerting) {
  const auto& sample = overview.sample;
  const auto without_figure = [&](Rule rule) {
    // Where requests are rare, many a look sees none, between others that were slow or failed.
    if (sample.request_rate && sample.request_rate->value <= 0) {
      findings.idle.push_back(rule);
    } else {
      add_unknown(findings, rule);
    }
  };
  if (!sample.response_time) {
    without_figure(Rule::slow_responses);
  } else if (*sample.response_time > alerting.response_time) {
    add(findings, Rule::slow_responses, Severity::warning,
        fmt::format("the mean response time is {}, above {} ms", shown(sample.response_time),
                    alerting.response_time.count()));
  }
  if (!sample.error_rate) {
    without_figure(Rule::errors);
  } else if (*sample.error_rate > alerting.error_rate) {
    add(findings, Rule::errors, Severity::warning,
        fmt::format("{} of the answers are 5xx, above {:g}%", shown(sample.error_rate), alerting.error_rate.value));
  }
  if (overview.kong.error) {
    add(findings, Rule::kong_unreachable, Severity::critical,
        "Kong is unreachable: " + printable(overview.kong.error->what));
  } else if (overview.targets_error) {
    add(findings, Rule::kong_unreachable, Severity::critical,
        "Kong's targets cannot be read: " + printable(overview.targets_error->what));
  }
}

void judge_drift(Findings& findings, const Overview& overview) {
  constexpr std::size_t k_most_lines = 3;
  if (!overview.drift || overview.is_under_way()) {
    add_unknown(findings, Rule::target_drift);
    return;
  }
  std::vector<std::string> lines;
  for (const auto& line : *overview.drift) {
    if (lines.size() == k_most_lines) {
      lines.push_back(fmt::format("and {} more", overview.drift->size() - k_most_lines));
      break;
    }
    lines.push_back(printable(line));
  }
  if (!lines.empty()) {
    add(findings, Rule::target_drift, Severity::warning,
        fmt::format("containers and targets disagree: {}", fmt::join(lines, "; ")));
  }
}

void judge_autoscaler(Findings& findings, const Overview& overview, std::chrono::seconds check_interval) {
  if (overview.docker_error || overview.kong.error || overview.is_under_way()) {
    add_unknown(findings, Rule::autoscaler_silent);
    return;
  }
  const auto& [holder, paused, pause_left, last, up_left, down_left] = overview.autoscaler;
  const auto limit = control::longest_silence(check_interval);
  if (!last || last->ago <= limit) {
    return;
  }
  if (holder.empty()) {
    add(findings, Rule::autoscaler_silent, Severity::warning,
        fmt::format("kscale-auto does not run, and checked {} ago, longer than {}", shown(last->ago), shown(limit)));
  } else {
    add(findings, Rule::autoscaler_silent, Severity::critical,
        fmt::format("{} runs, and checked {} ago, longer than {}", printable(holder), shown(last->ago), shown(limit)));
  }
}

}  // namespace

Findings find(const Overview& overview, const Settings& settings) {
  Findings findings;
  judge_instances(findings, overview, settings);
  judge_traffic(findings, overview, settings.alerting);
  judge_drift(findings, overview);
  judge_autoscaler(findings, overview, settings.check_interval);
  return findings;
}

}  // namespace kscale::monitor
