#include "libscale/monitor/glyphs.hpp"

#include <algorithm>
#include <cstddef>

#include "libscale/base/printable.hpp"
#include "libscale/monitor/width.hpp"

namespace kscale::monitor {

const Glyphs& glyphs_of(Charset charset) {
  static const Glyphs ascii{.steps = {"_", ".", ":", "-", "=", "+", "*", "#"},
                            .bar = "#",
                            .bar_rest = ".",
                            .rule = "-",
                            .dot = "*",
                            .ring = "o",
                            .arrow = "->",
                            .up = "^",
                            .down = "v",
                            .cut = "~"};
  static const Glyphs utf8{.steps = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
                           .bar = "■",
                           .bar_rest = "·",
                           .rule = "─",
                           .dot = "●",
                           .ring = "○",
                           .arrow = "→",
                           .up = "▲",
                           .down = "▼",
                           .cut = "…"};
  return charset == Charset::ascii ? ascii : utf8;
}

std::string within(Charset charset, std::string_view outside) {
  auto shown = printable(outside);
  if (charset == Charset::utf8) {
    return shown;
  }
  std::string_view text = shown;
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80U; };
  std::string out;
  while (!text.empty()) {
    const auto* const end = std::ranges::find_if_not(text, is_ascii);
    out.append(text.begin(), end);
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    const auto* const next = std::ranges::find_if(text, is_ascii);
    const auto others = text.substr(0, static_cast<std::size_t>(next - text.begin()));
    out.append(static_cast<std::size_t>(width_of(others)), '?');
    text.remove_prefix(others.size());
  }
  return out;
}

}  // namespace kscale::monitor
