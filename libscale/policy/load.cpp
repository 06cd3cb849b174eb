#include "libscale/policy/load.hpp"

namespace kscale::policy {

namespace {

std::optional<Average> average(const std::vector<InstanceLoad>& instances,
                               std::optional<Percent> InstanceLoad::*metric) {
  double sum = 0;
  std::size_t counted = 0;
  std::size_t serving = 0;
  for (const auto& instance : instances) {
    if (!instance.serving) {
      continue;
    }
    ++serving;
    if (!instance.warming_up && instance.*metric) {
      sum += (instance.*metric)->value;
      ++counted;
    }
  }
  if (counted == 0) {
    return std::nullopt;
  }
  return Average{.at_least = Percent{sum / static_cast<double>(serving)}, .complete = counted == instances.size()};
}

}  // namespace

std::optional<Average> average_cpu(const std::vector<InstanceLoad>& instances) {
  return average(instances, &InstanceLoad::cpu);
}

std::optional<Average> average_memory(const std::vector<InstanceLoad>& instances) {
  return average(instances, &InstanceLoad::memory);
}

std::optional<Percent> figure_of(const std::optional<Average>& average) {
  return average ? std::optional(average->at_least) : std::nullopt;
}

}  // namespace kscale::policy
