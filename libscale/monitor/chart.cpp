#include "libscale/monitor/chart.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>

#include <fmt/format.h>

#include "libscale/monitor/axis.hpp"
#include "libscale/monitor/markup.hpp"
#include "libscale/monitor/wording.hpp"

namespace kscale::monitor {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// In pixels, from above: a strip for captions and flags, the plot, a strip for the times.
constexpr double k_above = 24;
constexpr double k_height = 180;
constexpr double k_below = 22;
constexpr double k_whole_height = k_above + k_height + k_below;

// Inside the plot x counts half steps and y thousandths of the height, all in whole numbers: that keeps paths short.
// It is stretched to its place, and what bears text lies around it by percent, so that text keeps its size.
constexpr double k_depth = 1000;

template <class... Args>
void put(std::string& out, fmt::format_string<Args...> text, Args&&... args) {
  fmt::format_to(std::back_inserter(out), text, std::forward<Args>(args)...);
}

long depth_of(double value, double top) {
  return std::lround(k_depth * (1 - std::clamp(value / top, 0.0, 1.0)));
}

double pixel_of(double value, double top) {
  return k_above + k_height * (1 - std::clamp(value / top, 0.0, 1.0));
}

/// Calls `draw(begin, end)` for each run of steps for which `is_there` holds.
void for_runs(std::size_t count, const std::function<bool(std::size_t)>& is_there,
              const std::function<void(std::size_t, std::size_t)>& draw) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto begin = i;
    while (i < count && is_there(i)) {
      ++i;
    }
    if (i > begin) {
      draw(begin, i);
    }
  }
}

/// A straight line from step to step, which begins anew after each gap; one of a single step is a dot.
std::string plain_path(const Values& values, double top) {
  std::string path;
  for_runs(
      values.size(), [&](std::size_t i) { return values[i].has_value(); },
      [&](std::size_t begin, std::size_t end) {
        for (auto i = begin; i < end; ++i) {
          put(path, "{}{} {}", i == begin ? "M" : i == begin + 1 ? "L" : " ", 2 * i + 1, depth_of(*values[i], top));
        }
        path += end - begin == 1 ? "h0" : "";
      });
  return path;
}

/// A level for each step, with the ways up and down between them.
std::string stepped_path(const Values& values, double top) {
  std::string path;
  for_runs(
      values.size(), [&](std::size_t i) { return values[i].has_value(); },
      [&](std::size_t begin, std::size_t end) {
        put(path, "M{} {}", 2 * begin, depth_of(*values[begin], top));
        for (auto i = begin + 1; i < end; ++i) {
          if (depth_of(*values[i], top) != depth_of(*values[i - 1], top)) {
            put(path, "H{}V{}", 2 * i, depth_of(*values[i], top));
          }
        }
        put(path, "H{}", 2 * end);
      });
  return path;
}

/// The outline of a band: along the most, and back along the least.
std::string band_path(const Band& band, double top) {
  std::string path;
  const auto corners = [&](const Values& values, std::size_t i) {
    const auto y = depth_of(*values[i], top);
    return band.stepped ? std::vector{std::pair{2 * i, y}, std::pair{2 * i + 2, y}}
                        : std::vector{std::pair{2 * i + 1, y}};
  };
  for_runs(
      std::min(band.least.size(), band.most.size()),
      [&](std::size_t i) { return band.least[i].has_value() && band.most[i].has_value(); },
      [&](std::size_t begin, std::size_t end) {
        std::vector<std::pair<std::size_t, long>> outline;
        for (auto i = begin; i < end; ++i) {
          std::ranges::copy(corners(band.most, i), std::back_inserter(outline));
        }
        for (auto i = end; i-- > begin;) {
          auto back = corners(band.least, i);
          std::ranges::reverse(back);
          std::ranges::copy(back, std::back_inserter(outline));
        }
        for (std::size_t i = 0; i < outline.size(); ++i) {
          put(path, "{}{} {}", i == 0 ? "M" : i == 1 ? "L" : " ", outline[i].first, outline[i].second);
        }
        path += 'Z';
      });
  return path;
}

double most_of(const Values& values) {
  double most = 0;
  for (const auto& value : values) {
    most = std::max(most, value.value_or(0));
  }
  return most;
}

double most_of(const Chart& chart, Side side) {
  double most = 0;
  for (const auto& line : chart.lines) {
    most = line.side == side ? std::max(most, most_of(line.values)) : most;
  }
  for (const auto& band : chart.bands) {
    most = band.side == side ? std::max(most, most_of(band.most)) : most;
  }
  return most;
}

/// For each step, whether anything is known.
std::vector<bool> known_steps(const Chart& chart, const Steps& steps) {
  std::vector<bool> known(steps.count());
  const auto add = [&](const Values& values) {
    for (std::size_t i = 0; i < std::min(values.size(), known.size()); ++i) {
      known[i] = known[i] || values[i];
    }
  };
  for (const auto& line : chart.lines) {
    add(line.values);
  }
  for (const auto& band : chart.bands) {
    add(band.most);
  }
  return known;
}

std::string_view word_for(Flag::Kind kind) {
  switch (kind) {
    case Flag::Kind::up:
      return "up";
    case Flag::Kind::down:
      return "down";
    case Flag::Kind::failed:
      return "failed";
  }
  return "";
}

std::string_view shape_of(Flag::Kind kind) {
  switch (kind) {
    case Flag::Kind::up:
      return "M0-5 5 4H-5z";
    case Flag::Kind::down:
      return "M0 5 5-4H-5z";
    case Flag::Kind::failed:
      return "M-4-4 4 4M4-4-4 4";
  }
  return "";
}

void put_axis(std::string& out, const ValueAxis& axis, const Scale& scale, Side side) {
  const bool is_left = side == Side::left;
  put(out,
      R"(<svg class="axis" aria-hidden="true" height="{}"><text class="caption" x="{}" y="11" text-anchor="{}">{}</text>)",
      k_whole_height, is_left ? "0" : "100%", is_left ? "start" : "end", escaped(scale.caption));
  for (const auto& tick : axis.ticks) {
    put(out, R"(<text x="{}" y="{:.1f}" text-anchor="{}">{}</text>)", is_left ? "100%" : "0",
        pixel_of(tick.value, axis.top) + 4, is_left ? "end" : "start", escaped(tick.label));
  }
  out += "</svg>";
}

/// The times below, with a line up to the top. On a narrow screen every second label is hidden, see the style.
void put_times(std::string& out, const Steps& steps, double top, double height) {
  std::size_t i = 0;
  for (const auto& tick : time_ticks({steps.begin(), steps.end()})) {
    constexpr double k_edge = 4;
    const auto x = steps.percent_of(tick.at);
    put(out, R"(<line class="grid" x1="{0:.2f}%" x2="{0:.2f}%" y1="{1}" y2="{2}"/>)", x, top, height - k_below);
    put(out, R"(<text class="time{}" x="{:.2f}%" y="{}" text-anchor="{}">{}</text>)", i++ % 2 == 0 ? "" : " odd", x,
        height - 6,
        x < k_edge         ? "start"
        : x > 100 - k_edge ? "end"
                           : "middle",
        tick.label);
  }
}

/// The spans without any data, in the plot.
void put_gaps(std::string& out, const std::vector<bool>& known) {
  for_runs(
      known.size(), [&](std::size_t i) { return !known[i]; },
      [&](std::size_t begin, std::size_t end) {
        put(out, R"(<rect class="gap" x="{}" width="{}" height="1000"/>)", 2 * begin, 2 * (end - begin));
      });
}

/// And the word about each that is wide enough for it.
void put_gap_words(std::string& out, const std::vector<bool>& known) {
  constexpr double k_wide = 8;
  const auto percent = 100.0 / static_cast<double>(known.size());
  for_runs(
      known.size(), [&](std::size_t i) { return !known[i]; },
      [&](std::size_t begin, std::size_t end) {
        if (static_cast<double>(end - begin) * percent >= k_wide) {
          put(out, R"(<text class="gap-word" x="{:.2f}%" y="{}" text-anchor="middle">no data</text>)",
              static_cast<double>(begin + end) / 2 * percent, k_above + k_height / 2);
        }
      });
}

std::string values_text(const Values& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += i == 0 ? "" : ",";
    text += values[i] ? number_text(*values[i]) : "";
  }
  return text;
}

void put_line(std::string& out, const Curve& line, double top, const std::string& unit) {
  const auto path = line.look == Curve::Look::stepped ? stepped_path(line.values, top) : plain_path(line.values, top);
  if (line.look == Curve::Look::faint) {
    put(out, R"(<path class="line faint" d="{}"><title>{}</title></path>)", path, escaped(line.name));
    return;
  }
  put(out, R"(<path class="line c{}" data-name="{}" data-unit="{}" data-values="{}" d="{}"/>)", line.colour,
      escaped(line.name), escaped(unit), values_text(line.values), path);
}

void put_level(std::string& out, const Level& level, double top) {
  constexpr double k_label_height = 14;
  const auto y = pixel_of(level.value, top);
  const auto* look = level.is_alarm ? " alarm" : "";
  put(out, R"(<line class="level{1}" x1="0" x2="100%" y1="{0:.1f}" y2="{0:.1f}"/>)", y, look);
  put(out, R"(<text class="level{}" x="99.5%" y="{:.1f}" text-anchor="end">{}</text>)", look,
      y < k_above + k_label_height ? y + 12 : y - 4, escaped(level.label));
}

void put_flag(std::string& out, const Flag& flag, const Steps& steps) {
  const auto step = steps.index_of(flag.at);
  if (!step) {
    return;
  }
  put(out, R"(<svg class="flag {}" x="{:.2f}%" y="12" data-step="{}"><title>{}</title>)", word_for(flag.kind),
      steps.percent_of(flag.at), *step, escaped(flag.text));
  put(out, R"(<path d="{}"/></svg>)", shape_of(flag.kind));
}

void put_legend(std::string& out, const Chart& chart) {
  std::string entries;
  for (const auto& line : chart.lines) {
    if (line.look != Curve::Look::faint) {
      entries.insert(0, fmt::format(R"(<li><i class="swatch c{}"></i>{}</li>)", line.colour, escaped(line.name)));
    }
  }
  for (const auto& band : chart.bands) {
    if (!band.name.empty()) {
      put(entries, R"(<li><i class="swatch area c{}"></i>{}</li>)", band.colour, escaped(band.name));
    }
  }
  if (!entries.empty()) {
    put(out, R"(<ul class="legend">{}</ul>)", entries);
  }
}

/// Those that the values come near to: with the others on it, the chart would show nothing else.
std::vector<Level> levels_near(const Chart& chart, double most) {
  constexpr double k_near = 4;
  std::vector<Level> near;
  std::ranges::copy_if(chart.levels, std::back_inserter(near), [&](const Level& level) {
    return level.value <= std::max(most * k_near, chart.left.least_top);
  });
  return near;
}

}  // namespace

std::string figure_of(const Chart& chart, const Steps& steps) {
  const auto known = known_steps(chart, steps);
  const bool is_empty = std::ranges::find(known, true) == known.end();
  std::string out;
  put(out,
      R"(<figure id="{0}"{3} aria-labelledby="{0}-title"><figcaption><h3 id="{0}-title">{1}</h3><p id="{0}-told">{2}</p></figcaption>)",
      chart.id, escaped(chart.title), escaped(chart.told), chart.is_wide ? R"( class="wide")" : "");
  if (is_empty) {
    return out + "<p class=\"nothing\">no data</p></figure>\n";
  }
  put_legend(out, chart);
  const auto most = most_of(chart, Side::left);
  const auto levels = levels_near(chart, most);
  auto top = std::max(most, chart.left.least_top);
  for (const auto& level : levels) {
    top = std::max(top, level.value);
  }
  const auto left = value_axis(top, chart.left.unit, chart.left.is_count);
  const auto right =
      chart.right ? value_axis_in(static_cast<int>(left.ticks.size()) - 1,
                                  std::max(most_of(chart, Side::right), chart.right->least_top), chart.right->unit)
                  : left;
  const auto top_of = [&](Side side) { return side == Side::left ? left.top : right.top; };

  put(out, R"(<div class="chart{}">)", chart.right ? " double" : "");
  put_axis(out, left, chart.left, Side::left);
  put(out,
      R"(<svg class="plot" role="img" aria-labelledby="{0}-title" aria-describedby="{0}-told" height="{1}" )"
      R"(data-begin="{2}" data-step="{3}" data-count="{4}">)",
      chart.id, k_whole_height, steps.begin().time_since_epoch().count(), steps.length().count(), steps.count());
  for (const auto& tick : left.ticks) {
    put(out, R"(<line class="grid" x1="0" x2="100%" y1="{0:.1f}" y2="{0:.1f}"/>)", pixel_of(tick.value, left.top));
  }
  put_times(out, steps, k_above, k_whole_height);
  put(out, R"(<svg y="{}" width="100%" height="{}" viewBox="0 0 {} 1000" preserveAspectRatio="none">)", k_above,
      k_height, 2 * steps.count());
  put_gaps(out, known);
  for (const auto& band : chart.bands) {
    put(out, R"(<path class="band c{}" d="{}"/>)", band.colour, band_path(band, top_of(band.side)));
  }
  for (const auto& line : chart.lines) {
    const auto& scale = line.side == Side::right && chart.right ? *chart.right : chart.left;
    put_line(out, line, top_of(line.side), scale.unit.empty() ? " " + scale.caption : scale.unit);
  }
  out += "</svg>";
  put_gap_words(out, known);
  for (const auto& level : levels) {
    put_level(out, level, left.top);
  }
  // Those that failed lie above their neighbours.
  for (const bool failed : {false, true}) {
    for (const auto& flag : chart.flags) {
      if ((flag.kind == Flag::Kind::failed) == failed) {
        put_flag(out, flag, steps);
      }
    }
  }
  out += "</svg>";
  if (chart.right) {
    put_axis(out, right, *chart.right, Side::right);
  }
  out += "</div></figure>\n";
  return out;
}

std::string timeline_of(const std::string& title, const std::vector<Lane>& lanes, const Steps& steps) {
  constexpr double k_top = 4;
  constexpr double k_lane = 36;
  constexpr double k_bar = 10;
  constexpr double k_least_width = 0.4;  // percent: what is short can still be seen
  const auto height = k_top + k_lane * static_cast<double>(lanes.size()) + k_below;
  std::string out;
  put(out,
      R"(<figure id="timeline" class="wide" aria-labelledby="timeline-title"><figcaption><h3 id="timeline-title">{}</h3></figcaption>)",
      escaped(title));
  put(out,
      R"(<div class="chart double"><svg class="axis" aria-hidden="true" height="{0}"></svg>)"
      R"(<svg class="lanes" role="img" aria-labelledby="timeline-title" height="{0}">)",
      height);
  put_times(out, steps, k_top, height);
  double y = k_top;
  for (const auto& lane : lanes) {
    put(out, R"(<text x="0" y="{}">{}</text>)", y + 12, escaped(lane.name));
    put(out, R"(<rect class="gap" y="{}" width="100%" height="{}" rx="2"/>)", y + 18, k_bar);
    for (const auto& span : lane.spans) {
      const auto since = std::min(steps.percent_of(span.since), 100 - k_least_width);
      const auto width = std::max(steps.percent_of(span.until) - since, k_least_width);
      put(out, R"(<rect class="{}" x="{:.2f}%" y="{}" width="{:.2f}%" height="{}" rx="2"><title>{}</title></rect>)",
          span.is_critical ? "critical" : "warning", since, y + 18, width, k_bar, escaped(span.text));
    }
    y += k_lane;
  }
  out += "</svg></div></figure>\n";
  return out;
}

}  // namespace kscale::monitor
