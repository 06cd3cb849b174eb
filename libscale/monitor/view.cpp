#include "libscale/monitor/view.hpp"

#include <algorithm>
#include <optional>

namespace kscale::monitor {

namespace {

using operate::InstanceView;

/// What the instance has of the figure that is sorted by.
std::optional<double> figure(const InstanceView& instance, Sort sort) {
  switch (sort) {
    case Sort::cpu:
      return instance.cpu ? std::optional(instance.cpu->value) : std::nullopt;
    case Sort::memory:
      return instance.memory        ? std::optional(instance.memory->value)
             : instance.memory_used ? std::optional(static_cast<double>(instance.memory_used->value))
                                    : std::nullopt;
    case Sort::network:
      return instance.received || instance.sent ? std::optional(instance.received.value_or(BytesPerSecond{}).value +
                                                                instance.sent.value_or(BytesPerSecond{}).value)
                                                : std::nullopt;
    case Sort::uptime:
      return instance.uptime ? std::optional(static_cast<double>(instance.uptime->count())) : std::nullopt;
    default:
      return instance.number;
  }
}

}  // namespace

std::string_view name_of(Panel panel) {
  constexpr std::array<std::string_view, k_panels> k_names{"instances", "targets", "alerts", "events"};
  return k_names.at(static_cast<std::size_t>(panel));
}

std::string_view name_of(Sort sort) {
  constexpr std::array<std::string_view, k_sorts> k_names{"number", "name", "cpu", "memory", "network", "uptime"};
  return k_names.at(static_cast<std::size_t>(sort));
}

bool falls(Sort sort) {
  return sort != Sort::number && sort != Sort::name;
}

std::vector<InstanceView> sorted(std::vector<InstanceView> instances, const View& view) {
  std::ranges::stable_sort(instances, [&view](const InstanceView& a, const InstanceView& b) {
    if (view.sort == Sort::name) {
      return view.falling ? b.name < a.name : a.name < b.name;
    }
    const auto left = figure(a, view.sort);
    const auto right = figure(b, view.sort);
    if (!left || !right) {
      return left.has_value() && !right.has_value();
    }
    return view.falling ? *right < *left : *left < *right;
  });
  return instances;
}

}  // namespace kscale::monitor
