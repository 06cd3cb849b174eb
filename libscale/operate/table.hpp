#pragma once

#include <string>
#include <vector>

namespace kscale::operate {

/// One column of a table for people.
struct Column {
  enum class Align { left, right };
  std::string header;
  Align align = Align::left;  ///< numbers stand right, so that their digits can be compared
};

/// Lines of aligned columns with two blanks between them, the header first, each ended by a line break and none by a
/// blank. A row may have fewer cells than there are columns, but not more. Cells are outside text: they are made
/// printable here.
std::string table_of(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows);

}  // namespace kscale::operate
