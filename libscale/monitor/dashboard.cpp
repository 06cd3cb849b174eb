#include "libscale/monitor/dashboard.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "libscale/monitor/gauge.hpp"
#include "libscale/monitor/headlines.hpp"
#include "libscale/monitor/layout.hpp"
#include "libscale/monitor/panels.hpp"
#include "libscale/monitor/width.hpp"
#include "libscale/operate/figures.hpp"

namespace kscale::monitor {

namespace {

using Figure = Trends::Figure;

/// A panel and where it stands.
struct Placed {
  Panel panel{};
  Content content;
  Area area;

  int lines_in_view() const { return std::max(area.size.rows - 1 - static_cast<int>(content.head.size()), 0); }
  int furthest() const { return std::max(static_cast<int>(content.lines.size()) - lines_in_view(), 0); }
};

/// What stands where, from the first row to the last.
struct Arrangement {
  std::vector<Line> headlines;
  int graph_rows = 0;
  std::vector<Placed> panels;
};

/// The panels of one stack, and what they need.
struct Filled {
  const Stack& stack;
  std::vector<Content> contents;
  std::vector<Need> needs;

  int rows() const {
    int sum = 0;
    for (const auto& need : needs) {
      sum += need.fixed + need.lines;
    }
    return sum;
  }
};

Arrangement arranged(const Scene& scene, Size size) {
  const auto layout = layout_of(size);
  Arrangement arrangement{.headlines = headlines(scene, size), .graph_rows = layout.graph_rows};
  int row = static_cast<int>(arrangement.headlines.size()) + layout.graph_rows;
  int rows = size.rows - row - (layout.footer ? 1 : 0);
  std::vector<Filled> stacks;
  int needed = 0;
  for (const auto& stack : layout.stacks) {
    auto& filled = stacks.emplace_back(Filled{.stack = stack});
    for (const auto panel : stack.panels) {
      const auto& content = filled.contents.emplace_back(content_of(panel, scene, stack.columns));
      filled.needs.push_back(
          {panel, 1 + static_cast<int>(content.head.size()), static_cast<int>(content.lines.size())});
    }
    needed = std::max(needed, filled.rows());
  }
  if (layout.graph_rows > 0) {
    // Larger graphs are a better use of the room than none at all.
    const int spare = std::clamp(rows - needed, 0, layout.graph_rows);
    arrangement.graph_rows += spare;
    row += spare;
    rows -= spare;
  }
  for (auto& filled : stacks) {
    const auto shares = shared_out(filled.needs, scene.view.panel, rows);
    int begin = row;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      if (shares[i] > 0) {
        arrangement.panels.push_back({filled.stack.panels[i],
                                      std::move(filled.contents[i]),
                                      {begin, filled.stack.column, {shares[i], filled.stack.columns}}});
        begin += shares[i];
      }
    }
  }
  return arrangement;
}

/// A line as wide as the area, with a text in its rule at either side.
Line ruled(const Line& left, const Line& right, int columns, const Glyphs& glyphs) {
  Line line;
  line.add(glyphs.rule, Style::dim).add(" ").add(left).add(" ");
  const int wanted = right.width() > 0 ? right.width() + 3 : 0;
  const int tail = line.width() + wanted <= columns ? wanted : 0;
  while (line.width() < columns - tail) {
    line.add(glyphs.rule, Style::dim);
  }
  if (tail > 0) {
    line.add(" ").add(right).add(" ").add(glyphs.rule, Style::dim);
  }
  return line;
}

/// The lines of a frame while they are put together, from left to right.
class Canvas {
 public:
  Canvas(Size size, const Glyphs& glyphs) : m_glyphs(glyphs) {
    m_frame.size = size;
    m_frame.lines.resize(static_cast<std::size_t>(std::max(size.rows, 0)));
  }

  /// Over what stands right of the column already.
  void put(int row, int column, int columns, Line line) {
    if (row >= 0 && row < m_frame.size.rows) {
      auto& whole = m_frame.lines[static_cast<std::size_t>(row)];
      whole.fit(column, "").pad(column).add(line.fit(std::min(columns, m_frame.size.columns - column), m_glyphs.cut));
    }
  }
  void put(int row, Line line) { put(row, 0, m_frame.size.columns, std::move(line)); }

  Frame take() { return std::move(m_frame); }

 private:
  const Glyphs& m_glyphs;
  Frame m_frame;
};

void put_panel(Canvas& canvas, const Placed& placed, const View& view) {
  const auto& glyphs = glyphs_of(view.charset);
  const auto& [row, column, size] = placed.area;
  const int above = std::clamp(view.scroll_of(placed.panel), 0, placed.furthest());
  const int below = placed.furthest() - above;
  Line more;
  if (above > 0) {
    more.add(fmt::format("{} {}", glyphs.up, above), Style::accent);
  }
  if (below > 0) {
    more.add(above > 0 ? "  " : "").add(fmt::format("{} {} more", glyphs.down, below), Style::accent);
  }
  canvas.put(row, column, size.columns, ruled(placed.content.title, more, size.columns, glyphs));
  int at = row + 1;
  for (const auto& line : placed.content.head) {
    canvas.put(at++, column, size.columns, line);
  }
  for (int i = above; i < above + placed.lines_in_view() && i < static_cast<int>(placed.content.lines.size()); ++i) {
    canvas.put(at++, column, size.columns, placed.content.lines[static_cast<std::size_t>(i)]);
  }
}

/// One graph: what it is of, how the newest value reads, and what fills it.
struct Graph {
  std::string_view name;
  Figure figure{};
  std::string newest;
  double least_scale = 0;
  bool percent = false;
};

void put_graphs(Canvas& canvas, const Scene& scene, int row, Size size) {
  constexpr int k_gap = 2;
  const auto& sample = scene.snapshot.overview.sample;
  const auto load = sample.load();
  const std::array graphs{
      Graph{"CPU", Figure::cpu, operate::shown(policy::figure_of(load.cpu)), 100, true},
      Graph{"memory", Figure::memory, operate::shown(policy::figure_of(load.memory)), 100, true},
      Graph{"requests", Figure::request_rate, operate::shown(sample.request_rate), 1, false},
      Graph{"response", Figure::response_time, operate::shown(sample.response_time), 1, false},
  };
  const auto& glyphs = glyphs_of(scene.view.charset);
  const int count = static_cast<int>(graphs.size());
  const int columns = (size.columns - k_gap * (count - 1)) / count;
  const int rows = size.rows - 1;
  for (int i = 0; i < count; ++i) {
    const auto& graph_of = graphs.at(static_cast<std::size_t>(i));
    const int column = i * (columns + k_gap);
    const auto& series = scene.trends.of(graph_of.figure);
    const auto seen = std::span(series).last(std::min(series.size(), static_cast<std::size_t>(columns)));
    const auto scale = peak_of(seen, graph_of.least_scale);
    Line title;
    title.add(graph_of.name, Style::bold).add(" ").add(graph_of.newest);
    const auto top = graph_of.percent ? fmt::format("{:.0f}%", scale)
                     : graph_of.figure == Figure::response_time
                         ? operate::shown(std::optional(Milliseconds{scale}))
                         : operate::shown(std::optional(RequestsPerSecond{scale}));
    canvas.put(row, column, columns, ruled(title, Line(top, Style::dim), columns, glyphs));
    const auto lines = graph(seen, {.rows = rows, .columns = columns}, scale, scene.view.charset);
    for (int r = 0; r < rows; ++r) {
      const double level = 100.0 * (rows - r) / rows;
      canvas.put(row + 1 + r, column, columns,
                 Line(lines.at(static_cast<std::size_t>(r)), graph_of.percent ? level_of(level - 1) : Style::accent));
    }
  }
}

using Hint = std::pair<std::string_view, std::string_view>;

/// As many of the keys as fit.
Line footer(const View& view, int columns) {
  constexpr std::array<Hint, 8> k_hints{{{"q", "quit"},
                                         {"?", "help"},
                                         {"p", "pause"},
                                         {"Tab", "panel"},
                                         {"s", "sort"},
                                         {"r", "reverse"},
                                         {"j/k", "scroll"},
                                         {"space", "look now"}}};
  Line line;
  for (const auto& [key, what] : k_hints) {
    const bool goes_on = view.paused && key == "p";
    Line hint;
    hint.add(line.width() > 0 ? "  " : "").add(key, Style::accent).add(" ").add(goes_on ? "go on" : what, Style::dim);
    if (line.width() + hint.width() <= columns) {
      line.add(hint);
    }
  }
  return line;
}

void put_help(Canvas& canvas, int row, int columns) {
  constexpr std::array<Hint, 12> k_help{{
      {"q", "quit"},
      {"?", "this help, or back"},
      {"p", "pause: keep what is shown, or go on"},
      {"space, R", "look now"},
      {"Tab, 1-4", "the panel that scrolls and has the most room: instances, targets, alerts, events"},
      {"j k, arrows", "scroll by a line"},
      {"PgDn PgUp", "scroll by a page"},
      {"g G, Home End", "to the beginning, to the end"},
      {"s, >", "sort the instances by the next figure: number, name, cpu, memory, network, uptime"},
      {"<", "by the one before"},
      {"r", "the other way round"},
      {"colours", "green is below 60%, yellow below 80%, red above"},
  }};
  constexpr int k_indent = 16;
  constexpr int k_least = 8;
  canvas.put(row++, Line("keys", Style::bold));
  for (const auto& [key, what] : k_help) {
    Line line;
    line.add(key, Style::accent);
    for (const auto& piece : wrapped(what, std::max(columns - k_indent, k_least))) {
      canvas.put(row++, line.pad(k_indent).add(piece));
      line = Line();
    }
  }
}

/// What a key means, however it is written.
enum class Command {
  none,
  quit,
  help,
  back,
  pause,
  look,
  next_panel,
  previous_panel,
  next_sort,
  previous_sort,
  reverse,
  line_up,
  line_down,
  page_up,
  page_down,
  beginning,
  end,
};

Command command_of(Key key) {
  using Name = Key::Name;
  constexpr std::array<std::pair<char, Command>, 14> k_characters{{{'q', Command::quit},
                                                                   {'?', Command::help},
                                                                   {'h', Command::help},
                                                                   {'p', Command::pause},
                                                                   {'R', Command::look},
                                                                   {' ', Command::look},
                                                                   {'s', Command::next_sort},
                                                                   {'>', Command::next_sort},
                                                                   {'<', Command::previous_sort},
                                                                   {'r', Command::reverse},
                                                                   {'k', Command::line_up},
                                                                   {'j', Command::line_down},
                                                                   {'g', Command::beginning},
                                                                   {'G', Command::end}}};
  constexpr std::array<std::pair<Name, Command>, 11> k_names{{{Name::up, Command::line_up},
                                                              {Name::down, Command::line_down},
                                                              {Name::left, Command::previous_sort},
                                                              {Name::right, Command::next_sort},
                                                              {Name::page_up, Command::page_up},
                                                              {Name::page_down, Command::page_down},
                                                              {Name::home, Command::beginning},
                                                              {Name::end, Command::end},
                                                              {Name::tab, Command::next_panel},
                                                              {Name::back_tab, Command::previous_panel},
                                                              {Name::escape, Command::back}}};
  if (key.name == Name::character) {
    const auto* const found = std::ranges::find(k_characters, key.character, &std::pair<char, Command>::first);
    return found != k_characters.end() ? found->second : Command::none;
  }
  const auto* const found = std::ranges::find(k_names, key.name, &std::pair<Name, Command>::first);
  return found != k_names.end() ? found->second : Command::none;
}

template <class Choice>
Choice turned(Choice choice, int by, int count) {
  return static_cast<Choice>((static_cast<int>(choice) + by + count) % count);
}

/// Scrolls the panel in view.
void scroll(View& view, Command command, const Snapshot& snapshot, Size size) {
  const Trends no_trends(0);
  const Scene scene{snapshot, no_trends, view, snapshot.overview.at};
  const auto panels = arranged(scene, size).panels;
  const auto its = std::ranges::find(panels, view.panel, &Placed::panel);
  if (its == panels.end()) {
    return;
  }
  const int page = std::max(its->lines_in_view() - 1, 1);
  const int now = std::clamp(view.scroll_of(view.panel), 0, its->furthest());
  const int then = command == Command::line_up     ? now - 1
                   : command == Command::line_down ? now + 1
                   : command == Command::page_up   ? now - page
                   : command == Command::page_down ? now + page
                   : command == Command::beginning ? 0
                                                   : its->furthest();
  view.scroll_of(view.panel) = std::clamp(then, 0, its->furthest());
}

void sort_by(View& view, Sort sort) {
  view.sort = sort;
  view.falling = falls(sort);
}

}  // namespace

Frame frame_of(const std::optional<Snapshot>& snapshot, const Trends& trends, const View& view, Size size,
               WallTime now) {
  const auto layout = layout_of(size);
  Canvas canvas(size, glyphs_of(view.charset));
  if (snapshot) {
    const Scene scene{*snapshot, trends, view, now};
    auto arrangement = arranged(scene, size);
    const int rows = static_cast<int>(arrangement.headlines.size());
    for (int row = 0; row < (view.help ? 1 : rows); ++row) {
      canvas.put(row, std::move(arrangement.headlines[static_cast<std::size_t>(row)]));
    }
    if (!view.help && arrangement.graph_rows > 0) {
      put_graphs(canvas, scene, rows, {arrangement.graph_rows, size.columns});
    }
    if (!view.help) {
      for (const auto& panel : arrangement.panels) {
        put_panel(canvas, panel, view);
      }
    }
  } else {
    canvas.put(0, Line("looking at Docker and Kong ...", Style::bold));
  }
  if (view.help) {
    put_help(canvas, 2, size.columns);
  }
  if (layout.footer) {
    canvas.put(size.rows - 1, footer(view, size.columns));
  }
  return canvas.take();
}

Wish press(View& view, Key key, const std::optional<Snapshot>& snapshot, Size size) {
  const auto command = command_of(key);
  const auto digit = key.name == Key::Name::character ? key.character - '1' : -1;
  if (digit >= 0 && digit < static_cast<int>(k_panels)) {
    view.panel = static_cast<Panel>(digit);
  }
  switch (command) {
    case Command::quit:
      return Wish::quit;
    case Command::look:
      return Wish::look;
    case Command::pause:
      view.paused = !view.paused;
      return Wish::pause;
    case Command::help:
      view.help = !view.help;
      break;
    case Command::back:
      view.help = false;
      break;
    case Command::next_panel:
    case Command::previous_panel:
      view.panel = turned(view.panel, command == Command::next_panel ? 1 : -1, static_cast<int>(k_panels));
      break;
    case Command::next_sort:
    case Command::previous_sort:
      sort_by(view, turned(view.sort, command == Command::next_sort ? 1 : -1, k_sorts));
      break;
    case Command::reverse:
      view.falling = !view.falling;
      break;
    case Command::none:
      break;
    default:
      if (snapshot && !view.help) {
        scroll(view, command, *snapshot, size);
      }
  }
  return Wish::none;
}

}  // namespace kscale::monitor
