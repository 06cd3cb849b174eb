#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "libscale/monitor/glyphs.hpp"
#include "libscale/operate/overview.hpp"

namespace kscale::monitor {

enum class Panel { instances, targets, alerts, events };
inline constexpr std::size_t k_panels = 4;

std::string_view name_of(Panel panel);

enum class Sort { number, name, cpu, memory, network, uptime };
inline constexpr int k_sorts = 6;

std::string_view name_of(Sort sort);

/// Whether this is usually looked at with the largest first.
bool falls(Sort sort);

/// How the dashboard is looked at.
struct View {
  Sort sort = Sort::number;
  bool falling = false;                ///< the largest first
  Panel panel = Panel::instances;      ///< the one that scrolls, and has the most room where that is scarce
  std::array<int, k_panels> scroll{};  ///< how many lines of each panel lie above what is seen
  bool paused = false;
  bool looking = false;  ///< a look is under way
  bool help = false;
  Charset charset = Charset::utf8;

  int& scroll_of(Panel which) { return scroll.at(static_cast<std::size_t>(which)); }
  int scroll_of(Panel which) const { return scroll.at(static_cast<std::size_t>(which)); }
};

/// The instances in the order of the view. Those whose figure is not known come last, either way.
std::vector<operate::InstanceView> sorted(std::vector<operate::InstanceView> instances, const View& view);

}  // namespace kscale::monitor
