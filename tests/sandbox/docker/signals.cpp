#include "tests/sandbox/docker/signals.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace kscale::sandbox::engine {

std::optional<int> signal_number(std::string_view text) {
  if (text.empty()) {
    return 9;
  }
  int number = 0;
  const auto* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, number).ptr == end) {
    return number > 0 && number < 65 ? std::optional(number) : std::nullopt;
  }
  if (text.starts_with("SIG")) {
    text.remove_prefix(3);
  }
  constexpr std::array<std::pair<std::string_view, int>, 7> k_names{
      {{"HUP", 1}, {"INT", 2}, {"QUIT", 3}, {"KILL", 9}, {"USR1", 10}, {"USR2", 12}, {"TERM", 15}}};
  const auto* const found =
      std::find_if(k_names.begin(), k_names.end(), [&](const auto& signal) { return signal.first == text; });
  return found == k_names.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace kscale::sandbox::engine
