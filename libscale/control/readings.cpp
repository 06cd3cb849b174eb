#include "libscale/control/readings.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "libscale/net/json.hpp"

namespace kscale::control {

namespace {

json::Value of_counters(const metrics::Counters& counters) {
  json::Value::Object members;
  for (const auto& [series, count] : counters) {
    members.emplace_back(series, count);
  }
  return members;
}

/// Takes values, and remembers when one was not of the kind asked for.
class Taker {
 public:
  bool is_content() const { return m_content; }

  double number(const json::Value& value) { return taken(value.as_number(), metrics::is_count); }
  /// Not below zero, so that the difference of two of them fits as well.
  std::chrono::nanoseconds span(const json::Value& value) {
    return std::chrono::nanoseconds{taken(value.as_int(), [](std::int64_t count) { return count >= 0; })};
  }
  std::uint64_t count(const json::Value& value, std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    return taken(value.as_uint(), [most](std::uint64_t count) { return count <= most; });
  }
  const json::Value::Object& members(const json::Value& value) {
    m_content = m_content && value.is_object();
    return value.members();
  }

  metrics::Counters counters(const json::Value& value);
  metrics::Histograms histograms(const json::Value& value);
  kong::Traffic traffic(const json::Value& value);
  docker::Stats stats(const json::Value& value);

 private:
  template <class T, class Accepts>
  T taken(const std::optional<T>& value, const Accepts& accepts) {
    const bool is_good = value && accepts(*value);
    m_content = m_content && is_good;
    return is_good ? *value : T{};
  }

  bool m_content = true;
};

metrics::Counters Taker::counters(const json::Value& value) {
  metrics::Counters counters;
  for (const auto& [series, count] : members(value)) {
    counters[series] = number(count);
  }
  return counters;
}

json::Value of_histograms(const metrics::Histograms& histograms) {
  json::Value::Object members;
  for (const auto& [series, histogram] : histograms) {
    json::Value one;
    one.set("sum", histogram.sum);
    one.set("count", histogram.count);
    one.set("buckets", json::Value::array());
    for (const auto& [bound, count] : histogram.buckets) {
      // JSON knows no infinity: null stands for it.
      one.at("buckets").push_back(json::Value::Array{bound, count});
    }
    members.emplace_back(series, std::move(one));
  }
  return members;
}

metrics::Histograms Taker::histograms(const json::Value& value) {
  metrics::Histograms histograms;
  for (const auto& [series, one] : members(value)) {
    auto& histogram = histograms[series];
    histogram.sum = number(one["sum"]);
    histogram.count = number(one["count"]);
    for (const auto& bucket : one["buckets"].items()) {
      const auto& pair = bucket.items();
      if (pair.size() != 2) {
        m_content = false;
        break;
      }
      const auto bound = pair[0].is_null() ? std::numeric_limits<double>::infinity() : number(pair[0]);
      histogram.buckets[bound] = number(pair[1]);
    }
  }
  return histograms;
}

json::Value of_traffic(const kong::Traffic& traffic) {
  json::Value value = json::Value::object();
  if (traffic.requests) {
    value.set("requests", of_counters(*traffic.requests));
  }
  if (traffic.errors) {
    value.set("errors", of_counters(*traffic.errors));
  }
  if (traffic.latency) {
    value.set("latency", of_histograms(*traffic.latency));
  }
  return value;
}

kong::Traffic Taker::traffic(const json::Value& value) {
  kong::Traffic traffic;
  m_content = m_content && value.is_object();
  if (value.has("requests")) {
    traffic.requests = counters(value["requests"]);
  }
  if (value.has("errors")) {
    traffic.errors = counters(value["errors"]);
  }
  if (value.has("latency")) {
    traffic.latency = histograms(value["latency"]);
  }
  return traffic;
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

docker::Stats Taker::stats(const json::Value& value) {
  constexpr std::uint64_t k_most_cpus = std::numeric_limits<unsigned>::max();
  docker::Stats stats;
  stats.cpu = {.used = span(value["cpu_ns"]),
               .system = {},
               .online_cpus = static_cast<unsigned>(count(value["online_cpus"], k_most_cpus)),
               .read_at = span(value["read_at_ns"])};
  if (value.has("system_ns")) {
    stats.cpu.system = span(value["system_ns"]);
  }
  if (value.has("received_bytes")) {
    stats.network =
        docker::NetworkReading{.received = {count(value["received_bytes"])}, .sent = {count(value["sent_bytes"])}};
  }
  return stats;
}

}  // namespace

std::string write_readings(const Readings& readings) {
  json::Value value;
  json::Value::Object containers;
  for (const auto& [id, stats] : readings.containers) {
    containers.emplace_back(id, of_stats(stats));
  }
  value.set("containers", std::move(containers));
  if (readings.traffic) {
    value.set("traffic", of_traffic(*readings.traffic));
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
  Taker take;
  Readings readings;
  readings.at = at;
  for (const auto& [id, stats] : take.members((*value)["containers"])) {
    readings.containers.emplace(id, take.stats(stats));
  }
  if (value->has("traffic")) {
    readings.traffic = take.traffic((*value)["traffic"]);
  }
  if (value->has("total_requests")) {
    readings.total_requests = take.number((*value)["total_requests"]);
  }
  if (value->has("host_total")) {
    readings.host_cpu =
        metrics::HostCpuReading{.busy = take.count((*value)["host_busy"]), .total = take.count((*value)["host_total"])};
  }
  if (!take.is_content()) {
    return fail(Errc::invalid, "the counters of the last check: not of the known shape");
  }
  return readings;
}

}  // namespace kscale::control
