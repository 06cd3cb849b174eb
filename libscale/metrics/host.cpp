#include "libscale/metrics/host.hpp"

#include <array>
#include <charconv>

namespace kscale::metrics {

namespace {

/// Takes the next number off the front of `text`, over leading blanks.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{}) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

/// What follows `key` on the line that begins with it.
std::optional<std::string_view> line_after(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    if (line.starts_with(key)) {
      return line.substr(key.size());
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return std::nullopt;
}

}  // namespace

std::optional<HostCpuReading> read_host_cpu(std::string_view proc_stat) {
  auto line = line_after(proc_stat, "cpu ");
  if (!line) {
    return std::nullopt;
  }
  // user, nice, system, idle, iowait, irq, softirq, steal; guest time stands in user already.
  std::array<std::uint64_t, 8> ticks{};
  for (auto& field : ticks) {
    const auto number = take_number(*line);
    if (!number) {
      return std::nullopt;
    }
    field = *number;
  }
  HostCpuReading reading;
  for (const auto field : ticks) {
    reading.total += field;
  }
  reading.busy = reading.total - ticks[3] - ticks[4];
  return reading;
}

std::optional<Percent> host_cpu_between(const HostCpuReading& earlier, const HostCpuReading& later) {
  if (later.total <= earlier.total || later.busy < earlier.busy) {
    return std::nullopt;
  }
  return Percent{static_cast<double>(later.busy - earlier.busy) / static_cast<double>(later.total - earlier.total) *
                 100};
}

std::optional<Percent> HostMemory::used() const {
  if (total.value == 0 || available > total) {
    return std::nullopt;
  }
  return Percent{static_cast<double>((total - available).value) / static_cast<double>(total.value) * 100};
}

std::optional<HostMemory> read_host_memory(std::string_view proc_meminfo) {
  const auto kilobytes = [proc_meminfo](std::string_view key) -> std::optional<Bytes> {
    auto line = line_after(proc_meminfo, key);
    const auto number = line ? take_number(*line) : std::nullopt;
    return number ? std::optional(Bytes{*number * 1024}) : std::nullopt;
  };
  const auto total = kilobytes("MemTotal:");
  const auto available = kilobytes("MemAvailable:");
  if (!total || !available) {
    return std::nullopt;
  }
  return HostMemory{.total = *total, .available = *available};
}

}  // namespace kscale::metrics
