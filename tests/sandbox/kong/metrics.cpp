#include "tests/sandbox/kong/metrics.hpp"

#include <array>
#include <span>

#include <fmt/format.h>

#include "tests/sandbox/kong/node.hpp"

namespace kscale::sandbox {
namespace {

constexpr std::array<std::int64_t, 15> k_own_buckets{1, 2, 5, 7, 10, 15, 20, 30, 50, 75, 100, 200, 500, 750, 1000};
constexpr std::array<std::int64_t, 13> k_buckets{25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000, 10000, 30000, 60000};

std::string head(std::string_view name, std::string_view type, std::string_view help) {
  return fmt::format("# HELP kong_{0} {2}\n# TYPE kong_{0} {1}\n", name, type, help);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out + '"';
}

std::string series(std::string_view name, const std::map<std::string, std::uint64_t>& values) {
  std::string out;
  for (const auto& [labels, value] : values) {
    out += fmt::format("kong_{}{{{}}} {}\n", name, labels, value);
  }
  return out;
}

std::string memory(const Gauges& gauges) {
  std::string used = head("memory_lua_shared_dict_bytes", "gauge", "Allocated slabs in bytes in a shared_dict");
  std::string total = head("memory_lua_shared_dict_total_bytes", "gauge", "Total capacity in bytes of a shared_dict");
  for (const auto& dict : shared_dicts()) {
    const auto labels =
        fmt::format(R"(node_id="{}",shared_dict="{}",kong_subsystem="http")", gauges.node_id, dict.name);
    used += fmt::format("kong_memory_lua_shared_dict_bytes{{{}}} {}\n", labels, dict.used);
    total += fmt::format("kong_memory_lua_shared_dict_total_bytes{{{}}} {}\n", labels, dict.capacity);
  }
  auto workers = head("memory_workers_lua_vms_bytes", "gauge", "Allocated bytes in worker Lua VM");
  for (const auto pid : worker_pids()) {
    workers +=
        fmt::format("kong_memory_workers_lua_vms_bytes{{node_id=\"{}\",pid=\"{}\",kong_subsystem=\"http\"}} 41943040\n",
                    gauges.node_id, pid);
  }
  return used + total + workers;
}

std::string connections(const Gauges& gauges) {
  auto out = head("nginx_connections_total", "gauge", "Number of connections by subsystem");
  const std::array<std::pair<std::string_view, std::uint64_t>, 7> states{{{"accepted", gauges.requests},
                                                                          {"active", 1},
                                                                          {"handled", gauges.requests},
                                                                          {"reading", 0},
                                                                          {"total", gauges.requests},
                                                                          {"waiting", 0},
                                                                          {"writing", 1}}};
  for (const auto& [state, value] : states) {
    out += fmt::format("kong_nginx_connections_total{{node_id=\"{}\",subsystem=\"http\",state=\"{}\"}} {}\n",
                       gauges.node_id, state, value);
  }
  return out;
}

std::string nginx(const Gauges& gauges, bool plugin) {
  auto out = connections(gauges);
  if (plugin) {
    out += head("nginx_metric_errors_total", "counter", "Number of nginx-lua-prometheus errors");
    out += "kong_nginx_metric_errors_total 0\n";
  }
  out += head("nginx_requests_total", "gauge", "Number of requests total");
  out += fmt::format("kong_nginx_requests_total{{node_id=\"{}\",subsystem=\"http\"}} {}\n", gauges.node_id,
                     gauges.requests);
  out += head("nginx_timers", "gauge", "Number of nginx timers");
  out += "kong_nginx_timers{state=\"pending\"} 0\nkong_nginx_timers{state=\"running\"} 39\n";
  out += head("node_info", "gauge", "Kong Node metadata information");
  out += fmt::format("kong_node_info{{node_id=\"{}\",version=\"3.4.2\"}} 1\n", gauges.node_id);
  return out;
}

std::string target_health(const std::vector<TargetState>& targets) {
  auto out = head("upstream_target_health", "gauge",
                  "Health status of targets of upstream. States = healthchecks_off|healthy|unhealthy|dns_error, value "
                  "is 1 when state is populated.");
  for (const auto& target : targets) {
    for (const auto* const state : {"dns_error", "healthchecks_off", "healthy", "unhealthy"}) {
      out += fmt::format(
          "kong_upstream_target_health{{upstream={},target={},address={},state=\"{}\",subsystem=\"http\"}} {}\n",
          quoted(target.upstream), quoted(target.target), quoted(target.address), state, target.state == state ? 1 : 0);
    }
  }
  return out;
}

}  // namespace

void Counters::observe(Histogram& histogram, Milliseconds value, bool own) {
  const auto limits = own ? std::span<const std::int64_t>(k_own_buckets) : std::span<const std::int64_t>(k_buckets);
  for (const auto limit : limits) {
    if (value.count() <= limit) {
      ++histogram.buckets[limit];
    }
  }
  ++histogram.count;
  histogram.sum += value.count();
}

void Counters::count(const Sample& sample, const Measured& measured) {
  if (!measured.plugin || sample.service.empty()) {
    return;
  }
  const auto labels = fmt::format("service={},route={}", quoted(sample.service), quoted(sample.route));
  if (measured.status_codes) {
    ++m_requests[fmt::format(R"({},code="{}",source={},consumer="")", labels, sample.status, quoted(sample.source))];
  }
  if (measured.bandwidth) {
    if (sample.bytes_out > 0) {
      m_bandwidth[labels + R"(,direction="egress",consumer="")"] += sample.bytes_out;
    }
    if (sample.bytes_in > 0) {
      m_bandwidth[labels + R"(,direction="ingress",consumer="")"] += sample.bytes_in;
    }
  }
  if (measured.latencies) {
    observe(m_request_latency[labels], sample.request, false);
    if (sample.reached_upstream) {
      observe(m_upstream_latency[labels], sample.upstream, false);
    }
    observe(m_kong_latency[labels], sample.request - sample.upstream, true);
  }
}

std::string Counters::written(std::string_view name, const Histograms& histograms) {
  std::string out;
  for (const auto& [labels, histogram] : histograms) {
    for (const auto& [limit, count] : histogram.buckets) {
      out += fmt::format("kong_{}_bucket{{{},le=\"{}\"}} {}\n", name, labels, limit, count);
    }
    out += fmt::format("kong_{}_bucket{{{},le=\"+Inf\"}} {}\n", name, labels, histogram.count);
  }
  for (const auto& [labels, histogram] : histograms) {
    out += fmt::format("kong_{}_count{{{}}} {}\n", name, labels, histogram.count);
  }
  for (const auto& [labels, histogram] : histograms) {
    out += fmt::format("kong_{}_sum{{{}}} {}\n", name, labels, histogram.sum);
  }
  return out;
}

std::string Counters::exposition(const Gauges& gauges, const Measured& measured) const {
  std::string out;
  if (!m_bandwidth.empty()) {
    out += head("bandwidth_bytes", "counter", "Total bandwidth (ingress/egress) throughput in bytes");
    out += series("bandwidth_bytes", m_bandwidth);
  }
  out += head("datastore_reachable", "gauge", "Datastore reachable from Kong, 0 is unreachable");
  out += "kong_datastore_reachable 1\n";
  if (!m_requests.empty()) {
    out += head("http_requests_total", "counter", "HTTP status codes per consumer/service/route in Kong");
    out += series("http_requests_total", m_requests);
  }
  if (!m_kong_latency.empty()) {
    out += head("kong_latency_ms", "histogram",
                "Latency added by Kong and enabled plugins for each service/route in Kong");
    out += written("kong_latency_ms", m_kong_latency);
  }
  out += memory(gauges);
  out += nginx(gauges, measured.plugin);
  if (!m_request_latency.empty()) {
    out += head("request_latency_ms", "histogram",
                "Total latency incurred during requests for each service/route in Kong");
    out += written("request_latency_ms", m_request_latency);
  }
  if (!m_upstream_latency.empty()) {
    out +=
        head("upstream_latency_ms", "histogram", "Latency added by upstream response for each service/route in Kong");
    out += written("upstream_latency_ms", m_upstream_latency);
  }
  if (measured.upstream_health && !gauges.targets.empty()) {
    out += target_health(gauges.targets);
  }
  return out;
}

}  // namespace kscale::sandbox
