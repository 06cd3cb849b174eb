#include "tools/cli/painting.hpp"

#include <string_view>

namespace kscale::cli {

namespace {

using monitor::Style;

std::string_view colours_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::dim:
      return "\x1b[90m";
    case Style::bold:
      return "\x1b[1m";
    case Style::accent:
      return "\x1b[36m";
    case Style::good:
      return "\x1b[32m";
    case Style::warning:
      return "\x1b[33m";
    case Style::bad:
      return "\x1b[1;31m";
    case Style::good_badge:
      return "\x1b[1;30;42m";
    case Style::warning_badge:
      return "\x1b[1;30;43m";
    case Style::bad_badge:
      return "\x1b[1;37;41m";
  }
  return "";
}

std::string_view emphasis_of(Style style) {
  switch (style) {
    case Style::dim:
      return "\x1b[2m";
    case Style::bold:
    case Style::warning:
    case Style::bad:
      return "\x1b[1m";
    case Style::good_badge:
    case Style::warning_badge:
    case Style::bad_badge:
      return "\x1b[7m";
    default:
      return "";
  }
}

}  // namespace

std::string painting_of(const monitor::Frame& frame, Palette palette) {
  // A terminal that knows it shows the frame at once and never half of it; others pass over it.
  std::string painting = "\x1b[?2026h\x1b[H";
  std::string_view between;
  for (const auto& line : frame.lines) {
    painting += between;
    for (const auto& run : line.runs()) {
      const auto begin = palette == Palette::colours ? colours_of(run.style) : emphasis_of(run.style);
      painting += begin;
      painting += run.text;
      painting += begin.empty() ? "" : "\x1b[0m";
    }
    // In a full line the cursor waits on the last cell, which would be erased.
    painting += line.width() < frame.size.columns ? "\x1b[K" : "";
    between = "\r\n";
  }
  return painting + "\x1b[?2026l";
}

}  // namespace kscale::cli
