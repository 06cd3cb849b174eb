#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kscale::docker {

/// Which part of a container's log is asked for.
struct LogRange {
  std::optional<int> tail;                        ///< the last lines only
  std::optional<std::chrono::nanoseconds> since;  ///< since 1970: lines of that time and later ones
};

/// One line that a container wrote.
struct LogLine {
  std::chrono::nanoseconds at{};  ///< since 1970
  std::string text;               ///< without its end

  friend bool operator==(const LogLine&, const LogLine&) = default;
};

/// Reads the answer of `GET /containers/ID/logs?timestamps=true`, in its order: frames (eight bytes - stream, three
/// zeros, length - before each piece), or plain text, as from a terminal. A line that came in several pieces stands
/// where it began, with the time of its beginning. One without a time has that of the line before it.
/// Source: Docker Engine API, ContainerAttach, "Stream format".
std::vector<LogLine> parse_log(std::string_view stream);

}  // namespace kscale::docker
