#include "libscale/docker/stats.hpp"

#include "libscale/docker/timestamp.hpp"
#include "libscale/net/json.hpp"

namespace kscale::docker {

namespace {

std::optional<std::chrono::nanoseconds> nanoseconds_in(const json::Value& value) {
  const auto count = value.as_int();
  return count && *count >= 0 ? std::optional(std::chrono::nanoseconds{*count}) : std::nullopt;
}

/// How many CPUs the host has; 0 where that is not told.
unsigned cpus_in(const json::Value& cpu) {
  constexpr std::uint64_t k_most = 65536;
  const auto told = cpu["online_cpus"].as_uint().value_or(0);
  const auto count = told > 0 ? told : cpu["cpu_usage"]["percpu_usage"].items().size();
  return count <= k_most ? static_cast<unsigned>(count) : 0;
}

std::optional<metrics::MemoryReading> parse_memory(const json::Value& memory) {
  const auto usage = memory["usage"].as_uint();
  if (!usage) {
    return std::nullopt;
  }
  const auto& detail = memory["stats"];
  const auto& inactive = detail.has("total_inactive_file") ? detail["total_inactive_file"] : detail["inactive_file"];
  return metrics::MemoryReading{.usage = {*usage},
                                .inactive_file = {inactive.as_uint().value_or(0)},
                                .limit = {memory["limit"].as_uint().value_or(0)}};
}

std::optional<NetworkReading> parse_network(const json::Value& networks) {
  if (networks.members().empty()) {
    return std::nullopt;
  }
  NetworkReading sum;
  for (const auto& [name, counters] : networks.members()) {
    sum.received.value += counters["rx_bytes"].as_uint().value_or(0);
    sum.sent.value += counters["tx_bytes"].as_uint().value_or(0);
  }
  return sum;
}

}  // namespace

Result<std::optional<Stats>> parse_stats(std::string_view body, SystemCounter system_counter) {
  if (body.empty()) {
    return std::nullopt;
  }
  const auto parsed = json::parse(body);
  if (!parsed) {
    return tl::unexpected(parsed.error());
  }
  const auto read_at = parse_timestamp((*parsed)["read"].text_or(""));
  const auto& cpu = (*parsed)["cpu_stats"];
  const auto used = nanoseconds_in(cpu["cpu_usage"]["total_usage"]);
  if (!read_at || !used) {
    return std::nullopt;
  }
  Stats stats;
  stats.cpu.used = *used;
  stats.cpu.read_at = *read_at;
  stats.cpu.online_cpus = cpus_in(cpu);
  if (system_counter == SystemCounter::trusted) {
    stats.cpu.system = nanoseconds_in(cpu["system_cpu_usage"]);
  }
  stats.memory = parse_memory((*parsed)["memory_stats"]);
  stats.network = parse_network((*parsed)["networks"]);
  return stats;
}

}  // namespace kscale::docker
