#include "tools/cli/terminal_log.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "libscale/base/printable.hpp"

namespace kscale::cli {

control::Log terminal_log(std::string tool, bool verbose) {
  using control::Level;
  return control::Log([tool = std::move(tool), verbose](Level level, std::string_view text) {
    if (level == Level::step && !verbose) {
      return;
    }
    // Not fmt::print, which throws when the disk is full: scaling goes on all the same.
    std::fputs(log_line(tool, level, text).c_str(), stderr);
  });
}

std::string log_line(std::string_view tool, control::Level level, std::string_view text) {
  using control::Level;
  const auto* const word = level == Level::error ? "error: " : level == Level::warning ? "warning: " : "";
  return fmt::format("{}: {}{}\n", tool, word, printable(text, text.size()));
}

std::string coloured(const std::string& text, std::size_t place) {
  constexpr std::array k_colours{36, 33, 32, 35, 34, 31};
  const char* const off = std::getenv("NO_COLOR");
  if (isatty(STDOUT_FILENO) != 1 || (off != nullptr && *off != '\0')) {
    return text;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", k_colours.at(place % k_colours.size()), text);
}

}  // namespace kscale::cli
