#include "libscale/control/sample.hpp"

#include <algorithm>

#include "libscale/fleet/rotation.hpp"
#include "libscale/metrics/cpu.hpp"
#include "libscale/metrics/histogram.hpp"
#include "libscale/metrics/memory.hpp"
#include "libscale/metrics/rate.hpp"
#include "libscale/net/json_figures.hpp"

namespace kscale::control {

namespace {

constexpr double k_p95 = 0.95;

std::optional<BytesPerSecond> rate_of(Bytes earlier, Bytes later, std::chrono::nanoseconds span) {
  if (later < earlier) {
    return std::nullopt;
  }
  const auto rate = metrics::per_second(static_cast<double>((later - earlier).value), span);
  return rate ? std::optional(BytesPerSecond{*rate}) : std::nullopt;
}

/// The age and the warmth of an instance. One whose start is not known, or still to come because somebody set the clock
/// back, is taken for warm.
void add_age(InstanceSample& sample, const docker::Container& container, const SampleContext& context) {
  if (container.started_at && *container.started_at <= context.now.wall) {
    sample.uptime = std::chrono::floor<std::chrono::seconds>(context.now.wall - *container.started_at);
  }
  sample.warming_up =
      container.health == docker::Health::starting || (sample.uptime && *sample.uptime < context.warm_up);
}

InstanceSample sample_of(const fleet::Instance& instance, const docker::Stats* earlier, const docker::Stats* later,
                         const SampleContext& context) {
  const auto& container = instance.container;
  InstanceSample sample{.number = instance.number, .name = container.name, .health = container.health};
  sample.serving = container.health != docker::Health::unhealthy;
  add_age(sample, container, context);
  if (later == nullptr) {
    return sample;
  }
  if (later->memory) {
    sample.memory = metrics::memory_percent(*later->memory, context.host_memory);
    sample.memory_used = metrics::memory_used(*later->memory);
  }
  if (earlier == nullptr) {
    return sample;
  }
  if (const auto used = metrics::cpu_between(earlier->cpu, later->cpu)) {
    const bool by_limit = context.cpu_basis == CpuBasis::limit;
    sample.cpu = metrics::cpu_percent(*used, by_limit ? container.cpu_limit : std::nullopt);
  }
  if (earlier->network && later->network) {
    const auto span = later->cpu.read_at - earlier->cpu.read_at;
    sample.received = rate_of(earlier->network->received, later->network->received, span);
    sample.sent = rate_of(earlier->network->sent, later->network->sent, span);
  }
  return sample;
}

/// Unknown where a counter began anew in between: what came before that is lost, so that a busy span would look idle.
std::optional<RequestsPerSecond> rate_of(const metrics::Counters& earlier, const metrics::Counters& later,
                                         std::chrono::nanoseconds span) {
  if (metrics::was_reset(earlier, later)) {
    return std::nullopt;
  }
  const auto rate = metrics::per_second(metrics::increase_between(earlier, later), span);
  return rate ? std::optional(RequestsPerSecond{*rate}) : std::nullopt;
}

/// Rate and errors from the service's own counters.
void add_counted_traffic(Sample& sample, const kong::Traffic& earlier, const kong::Traffic& later,
                         std::chrono::nanoseconds span) {
  sample.request_rate = rate_of(*earlier.requests, *later.requests, span);
  const double requests = metrics::increase_between(*earlier.requests, *later.requests);
  if (earlier.errors && later.errors && requests >= 1) {
    const double errors = metrics::increase_between(*earlier.errors, *later.errors);
    sample.error_rate = Percent{errors / requests * 100};
  }
}

/// Whether all of Kong's requests stand for the service's: Kong said at both looks that it does not count those.
bool is_uncounted(const Readings& earlier, const Readings& later) {
  return earlier.traffic && !earlier.traffic->requests && later.traffic && !later.traffic->requests;
}

void add_traffic(Sample& sample, const Readings& earlier, const Readings& later) {
  const auto span = later.at - earlier.at;
  const auto has_counters = [](const Readings& r) { return r.traffic && r.traffic->requests; };
  if (has_counters(earlier) && has_counters(later)) {
    add_counted_traffic(sample, *earlier.traffic, *later.traffic, span);
  } else if (is_uncounted(earlier, later) && earlier.total_requests && later.total_requests) {
    sample.request_rate = rate_of({{"", *earlier.total_requests}}, {{"", *later.total_requests}}, span);
  }
}

void add_latency(Sample& sample, const Readings& earlier, const Readings& later) {
  if (earlier.traffic && earlier.traffic->latency && later.traffic && later.traffic->latency) {
    const auto latency = metrics::increase_between(*earlier.traffic->latency, *later.traffic->latency);
    sample.response_time = metrics::mean(latency);
    sample.response_time_p95 = metrics::quantile(latency, k_p95);
  }
}

std::optional<std::string> notice_for(const std::optional<kong::Traffic>& traffic, const std::string& service) {
  if (!traffic || (traffic->requests && traffic->latency)) {
    return std::nullopt;
  }
  const auto* const flags = traffic->requests  ? "latency_metrics"
                            : traffic->latency ? "status_code_metrics"
                                               : "status_code_metrics and latency_metrics";
  return fmt::format(
      "Kong does not measure service '{}' ({}): until a request comes, or the Prometheus plugin gets {}: true, {}",
      service, !traffic->requests ? "no request counter" : "no response times", flags,
      !traffic->requests ? "the request rate is that of all of Kong, and the response time that of one timed request"
                         : "the response time is that of one timed request");
}

/// Notes that Kong sends the instance no requests.
void mark_idle(Sample& sample, const fleet::Instance& instance) {
  const auto found = std::ranges::find(sample.instances, instance.number, &InstanceSample::number);
  if (found != sample.instances.end()) {
    found->serving = false;
  }
}

const docker::Stats* stats_in(const Readings& readings, const std::string& id) {
  const auto found = readings.containers.find(id);
  return found != readings.containers.end() ? &found->second : nullptr;
}

}  // namespace

policy::Load Sample::load() const {
  std::vector<policy::InstanceLoad> loads;
  loads.reserve(instances.size());
  for (const auto& instance : instances) {
    loads.push_back({.warming_up = instance.warming_up,
                     .serving = instance.serving,
                     .cpu = instance.cpu,
                     .memory = instance.memory});
  }
  return {.cpu = policy::average_cpu(loads),
          .memory = policy::average_memory(loads),
          .request_rate = request_rate,
          .response_time = response_time};
}

int Sample::warming_up() const {
  return static_cast<int>(std::ranges::count_if(instances, &InstanceSample::warming_up));
}

int Sample::not_serving() const {
  return static_cast<int>(std::ranges::count(instances, false, &InstanceSample::serving));
}

void set_figures(json::Value& object, const Sample& sample) {
  const auto load = sample.load();
  object.set("cpu_percent", json::of(policy::figure_of(load.cpu)));
  object.set("memory_percent", json::of(policy::figure_of(load.memory)));
  object.set("requests_per_second", json::of(sample.request_rate));
  object.set("error_percent", json::of(sample.error_rate));
  object.set("response_milliseconds", json::of(sample.response_time));
  object.set("response_p95_milliseconds", json::of(sample.response_time_p95));
  object.set("host_cpu_percent", json::of(sample.host_cpu));
  object.set("host_memory_percent", json::of(sample.host_memory));
  object.set("host_disk_percent", json::of(sample.host_disk));
}

void mark_out_of_rotation(Sample& sample, const fleet::Drift& drift) {
  for (const auto* const idle : {&drift.without_target, &drift.taken_out}) {
    for (const auto& instance : *idle) {
      mark_idle(sample, instance);
    }
  }
}

void mark_unhealthy(Sample& sample, const std::vector<fleet::Instance>& instances, const fleet::Deployment& deployment,
                    const Result<std::vector<kong::TargetHealth>>& health) {
  sample.knows_health = health.has_value();
  if (!health) {
    sample.problems.push_back(health.error().what);
    return;
  }
  for (const auto& instance : instances) {
    const auto address = deployment.address_of(instance);
    const auto target = std::ranges::find_if(*health, [&](const auto& one) { return one.address == address; });
    if (target == health->end()) {
      continue;
    }
    const bool is_elsewhere =
        deployment.addressing == fleet::Addressing::name && fleet::is_elsewhere(instance, *target);
    if (is_elsewhere) {
      sample.problems.push_back(
          fmt::format("Kong sends the requests for {} to {}, which is not its address any more, until Kong asks "
                      "Docker's DNS again; "
                      "target-address: ip avoids that",
                      target->address, target->resolved.front().ip));
    }
    if (is_elsewhere || target->is_given_up()) {
      mark_idle(sample, instance);
    }
  }
}

store::FleetSample to_keep(const Sample& sample, WallTime at) {
  const auto load = sample.load();
  store::FleetSample kept{.at = at,
                          .cpu = policy::figure_of(load.cpu),
                          .memory = policy::figure_of(load.memory),
                          .request_rate = sample.request_rate,
                          .error_rate = sample.error_rate,
                          .response_time = sample.response_time,
                          .response_time_p95 = sample.response_time_p95,
                          .host_cpu = sample.host_cpu,
                          .host_memory = sample.host_memory,
                          .host_disk = sample.host_disk};
  for (const auto& instance : sample.instances) {
    kept.instances.push_back({.number = instance.number,
                              .serving = instance.serving,
                              .cpu = instance.cpu,
                              .memory = instance.memory,
                              .memory_used = instance.memory_used,
                              .received = instance.received,
                              .sent = instance.sent});
  }
  return kept;
}

Sample sample_between(const std::optional<Readings>& earlier, const Readings& later,
                      const std::vector<fleet::Instance>& running, const SampleContext& context) {
  Sample sample;
  for (const auto& instance : running) {
    const auto& id = instance.container.id;
    const auto* const before = earlier ? stats_in(*earlier, id) : nullptr;
    sample.instances.push_back(sample_of(instance, before, stats_in(later, id), context));
  }
  sample.notice = notice_for(later.traffic, context.service);
  if (earlier) {
    add_traffic(sample, *earlier, later);
    add_latency(sample, *earlier, later);
    if (earlier->host_cpu && later.host_cpu) {
      sample.host_cpu = metrics::host_cpu_between(*earlier->host_cpu, *later.host_cpu);
    }
  }
  return sample;
}

}  // namespace kscale::control
