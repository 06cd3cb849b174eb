#include "libscale/monitor/csv.hpp"

#include <cmath>

#include <fmt/format.h>

#include "libscale/base/printable.hpp"

namespace kscale::monitor {

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  std::string_view separator;
  for (const auto& field : fields) {
    line += separator;
    separator = ",";
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      line += field;
      continue;
    }
    line += '"';
    for (const char c : field) {
      line += c == '"' ? "\"\"" : std::string(1, c);
    }
    line += '"';
  }
  return line + '\n';
}

std::string csv_text(std::string_view outside) {
  const bool is_formula = !outside.empty() && std::string_view("=+-@\t\r").find(outside.front()) != std::string::npos;
  return (is_formula ? "'" : "") + printable(outside);
}

std::string csv_number(std::optional<double> figure) {
  constexpr double k_hundred = 100;
  if (!figure || !std::isfinite(*figure)) {
    return {};
  }
  return fmt::format("{}", std::round(*figure * k_hundred) / k_hundred + 0.0);  // + 0.0: never "-0"
}

}  // namespace kscale::monitor
