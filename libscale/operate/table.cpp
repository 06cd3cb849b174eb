#include "libscale/operate/table.hpp"

#include <algorithm>
#include <string_view>

#include "libscale/base/printable.hpp"

namespace kscale::operate {

namespace {

/// The characters of a text that is printable, so that it is UTF-8.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace

std::string table_of(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> lines(1);
  std::ranges::transform(columns, std::back_inserter(lines.front()), &Column::header);
  for (const auto& row : rows) {
    std::ranges::transform(row, std::back_inserter(lines.emplace_back()),
                           [](const std::string& cell) { return printable(cell); });
  }
  std::vector<std::size_t> widths(columns.size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths.at(i) = std::max(widths[i], width_of(line[i]));
    }
  }
  std::string text;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string gap(widths[i] - width_of(line[i]), ' ');
      text += i == 0 ? "" : "  ";
      text += columns[i].align == Column::Align::left ? line[i] + gap : gap + line[i];
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

}  // namespace kscale::operate
