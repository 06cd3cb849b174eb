#include "libscale/operate/log_merge.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "libscale/base/printable.hpp"

namespace kscale::operate {

using std::chrono::nanoseconds;

json::Value json_of(const MergedLine& line) {
  json::Value value;
  value.set("unix_nanoseconds", std::int64_t{line.at.count()});
  value.set("container", line.container);
  value.set("text", line.text);
  return value;
}

LogMerge::Mark& LogMerge::mark_of(const std::string& container) {
  const auto [mark, is_new] = m_marks.try_emplace(container);
  if (is_new) {
    mark->second.place = m_marks.size() - 1;
    m_width = std::max(m_width, container.size());
  }
  return mark->second;
}

std::optional<nanoseconds> LogMerge::since(const std::string& container) const {
  const auto mark = m_marks.find(container);
  return mark != m_marks.end() ? mark->second.last : std::nullopt;
}

std::vector<MergedLine> LogMerge::merge(const std::vector<ContainerLog>& logs) {
  for (const auto& log : logs) {
    mark_of(log.container);
  }
  std::vector<MergedLine> merged;
  for (const auto& [container, lines] : logs) {
    auto& mark = mark_of(container);
    const auto prefix = fmt::format("{:<{}} | ", printable(container), m_width);
    const auto begin = mark.last;
    auto known = mark.texts;  // those of the boundary that may come again
    for (const auto& [time, text] : lines) {
      if (begin && time <= *begin) {
        auto& count = known[text];
        if (time < *begin || count-- > 0) {
          continue;
        }
      }
      // A line that carries an earlier time than the one before it, from the other stream, stays behind it.
      const auto at = std::max(time, mark.last.value_or(time));
      if (mark.last != at) {
        mark.last = at;
        mark.texts.clear();
      }
      ++mark.texts[text];
      merged.push_back({.at = at,
                        .container = container,
                        .place = mark.place,
                        .prefix = prefix,
                        .text = printable(text, text.size())});
    }
  }
  std::ranges::stable_sort(merged, {}, &MergedLine::at);
  return merged;
}

}  // namespace kscale::operate
