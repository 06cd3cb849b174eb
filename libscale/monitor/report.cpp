#include "libscale/monitor/report.hpp"

#include <fmt/format.h>

#include "libscale/monitor/markup.hpp"
#include "libscale/monitor/page.hpp"
#include "libscale/monitor/report_charts.hpp"
#include "libscale/monitor/report_tables.hpp"
#include "libscale/monitor/report_tiles.hpp"
#include "libscale/monitor/wording.hpp"

namespace kscale::monitor {

namespace {

std::string footer_of(const ReportData& data) {
  const auto& rules = data.rules;
  const auto text = fmt::format(
      "{} to {} instances; up above {} of CPU or memory, {} req/s or {}; down at {} and {} req/s; a cooldown of {}. "
      "Written on {} UTC by kscale-monitor.",
      rules.min_instances, rules.max_instances, text_of(rules.scale_up), number_text(rules.rate_up.value),
      text_of(rules.response_time_up), text_of(rules.scale_down), number_text(rules.rate_down.value),
      text_of(rules.cooldown), text_of(data.written_at));
  return fmt::format("<footer>{}</footer>\n", text);
}

}  // namespace

std::string html_of(const ReportData& data) {
  const auto when = fmt::format("{} to {}", text_of(data.range.since), text_of(data.range.until));
  auto body = fmt::format(
      "<h1>{}</h1>\n<p class=\"when\">{}, all times in UTC. Kong's service: {}. Each point of a "
      "chart is {}.</p>\n<p class=\"lead\">{}</p>\n",
      escaped(data.deployment), when, escaped(data.service), text_of(data.step), escaped(text_of(data.summary)));
  if (data.fleet.empty()) {
    body += "<p class=\"nothing\">Figures are kept while kscale-auto or kscale-monitor runs.</p>\n";
  } else {
    body += tiles_of(data);
  }
  body += charts_of(data);
  body += tables_of(data);
  body += footer_of(data);
  return page_of(fmt::format("{}: {}", data.deployment, when), body);
}

}  // namespace kscale::monitor
