#include "libscale/control/readings.hpp"

#include <cmath>
#include <limits>

#include "libscale/net/json.hpp"

namespace kscale::control {

namespace {

json::Value of_counters(const metrics::Counters& counters) {
  json::Value value = json::Value::object();
  for (const auto& [series, count] : counters) {
    value.set(series, count);
  }
  return value;
}

metrics::Counters counters_in(const json::Value& value) {
  metrics::Counters counters;
  for (const auto& [series, count] : value.members()) {
    counters[series] = count.as_number().value_or(0);
  }
  return counters;
}

json::Value of_histograms(const metrics::Histograms& histograms) {
  json::Value value = json::Value::object();
  for (const auto& [series, histogram] : histograms) {
    json::Value one;
    one.set("sum", histogram.sum);
    one.set("count", histogram.count);
    one.set("buckets", json::Value::array());
    for (const auto& [bound, count] : histogram.buckets) {
      // JSON knows no infinity: null stands for it.
      one.at("buckets").push_back(json::Value::Array{bound, count});
    }
    value.set(series, std::move(one));
  }
  return value;
}

metrics::Histograms histograms_in(const json::Value& value) {
  metrics::Histograms histograms;
  for (const auto& [series, one] : value.members()) {
    auto& histogram = histograms[series];
    histogram.sum = one["sum"].as_number().value_or(0);
    histogram.count = one["count"].as_number().value_or(0);
    for (const auto& bucket : one["buckets"].items()) {
      if (bucket.items().size() == 2) {
        const auto bound = bucket.items()[0].as_number().value_or(std::numeric_limits<double>::infinity());
        histogram.buckets[bound] = bucket.items()[1].as_number().value_or(0);
      }
    }
  }
  return histograms;
}

json::Value of_stats(const docker::Stats& stats) {
  json::Value value;
  value.set("cpu_ns", stats.cpu.used.count());
  if (stats.cpu.system) {
    value.set("system_ns", stats.cpu.system->count());
  }
  value.set("online_cpus", static_cast<std::int64_t>(stats.cpu.online_cpus));
  value.set("read_at_ns", stats.cpu.read_at.count());
  if (stats.network) {
    value.set("received_bytes", stats.network->received.value);
    value.set("sent_bytes", stats.network->sent.value);
  }
  return value;
}

docker::Stats stats_in(const json::Value& value) {
  const auto nanoseconds = [&value](const char* key) {
    return std::chrono::nanoseconds{value[key].as_int().value_or(0)};
  };
  docker::Stats stats;
  stats.cpu = {.used = nanoseconds("cpu_ns"),
               .system = {},
               .online_cpus = static_cast<unsigned>(value["online_cpus"].as_uint().value_or(0)),
               .read_at = nanoseconds("read_at_ns")};
  if (value.has("system_ns")) {
    stats.cpu.system = nanoseconds("system_ns");
  }
  if (value.has("received_bytes")) {
    stats.network = docker::NetworkReading{.received = {value["received_bytes"].as_uint().value_or(0)},
                                           .sent = {value["sent_bytes"].as_uint().value_or(0)}};
  }
  return stats;
}

}  // namespace

std::string write_readings(const Readings& readings) {
  json::Value value;
  value.set("containers", json::Value::object());
  for (const auto& [id, stats] : readings.containers) {
    value.at("containers").set(id, of_stats(stats));
  }
  const auto& traffic = readings.traffic;
  if (traffic.requests) {
    value.set("requests", of_counters(*traffic.requests));
  }
  if (traffic.errors) {
    value.set("errors", of_counters(*traffic.errors));
  }
  if (traffic.latency) {
    value.set("latency", of_histograms(*traffic.latency));
  }
  if (readings.total_requests) {
    value.set("total_requests", *readings.total_requests);
  }
  if (readings.host_cpu) {
    value.set("host_busy", readings.host_cpu->busy);
    value.set("host_total", readings.host_cpu->total);
  }
  return json::dump(value);
}

Result<Readings> parse_readings(std::string_view text, Instant at) {
  const auto value = json::parse(text);
  if (!value) {
    return wrap(value.error(), "the counters of the last check");
  }
  Readings readings;
  readings.at = at;
  for (const auto& [id, stats] : (*value)["containers"].members()) {
    readings.containers.emplace(id, stats_in(stats));
  }
  if (value->has("requests")) {
    readings.traffic.requests = counters_in((*value)["requests"]);
  }
  if (value->has("errors")) {
    readings.traffic.errors = counters_in((*value)["errors"]);
  }
  if (value->has("latency")) {
    readings.traffic.latency = histograms_in((*value)["latency"]);
  }
  readings.total_requests = (*value)["total_requests"].as_number();
  if (value->has("host_total")) {
    readings.host_cpu = metrics::HostCpuReading{.busy = (*value)["host_busy"].as_uint().value_or(0),
                                                .total = (*value)["host_total"].as_uint().value_or(0)};
  }
  return readings;
}

}  // namespace kscale::control
