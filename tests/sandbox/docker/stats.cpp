#include "tests/sandbox/docker/stats.hpp"

#include <cstdint>
#include <map>
#include <string>

#include "tests/sandbox/docker/container.hpp"

namespace kscale::sandbox::engine {

namespace {

using json::Value;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::uint64_t k_page_cache = 1'970'176;
constexpr std::uint64_t k_no_limit = 9'223'372'036'854'771'712;
/// The kernel counts the system's time, and that spent in user and kernel mode, in these steps.
constexpr nanoseconds k_tick = milliseconds(10);

std::int64_t in_ticks(nanoseconds time) {
  return time / k_tick * k_tick.count();
}

Value blkio_json(const Value& list) {
  Value blkio = Value::object();
  for (const auto* name :
       {"io_service_bytes_recursive", "io_serviced_recursive", "io_queue_recursive", "io_service_time_recursive",
        "io_wait_time_recursive", "io_merged_recursive", "io_time_recursive", "sectors_recursive"}) {
    blkio.set(name, list);
  }
  return blkio;
}

Value throttling_json() {
  return Value::Object{{"periods", 0}, {"throttled_periods", 0}, {"throttled_time", 0}};
}

Value cpu_json(const std::optional<StatsSample>& sample, int cpus) {
  if (!sample) {
    return Value::Object{
        {"cpu_usage", Value::Object{{"total_usage", 0}, {"usage_in_kernelmode", 0}, {"usage_in_usermode", 0}}},
        {"throttling_data", throttling_json()},
    };
  }
  const nanoseconds total = sample->usage.cpu;
  Value each = Value::array();
  nanoseconds left = total;
  for (int cpu = 1; cpu < cpus; ++cpu) {
    each.push_back(std::int64_t{(total / cpus).count()});
    left -= total / cpus;
  }
  each.push_back(std::int64_t{left.count()});
  const nanoseconds system = sample->time.instant.time_since_epoch() * cpus;
  return Value::Object{
      {"cpu_usage", Value::Object{{"total_usage", std::int64_t{total.count()}},
                                  {"percpu_usage", each},
                                  {"usage_in_kernelmode", in_ticks(total / 4)},
                                  {"usage_in_usermode", in_ticks(total - total / 4)}}},
      {"system_cpu_usage", in_ticks(system)},
      {"online_cpus", cpus},
      {"throttling_data", throttling_json()},
  };
}

Value memory_json(Bytes own, Bytes limit, Bytes host) {
  const std::uint64_t limit_in_file = limit.value == 0 ? k_no_limit : limit.value;
  std::map<std::string, std::uint64_t> stats;  // The engine sorts them too.
  for (const auto& [name, value] : std::map<std::string, std::uint64_t>{{"active_anon", own.value},
                                                                        {"active_file", 0},
                                                                        {"cache", k_page_cache},
                                                                        {"dirty", 0},
                                                                        {"inactive_anon", 0},
                                                                        {"inactive_file", k_page_cache},
                                                                        {"mapped_file", 1'503'232},
                                                                        {"pgfault", 1074},
                                                                        {"pgmajfault", 1},
                                                                        {"pgpgin", 1252},
                                                                        {"pgpgout", 758},
                                                                        {"rss", own.value},
                                                                        {"rss_huge", 0},
                                                                        {"unevictable", 0},
                                                                        {"writeback", 0}}) {
    stats[name] = value;
    stats["total_" + name] = value;
  }
  stats["hierarchical_memory_limit"] = limit_in_file;
  stats["hierarchical_memsw_limit"] = limit.value == 0 ? k_no_limit : 2 * limit.value;
  const std::uint64_t usage = own.value + k_page_cache;
  return Value::Object{
      {"usage", usage},
      {"max_usage", usage},
      {"stats", Value::Object(stats.begin(), stats.end())},
      {"limit", limit.value == 0 || limit.value > host.value ? host.value : limit.value},
  };
}

Value networks_json(const WorkloadUsage& usage) {
  return Value::Object{{"eth0", Value::Object{{"rx_bytes", usage.received.value},
                                              {"rx_packets", usage.received.value / 800},
                                              {"rx_errors", 0},
                                              {"rx_dropped", 0},
                                              {"tx_bytes", usage.sent.value},
                                              {"tx_packets", usage.sent.value / 800},
                                              {"tx_errors", 0},
                                              {"tx_dropped", 0}}}};
}

std::string read_time(const std::optional<StatsSample>& sample) {
  return sample ? rfc3339(sample->time.wall) : std::string(k_no_time);
}

}  // namespace

json::Value stats_json(std::string_view name, std::string_view id, const std::optional<StatsSample>& earlier,
                       const std::optional<StatsSample>& later, const StatsHost& host, Bytes limit) {
  Value stats = Value::Object{
      {"read", read_time(later)},
      {"preread", read_time(earlier)},
      {"pids_stats", later ? Value::Object{{"current", 1}} : Value::object()},
      {"blkio_stats", blkio_json(later ? Value::array() : Value{})},
      {"num_procs", 0},
      {"storage_stats", Value::object()},
      {"cpu_stats", cpu_json(later, host.cpus)},
      {"precpu_stats", cpu_json(earlier, host.cpus)},
      {"memory_stats", later ? memory_json(later->usage.memory, limit, host.memory) : Value::object()},
      {"name", "/" + std::string(name)},
      {"id", id},
  };
  if (later) {
    stats.set("networks", networks_json(later->usage));
  }
  return stats;
}

}  // namespace kscale::sandbox::engine
