#include "libscale/monitor/panels.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "libscale/alert/rule.hpp"
#include "libscale/monitor/gauge.hpp"
#include "libscale/monitor/width.hpp"
#include "libscale/operate/figures.hpp"

namespace kscale::monitor {

namespace {

using operate::InstanceView;
using operate::shown;
using std::chrono::seconds;

enum class Align { left, right };

/// One column of the instances.
struct Column {
  std::string header;
  int width = 0;
  int rank = 0;  ///< those of a low one are the last to be left out
  Align align = Align::left;
  std::function<Line(const InstanceView&)> cell = {};
};

void add_cell(Line& line, int end, Align align, int width, Line cell, std::string_view mark) {
  cell.fit(width, mark);
  line.pad(end - width + (align == Align::right ? width - cell.width() : 0));
  line.add(cell).pad(end);
}

seconds since(WallTime then, WallTime now) {
  return std::chrono::floor<seconds>(now - then);
}

/// What there is to say of an instance in one word, and how bad it is.
std::pair<std::string_view, Style> status_of(const InstanceView& instance) {
  if (instance.state != docker::State::running) {
    return {name_of(instance.state), instance.fault.empty() ? Style::dim : Style::bad};
  }
  if (instance.health == docker::Health::unhealthy || !instance.fault.empty()) {
    return {"unhealthy", Style::bad};
  }
  if (instance.warming_up || instance.health == docker::Health::starting) {
    return {"warming up", Style::warning};
  }
  if (!instance.serving) {
    return {"not serving", Style::warning};
  }
  return {instance.health == docker::Health::healthy ? "healthy" : "running", Style::good};
}

/// Text over as many lines as it takes, all but the first beginning below the text.
void add_wrapped(std::vector<Line>& lines, const Line& before, std::string_view text, Style style, int columns) {
  constexpr int k_least = 12;
  const int indent = before.width() + k_least <= columns ? before.width() : 0;
  auto line = before;
  if (indent == 0 && before.width() > 0) {
    lines.push_back(std::exchange(line, Line()));
  }
  for (const auto& piece : wrapped(text, columns - indent)) {
    lines.push_back(line.pad(indent).add(piece, style));
    line = Line();
  }
}

/// Paints panels of so many columns.
class Painter {
 public:
  Painter(const Scene& scene, int columns)
      : m_scene(scene),
        m_overview(scene.snapshot.overview),
        m_columns(columns),
        m_charset(scene.view.charset),
        m_glyphs(glyphs_of(m_charset)) {}

  Content instances() const;
  Content targets() const;
  Content alerts() const;
  Content events() const;

 private:
  std::string safe(std::string_view text) const { return within(m_charset, text); }
  Content titled(Panel panel) const;
  void add_error(Content& content, const Error& error) const;
  std::vector<Column> all_columns() const;
  std::vector<Column> columns() const;
  void add_alert(std::vector<Line>& lines, const alert::Alert& alert) const;
  void add_faults(std::vector<Line>& lines) const;
  void add_notes(std::vector<Line>& lines, std::string_view label, const std::vector<std::string>& notes,
                 Style style) const;

  const Scene& m_scene;
  const operate::Overview& m_overview;
  int m_columns;
  Charset m_charset;
  const Glyphs& m_glyphs;
};

Content Painter::titled(Panel panel) const {
  const bool in_view = m_scene.view.panel == panel;
  Content content;
  content.title.add(fmt::format("{} ", static_cast<int>(panel) + 1), Style::dim);
  content.title.add(name_of(panel), in_view ? Style::accent : Style::bold);
  return content;
}

void Painter::add_error(Content& content, const Error& error) const {
  add_wrapped(content.lines, Line("error ", Style::bad), safe(error.what), Style::bad, m_columns);
}

/// All that can be told of an instance, in the order of the table.
std::vector<Column> Painter::all_columns() const {
  constexpr int k_bar = 6;
  constexpr int k_least_trend = 9;
  std::size_t name = 0;
  std::size_t image = 0;
  std::size_t fault = 0;
  for (const auto& instance : m_overview.instances) {
    name = std::max(name, static_cast<std::size_t>(width_of(safe(instance.name))));
    image = std::max(image, static_cast<std::size_t>(width_of(safe(instance.image))));
    fault = std::max(fault, static_cast<std::size_t>(width_of(safe(instance.fault))));
  }
  const auto percent = [](const std::optional<Percent>& value) {
    return Line(shown(value), value ? level_of(value->value) : Style::dim);
  };
  const auto rate = [](const std::optional<BytesPerSecond>& value) {
    return Line(value ? compact(value->value) : "-");
  };
  const auto bytes = [](const std::optional<Bytes>& value) {
    return Line(value ? compact(static_cast<double>(value->value)) : "-");
  };
  std::vector<Column> columns;
  columns.push_back({"#", 3, 0, Align::right, [](const auto& i) { return Line(std::to_string(i.number)); }});
  columns.push_back(
      {"NAME", static_cast<int>(name), 9, Align::left, [this](const auto& i) { return Line(safe(i.name)); }});
  columns.push_back({"STATE", 10, 12, Align::left, [](const auto& i) { return Line(name_of(i.state), Style::dim); }});
  columns.push_back({"STATUS", 11, 1, Align::left, [](const auto& i) {
                       const auto [word, style] = status_of(i);
                       return Line(word, style);
                     }});
  columns.push_back({"CPU", 6, 2, Align::right, [=](const auto& i) { return percent(i.cpu); }});
  columns.push_back({"", k_bar, 6, Align::left, [this, k_bar](const auto& i) { return bar(i.cpu, k_bar, m_charset); }});
  columns.push_back({"MEM", 6, 3, Align::right, [=](const auto& i) { return percent(i.memory); }});
  columns.push_back(
      {"", k_bar, 11, Align::left, [this, k_bar](const auto& i) { return bar(i.memory, k_bar, m_charset); }});
  columns.push_back({"USED", 5, 7, Align::right, [=](const auto& i) { return bytes(i.memory_used); }});
  columns.push_back({"IN/s", 5, 8, Align::right, [=](const auto& i) { return rate(i.received); }});
  columns.push_back({"OUT/s", 5, 8, Align::right, [=](const auto& i) { return rate(i.sent); }});
  columns.push_back({"UPTIME", 7, 4, Align::right, [](const auto& i) { return Line(shown(i.uptime)); }});
  columns.push_back({"CPU TREND", k_least_trend, 5, Align::left, {}});
  columns.push_back({"PORT", 5, 13, Align::right,
                     [](const auto& i) { return Line(i.host_port ? std::to_string(*i.host_port) : "-"); }});
  columns.push_back({"IMAGE", static_cast<int>(image), 14, Align::left,
                     [this](const auto& i) { return Line(safe(i.image), Style::dim); }});
  if (fault > 0) {
    columns.push_back({"FAULT", static_cast<int>(fault), 10, Align::left,
                       [this](const auto& i) { return Line(safe(i.fault), Style::bad); }});
  }
  return columns;
}

/// The columns that there is room for; the trend takes what is left of it.
std::vector<Column> Painter::columns() const {
  constexpr int k_longest_trend = 60;
  constexpr int k_essential = 9;  // ranks; those beyond leave the trend some room
  constexpr int k_for_trend = 12;
  const auto all = all_columns();
  int room = m_columns;
  int most_rank = -1;
  for (bool fits = true; fits;) {
    int width = 0;
    bool more = false;
    for (const auto& column : all) {
      width += column.rank <= most_rank + 1 ? column.width + 1 : 0;
      more = more || column.rank > most_rank;
    }
    const int reserve = most_rank + 1 > k_essential ? k_for_trend : 0;
    fits = more && width - 1 + reserve <= m_columns;
    most_rank += fits ? 1 : 0;
    room = fits ? m_columns - width + 1 : room;
  }
  std::vector<Column> columns;
  for (auto column : all) {
    if (column.rank > most_rank) {
      continue;
    }
    if (!column.cell) {
      column.width += std::clamp(room, 0, k_longest_trend - column.width);
      column.cell = [this, width = column.width](const InstanceView& instance) {
        return percent_trend(m_scene.trends.cpu_of(instance.number), width, m_charset);
      };
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

Content Painter::instances() const {
  auto content = titled(Panel::instances);
  const auto& view = m_scene.view;
  if (m_overview.docker_error) {
    add_error(content, *m_overview.docker_error);
    return content;
  }
  content.title.add(fmt::format(" {}", m_overview.instances.size()), Style::bold);
  content.title.add(fmt::format(" by {} ", name_of(view.sort)), Style::dim);
  content.title.add(view.falling ? m_glyphs.down : m_glyphs.up, Style::dim);
  if (m_overview.instances.empty()) {
    content.lines.emplace_back(fmt::format("there is no instance of '{}'", safe(m_overview.deployment)), Style::bad);
    return content;
  }
  const auto chosen = columns();
  const auto row = [&](const auto& cell_of) {
    Line line;
    int end = -1;
    for (const auto& column : chosen) {
      end += column.width + 1;
      add_cell(line, end, column.align, column.width, cell_of(column), m_glyphs.cut);
    }
    return line;
  };
  content.head.push_back(row([](const Column& column) { return Line(column.header, Style::dim); }));
  for (const auto& instance : sorted(m_overview.instances, view)) {
    content.lines.push_back(row([&instance](const Column& column) { return column.cell(instance); }));
  }
  return content;
}

Content Painter::targets() const {
  auto content = titled(Panel::targets);
  if (m_overview.kong.error) {
    content.lines.emplace_back("not known, as Kong does not answer", Style::bad);
    return content;
  }
  if (m_overview.targets_error) {
    add_error(content, *m_overview.targets_error);
    return content;
  }
  const auto& targets = m_overview.targets;
  content.title.add(fmt::format(" {}", targets.size()), Style::bold);
  if (!m_overview.drift) {
    content.title.add(" drift unknown", Style::dim);
  } else if (!m_overview.drift->empty()) {
    content.title.add(" drift", Style::bad);
  }
  if (targets.empty()) {
    content.lines.emplace_back("Kong has no target", Style::bad);
    return content;
  }
  constexpr std::string_view k_address = "ADDRESS";
  constexpr int k_health = 16;
  constexpr int k_weight = 6;
  int address = static_cast<int>(k_address.size());
  for (const auto& target : targets) {
    address = std::max(address, width_of(safe(target.address)));
  }
  address = std::clamp(m_columns - k_weight - k_health - 2, 1, address);
  const auto row = [&](Line first, Line weight, const Line& health, const Line& instance) {
    Line line;
    add_cell(line, address, Align::left, address, std::move(first), m_glyphs.cut);
    add_cell(line, address + 1 + k_weight, Align::right, k_weight, std::move(weight), m_glyphs.cut);
    line.add(" ").add(health).pad(address + k_weight + k_health + 3);
    return line.add(instance);
  };
  content.head.push_back(row(Line(k_address, Style::dim), Line("WEIGHT", Style::dim), Line("HEALTH", Style::dim),
                             Line("INSTANCE", Style::dim)));
  for (const auto& target : targets) {
    const auto health = target.health == "HEALTHY"                                     ? Style::good
                        : target.health.empty() || target.health == "HEALTHCHECKS_OFF" ? Style::dim
                                                                                       : Style::bad;
    content.lines.push_back(row(Line(safe(target.address)),
                                Line(std::to_string(target.weight), target.weight > 0 ? Style::plain : Style::warning),
                                Line(target.health.empty() ? "-" : safe(target.health), health),
                                target.instance ? Line(safe(*target.instance)) : Line("of no instance", Style::bad)));
  }
  return content;
}

void Painter::add_alert(std::vector<Line>& lines, const alert::Alert& alert) const {
  const bool critical = alert.finding.severity == alert::Severity::critical;
  const auto style = !alert.firing ? Style::dim : critical ? Style::bad : Style::warning;
  Line before;
  before.add(alert.firing ? m_glyphs.dot : m_glyphs.ring, style).add(" ");
  before.add(alert::info(alert.finding.rule).name, style).add(" ");
  const auto age = shown(since(alert.since, m_scene.now));
  add_wrapped(lines, before,
              fmt::format("{} (for {}{})", safe(alert.finding.summary), age, alert.firing ? "" : ", pending"),
              alert.firing ? Style::plain : Style::dim, m_columns);
}

/// The faults of instances that no alert tells of.
void Painter::add_faults(std::vector<Line>& lines) const {
  for (const auto& instance : m_overview.instances) {
    const bool told = std::ranges::any_of(m_scene.snapshot.alerts, [&](const alert::Alert& alert) {
      return alert.finding.rule == alert::Rule::unhealthy_instance && alert.finding.subject == instance.name;
    });
    if (!instance.fault.empty() && !told) {
      add_wrapped(lines, Line(std::string(m_glyphs.ring) + " unhealthy ", Style::bad),
                  fmt::format("{}: {}", safe(instance.name), safe(instance.fault)), Style::plain, m_columns);
    }
  }
}

void Painter::add_notes(std::vector<Line>& lines, std::string_view label, const std::vector<std::string>& notes,
                        Style style) const {
  for (const auto& note : notes) {
    add_wrapped(lines, Line(fmt::format("  {} ", label), style), safe(note), Style::plain, m_columns);
  }
}

Content Painter::alerts() const {
  auto content = titled(Panel::alerts);
  const auto& alerts = m_scene.snapshot.alerts;
  const auto firing = std::ranges::count_if(alerts, &alert::Alert::firing);
  const auto pending = std::ssize(alerts) - firing;
  if (alerts.empty()) {
    content.title.add(" none", Style::good);
  }
  if (firing > 0) {
    content.title.add(fmt::format(" {} firing", firing), Style::bad);
  }
  if (pending > 0) {
    content.title.add(fmt::format(" {} pending", pending), Style::dim);
  }
  for (const auto& alert : alerts) {
    add_alert(content.lines, alert);
  }
  add_faults(content.lines);
  add_notes(content.lines, "drift", m_overview.drift.value_or(std::vector<std::string>()), Style::warning);
  add_notes(content.lines, "not read:", m_overview.problems, Style::warning);
  add_notes(content.lines, "note:", m_overview.notices(), Style::accent);
  add_notes(content.lines, "note:", m_scene.snapshot.notices, Style::accent);
  return content;
}

Content Painter::events() const {
  auto content = titled(Panel::events);
  auto events = m_scene.snapshot.events;
  std::ranges::reverse(events);
  if (events.empty()) {
    content.lines.emplace_back("nothing was scaled yet", Style::dim);
  }
  for (const auto& event : events) {
    constexpr int k_age = 8;
    Line before;
    const auto age = shown(since(event.at, m_scene.now));
    before.pad(k_age - width_of(age)).add(age, Style::dim).add(" ");
    const auto style = !event.succeeded() ? Style::bad : event.to >= event.from ? Style::accent : Style::good;
    before.add(fmt::format("{} {} {}", event.from, m_glyphs.arrow, event.to), style).add("  ");
    auto text = safe(event.reason);
    if (!event.succeeded()) {
      text += "; failed: " + safe(event.outcome);
    }
    if (!event.actor.empty() && event.actor != "kscale-auto") {
      text += fmt::format(" ({})", safe(event.actor));
    }
    add_wrapped(content.lines, before, text, Style::plain, m_columns);
  }
  return content;
}

}  // namespace

Content content_of(Panel panel, const Scene& scene, int columns) {
  const Painter painter(scene, columns);
  auto content = panel == Panel::instances ? painter.instances()
                 : panel == Panel::targets ? painter.targets()
                 : panel == Panel::alerts  ? painter.alerts()
                                           : painter.events();
  const auto mark = glyphs_of(scene.view.charset).cut;
  for (auto* const lines : {&content.head, &content.lines}) {
    for (auto& line : *lines) {
      line.fit(columns, mark);
    }
  }
  return content;
}

}  // namespace kscale::monitor
