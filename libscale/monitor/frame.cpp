#include "libscale/monitor/frame.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "libscale/monitor/width.hpp"

namespace kscale::monitor {

Line& Line::add(std::string_view text, Style style) {
  if (text.empty()) {
    return *this;
  }
  m_width += width_of(text);
  if (!m_runs.empty() && m_runs.back().style == style) {
    m_runs.back().text += text;
  } else {
    m_runs.push_back({std::string(text), style});
  }
  return *this;
}

Line& Line::add(const Line& other) {
  for (const auto& run : other.m_runs) {
    add(run.text, run.style);
  }
  return *this;
}

Line& Line::pad(int columns) {
  return add(std::string(static_cast<std::size_t>(std::max(columns - m_width, 0)), ' '));
}

Line& Line::fit(int columns, std::string_view mark) {
  if (m_width <= columns) {
    return *this;
  }
  const auto room = columns - width_of(mark);
  const auto whole = std::exchange(m_runs, {});
  m_width = 0;
  for (const auto& run : whole) {
    const auto piece = cut(run.text, room - m_width);
    add(piece, run.style);
    if (piece.size() < run.text.size()) {
      break;
    }
  }
  return room >= 0 ? add(mark, whole.front().style) : *this;
}

std::string text_of(const Frame& frame) {
  std::string text;
  for (const auto& line : frame.lines) {
    for (const auto& run : line.runs()) {
      text += run.text;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

}  // namespace kscale::monitor
