#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/monitor/steps.hpp"

namespace kscale::monitor {

/// A value for each step. Absent: there is no data.
using Values = std::vector<std::optional<double>>;

/// On which scale a line is measured, and in which unit.
enum class Side { left, right };

/// Colours by their number, from 1 on; 0 is the one that stays in the background.
inline constexpr int k_colours = 6;

struct Curve {
  enum class Look {
    plain,
    stepped,  ///< a level for each step, for counts
    faint,    ///< one of many: its values are not told
  };
  std::string name;
  Values values;
  int colour = 0;
  Look look = Look::plain;
  Side side = Side::left;
};

/// From the least to the most.
struct Band {
  std::string name;  ///< in the legend; empty: it belongs to a line
  Values least;
  Values most;
  int colour = 0;
  bool stepped = false;
  Side side = Side::left;
};

/// A line across the chart, on the left scale.
struct Level {
  double value = 0;
  std::string label;
  bool is_alarm = true;  ///< above it something is wrong
};

/// Something that happened, marked above the chart.
struct Flag {
  enum class Kind { up, down, failed };
  WallTime at{};
  Kind kind{};
  std::string text;  ///< in full
};

struct Scale {
  std::string unit;      ///< behind each number: "%"; empty: the caption tells it
  std::string caption;   ///< above the axis
  double least_top = 0;  ///< the axis reaches up to this at least
  bool is_count = false;
};

/// A picture of values over time. All texts are outside texts.
struct Chart {
  std::string id;  ///< a word of letters, of its own in the page
  std::string title;
  std::string told;      ///< what it shows, in words, for those who cannot see it and those in a hurry
  bool is_wide = false;  ///< it takes a row of its own
  Scale left;
  std::optional<Scale> right;
  std::vector<Curve> lines;  ///< later ones lie over earlier ones, and come first in the legend
  std::vector<Band> bands;   ///< below all lines
  std::vector<Level> levels;
  std::vector<Flag> flags;
};

/// The chart as a <figure> of HTML with SVG in it, as wide as its place. Where no line or band has a value there is a
/// word about it instead of a picture. A level beyond both `least_top` and four times the highest value is left away,
/// so that small values can be seen.
std::string figure_of(const Chart& chart, const Steps& steps);

/// Spans of time in a lane of their own.
struct Lane {
  struct Span {
    WallTime since{};
    WallTime until{};
    bool is_critical = false;
    std::string text;  ///< in full
  };
  std::string name;
  std::vector<Span> spans;
};

/// The lanes below each other, over the same time as the charts of these steps.
std::string timeline_of(const std::string& title, const std::vector<Lane>& lanes, const Steps& steps);

}  // namespace kscale::monitor
