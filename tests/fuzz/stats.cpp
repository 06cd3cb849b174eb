// Two readings of a container, and the figures between them.

#include "libscale/docker/stats.hpp"

#include <array>

#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

void look_at(const docker::Stats& stats) {
  require(stats.cpu.used.count() >= 0 && stats.cpu.read_at.count() >= 0, "a counter is not negative");
  require(!stats.cpu.system || stats.cpu.system->count() >= 0, "the host's counter is not negative");
  if (stats.memory) {
    require(metrics::memory_used(*stats.memory) <= stats.memory->usage, "no more memory is in use than there is");
    for (const auto host : {std::optional<Bytes>(), std::optional(Bytes{1U << 30U})}) {
      if (const auto percent = metrics::memory_percent(*stats.memory, host)) {
        require_finite(percent->value, "percent of memory are finite");
        require(percent->value >= 0, "percent of memory are not negative");
      }
    }
  }
}

}  // namespace

void take(std::string_view bytes) {
  for (const auto counter : {docker::SystemCounter::trusted, docker::SystemCounter::ignored}) {
    auto rest = bytes;
    std::array<std::optional<docker::Stats>, 2> readings;
    for (auto& reading : readings) {
      auto stats = docker::parse_stats(take_part(rest), counter);
      if (!stats) {
        require_printable(stats.error().what, "why it is no reading");
      } else if (*stats) {
        look_at(**stats);
        reading = **stats;
      }
    }
    if (!readings[0] || !readings[1]) {
      continue;
    }
    if (const auto used = metrics::cpu_between(readings[0]->cpu, readings[1]->cpu)) {
      require_finite(used->value, "CPU in use is finite");
      require(used->value >= 0, "CPU in use is not negative");
      require_finite(metrics::cpu_percent(*used, std::nullopt).value, "percent of CPU are finite");
    }
  }
}

}  // namespace kscale::fuzz
