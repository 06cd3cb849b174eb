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
    // Not fmt::print, which throws when the disk is full: scaling goes on all the same.
    std::fputs(fmt::format("{}: {}{}\n", tool, word, text).c_str(), stderr);
  });
}

}  // namespace kscale::cli
