#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kscale::monitor {

// Tables for programs as RFC 4180 has them, but for a line feed alone at the end of a line.

/// One line of fields; those that need it are quoted.
std::string csv_line(const std::vector<std::string>& fields);

/// Outside text as a field: without line breaks, and with ' before what a spreadsheet would take for a formula.
std::string csv_text(std::string_view outside);

/// A figure as a field, to two decimals. Empty for what is not known.
std::string csv_number(std::optional<double> figure);

}  // namespace kscale::monitor
