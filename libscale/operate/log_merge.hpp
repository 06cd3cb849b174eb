#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libscale/docker/log.hpp"
#include "libscale/net/json.hpp"

namespace kscale::operate {

/// What was read of one container's log, in the order of the log.
struct ContainerLog {
  std::string container;  ///< its name
  std::vector<docker::LogLine> lines;
};

/// One line for people.
struct MergedLine {
  std::chrono::nanoseconds at{};  ///< since 1970
  std::string container;          ///< its name
  std::size_t place = 0;  ///< of its container, in the order in which they appeared: the same colour for the same one
  std::string prefix;     ///< the container's name, padded to the longest one, and " | "
  std::string text;       ///< printable

  friend bool operator==(const MergedLine&, const MergedLine&) = default;
};

/// The line for programs.
json::Value json_of(const MergedLine& line);

/// Merges the logs of several containers by time, again and again as they grow.
class LogMerge {
 public:
  /// The lines that are new since the last call, in the order of time; those of one container stay in their own order,
  /// and those of the same moment in the order of the containers. A log may begin with lines that were merged before,
  /// as it does when it is read anew from `since` on: they come once. Containers may come and go; names become padded
  /// to the longest one so far.
  std::vector<MergedLine> merge(const std::vector<ContainerLog>& logs);

  /// The time from which on to read the container's log the next time, that moment included; nothing while no line of
  /// it was merged.
  std::optional<std::chrono::nanoseconds> since(const std::string& container) const;

 private:
  /// How far one container's log was merged.
  struct Mark {
    std::size_t place = 0;
    std::optional<std::chrono::nanoseconds> last;
    std::map<std::string, int> texts;  ///< those of the last moment, each with how often it came
  };

  Mark& mark_of(const std::string& container);

  std::map<std::string, Mark> m_marks;
  std::size_t m_width = 0;  ///< of the longest name so far
};

}  // namespace kscale::operate
