#include "libscale/base/text.hpp"

#include <fmt/format.h>

namespace kscale {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view k_blanks = " \t\r\n";
  const auto begin = text.find_first_not_of(k_blanks);
  return begin == std::string_view::npos ? std::string_view()
                                         : text.substr(begin, text.find_last_not_of(k_blanks) + 1 - begin);
}

std::string in_seconds(std::chrono::milliseconds span) {
  using namespace std::chrono_literals;
  return span % 1s == 0ms ? fmt::format("{}s", span / 1s) : fmt::format("{}ms", span.count());
}

}  // namespace kscale
