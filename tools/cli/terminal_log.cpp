#include "tools/cli/terminal_log.hpp"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

namespace kscale::cli {

control::Log terminal_log(std::string tool, bool verbose) {
  using control::Level;
  return control::Log([tool = std::move(tool), verbose](Level level, std::string_view text) {
    if (level == Level::step && !verbose) {
      return;
    }
    const auto* const word = level == Level::error ? "error: " : level == Level::warning ? "warning: " : "";
    fmt::print(stderr, "{}: {}{}\n", tool, word, text);
  });
}

}  // namespace kscale::cli
