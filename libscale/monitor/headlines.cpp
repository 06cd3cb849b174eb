#include "libscale/monitor/headlines.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "libscale/base/rfc3339.hpp"
#include "libscale/monitor/gauge.hpp"
#include "libscale/monitor/layout.hpp"
#include "libscale/monitor/width.hpp"
#include "libscale/operate/figures.hpp"

namespace kscale::monitor {

namespace {

using operate::shown;
using operate::Verdict;
using std::chrono::seconds;
using Figure = Trends::Figure;

constexpr int k_label = 8;

/// A line, and how much it matters: 0 the most.
struct Headline {
  int rank = 0;
  Line line;
};

Style badge_of(Verdict verdict) {
  return verdict == Verdict::healthy    ? Style::good_badge
         : verdict == Verdict::degraded ? Style::warning_badge
                                        : Style::bad_badge;
}

/// A line that takes further parts as long as they fit.
class Sentence {
 public:
  Sentence(std::string_view label, int columns) : m_columns(columns) { m_line.add(label, Style::accent).pad(k_label); }

  Sentence& add(const Line& part) {
    constexpr std::string_view k_gap = "  ";
    const int gap = m_parts > 0 ? static_cast<int>(k_gap.size()) : 0;
    if (m_parts == 0 || m_line.width() + gap + part.width() <= m_columns) {
      m_line.add(m_parts > 0 ? k_gap : "").add(part);
      ++m_parts;
    }
    return *this;
  }

  const Line& line() const { return m_line; }

 private:
  Line m_line;
  int m_columns;
  int m_parts = 0;
};

/// Paints the lines above the panels.
class Painter {
 public:
  Painter(const Scene& scene, Size size)
      : m_scene(scene),
        m_overview(scene.snapshot.overview),
        m_size(size),
        m_charset(scene.view.charset),
        m_has_graphs(layout_of(size).graph_rows > 0) {}

  Line top() const;
  std::vector<Headline> kong() const;
  Line traffic() const;
  Line fleet() const;
  Line host() const;
  Line autoscaler() const;
  Line decision() const;

 private:
  std::string safe(std::string_view text) const { return within(m_charset, text); }
  Line trend(Figure figure) const;
  Line cell(std::string_view name, const std::optional<Percent>& share) const;
  int cell_width() const { return (m_size.columns - k_label - 4) / 3; }

  const Scene& m_scene;
  const operate::Overview& m_overview;
  Size m_size;
  Charset m_charset;
  bool m_has_graphs;
};

Line Painter::top() const {
  const auto& view = m_scene.view;
  const auto age = std::chrono::floor<seconds>(m_scene.now - m_overview.at);
  Line right;
  if (view.paused) {
    right.add(" PAUSED ", Style::warning_badge).add(" ");
  }
  const auto time = rfc3339_in_seconds(m_overview.at);
  constexpr int k_wide = 100;
  constexpr std::size_t k_date = 11;  // what stands before the hours
  right.add(m_size.columns >= k_wide ? time : time.substr(k_date), Style::dim);
  if (age >= seconds{1}) {
    right.add(fmt::format(" {} ago", shown(age)), Style::dim);
  }
  right.add(view.looking ? std::string(" ") + std::string(glyphs_of(m_charset).cut) : "  ", Style::accent);

  Line line;
  line.add(fmt::format(" {} ", operate::name_of(m_overview.verdict)), badge_of(m_overview.verdict)).add(" ");
  line.add(safe(m_overview.deployment), Style::bold);
  const auto& instances = m_overview.instances;
  std::vector<Line> parts;
  const auto firing = std::ranges::count_if(m_scene.snapshot.alerts, &alert::Alert::firing);
  if (firing > 0) {
    parts.emplace_back(fmt::format(" {} alert{} ", firing, firing == 1 ? "" : "s"), Style::bad_badge);
  }
  if (!m_overview.docker_error) {
    const auto serving = std::ranges::count_if(instances, &operate::InstanceView::serving);
    parts.emplace_back(fmt::format("{} of {} serving", serving, instances.size()));
  }
  for (const auto& part : parts) {
    if (line.width() + 2 + part.width() + 1 + right.width() <= m_size.columns) {
      line.add("  ").add(part);
    }
  }
  if (line.width() + 1 + right.width() <= m_size.columns) {
    line.pad(m_size.columns - right.width()).add(right);
  } else if (view.paused) {
    line.fit(m_size.columns - 9, glyphs_of(m_charset).cut).add(" ").add(" PAUSED ", Style::warning_badge);
  }
  return line;
}

std::vector<Headline> Painter::kong() const {
  const auto& kong = m_overview.kong;
  if (kong.error) {
    std::vector<Headline> lines;
    Line before;
    before.add("Kong", Style::accent).pad(k_label);
    for (const auto& piece : wrapped("error: " + safe(kong.error->what), m_size.columns - k_label)) {
      lines.push_back({lines.empty() ? 1 : 4, before.add(piece, Style::bad)});
      before = Line();
      before.pad(k_label);
    }
    return lines;
  }
  Sentence sentence("Kong", m_size.columns);
  sentence.add(Line(safe(kong.version.value_or("version unknown"))));
  if (const auto& status = kong.status) {
    sentence.add(Line(kong::name_of(status->mode)));
    if (!status->configured) {
      sentence.add(Line("not configured yet", Style::bad));
    }
    if (!status->database_reachable) {
      sentence.add(Line("cannot reach its database", Style::bad));
    }
    if (status->active_connections) {
      const auto count = *status->active_connections;
      sentence.add(Line(fmt::format("{:.0f} connection{}", count, count == 1 ? "" : "s")));
    }
  }
  sentence.add(Line(safe(kong.url), Style::dim));
  return {{4, sentence.line()}};
}

/// The trend of one figure, where there is no larger graph of it.
Line Painter::trend(Figure figure) const {
  constexpr int k_beside = 66;
  const int width = std::clamp((m_size.columns - k_beside) / 2, 0, 30);
  const auto& series = m_scene.trends.of(figure);
  Line line;
  if (!m_has_graphs && width >= 4 && !series.empty()) {
    line.add(" ").add(sparkline(series, width, peak_of(series, 1), m_charset), Style::accent);
  }
  return line;
}

Line Painter::traffic() const {
  const auto& sample = m_overview.sample;
  Sentence sentence("traffic", m_size.columns);
  sentence.add(Line(fmt::format("{:>8}", shown(sample.request_rate))).add(trend(Figure::request_rate)));
  Line errors;
  errors.add("errors ", Style::dim);
  errors.add(shown(sample.error_rate), sample.error_rate.value_or(Percent{}).value >= 1 ? Style::bad : Style::plain);
  Line response;
  response.add("response ", Style::dim).add(fmt::format("{:>6}", shown(sample.response_time)));
  response.add(trend(Figure::response_time));
  Line p95;
  p95.add("p95 ", Style::dim).add(shown(sample.response_time_p95));
  return sentence.add(errors).add(response).add(p95).line();
}

Line Painter::cell(std::string_view name, const std::optional<Percent>& share) const {
  constexpr int k_words = 14;
  constexpr int k_least_bar = 4;
  constexpr int k_longest_bar = 40;
  const int width = std::min(cell_width() - k_words, k_longest_bar);
  Line line;
  line.add(fmt::format("{:<7}", name), Style::dim).add(fmt::format("{:>6}", shown(share)));
  return width >= k_least_bar ? line.add(" ").add(bar(share, width, m_charset)) : line;
}

Line Painter::fleet() const {
  const auto load = m_overview.sample.load();
  Sentence sentence("fleet", m_size.columns);
  sentence.add(cell("CPU", policy::figure_of(load.cpu))).add(cell("memory", policy::figure_of(load.memory)));
  constexpr int k_longest = 60;
  const int width = std::min(cell_width(), k_longest);
  return m_has_graphs ? sentence.line()
                      : sentence.add(percent_trend(m_scene.trends.of(Figure::cpu), width, m_charset)).line();
}

Line Painter::host() const {
  const auto& sample = m_overview.sample;
  Sentence sentence("host", m_size.columns);
  sentence.add(cell("CPU", sample.host_cpu));
  return sentence.add(cell("memory", sample.host_memory)).add(cell("disk", sample.host_disk)).line();
}

Line Painter::autoscaler() const {
  const auto& autoscaler = m_overview.autoscaler;
  Sentence sentence("scaler", m_size.columns);
  if (autoscaler.holder.empty()) {
    sentence.add(Line("not running", Style::bad));
  } else {
    sentence.add(Line("running", Style::good));
  }
  if (autoscaler.paused) {
    sentence.add(Line(autoscaler.pause_left ? fmt::format("paused, {} left", shown(*autoscaler.pause_left))
                                            : std::string("paused until it is resumed"),
                      Style::warning));
  }
  for (const auto& [name, left] :
       {std::pair("up", autoscaler.cooldown_up_left), std::pair("down", autoscaler.cooldown_down_left)}) {
    if (left > seconds{0}) {
      sentence.add(Line(fmt::format("cooldown {} {} left", name, shown(left))));
    }
  }
  return sentence.add(Line(safe(autoscaler.holder), Style::dim)).line();
}

Line Painter::decision() const {
  const auto& last = m_overview.autoscaler.last;
  Line line;
  line.add("", Style::plain).pad(k_label);
  if (!last) {
    return line.add("no decision yet", Style::dim);
  }
  auto age = fmt::format("  {} ago", shown(last->ago));
  const int room = m_size.columns - k_label - width_of(age);
  if (room <= 0) {
    return line;
  }
  Line words(safe(operate::brief(*last)));
  return line.add(words.fit(room, glyphs_of(m_charset).cut)).add(age, Style::dim);
}

}  // namespace

std::vector<Line> headlines(const Scene& scene, Size size) {
  const Painter painter(scene, size);
  std::vector<Headline> all{{0, painter.top()}};
  std::ranges::move(painter.kong(), std::back_inserter(all));
  if (!scene.snapshot.overview.kong.error) {
    all.push_back({1, painter.traffic()});
  }
  all.push_back({3, painter.fleet()});
  all.push_back({5, painter.host()});
  all.push_back({2, painter.autoscaler()});
  all.push_back({6, painter.decision()});
  while (static_cast<int>(all.size()) > std::max(layout_of(size).headlines, 1)) {
    all.erase(std::ranges::max_element(all, {}, &Headline::rank));
  }
  std::vector<Line> lines;
  lines.reserve(all.size());
  for (auto& headline : all) {
    lines.push_back(std::move(headline.line.fit(size.columns, glyphs_of(scene.view.charset).cut)));
  }
  return lines;
}

}  // namespace kscale::monitor
