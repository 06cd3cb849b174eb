#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/base/result.hpp"

namespace kscale::docker {

/// The variables of a program, by their names.
using Variables = std::map<std::string, std::string>;

/// Those of this process.
Variables own_variables();

/// A program that is run to its end. No shell is between.
struct Child {
  std::vector<std::string> arguments;  ///< the program first: sought in the PATH of `variables`, unless it has a slash
  std::filesystem::path folder;        ///< where it runs; ours where empty
  Variables variables;                 ///< all that it gets
  /// Called with each line that it writes, to either stream, as it comes; without the line break, empty ones left out,
  /// of one too long the beginning.
  std::function<void(std::string_view line)> on_line;
  bool has_errors_apart = false;                    ///< its standard error comes by itself
  std::size_t max_output = std::size_t{64} * 1024;  ///< of either; what was written last is kept
  std::chrono::milliseconds deadline{60'000};
  std::chrono::milliseconds grace{10'000};  ///< from SIGTERM to SIGKILL
};

struct ChildEnd {
  int status = 0;      ///< its exit status; 128 and the number of the signal that ended it
  std::string output;  ///< both streams, in order, or standard output alone; cut, it begins with a whole line
  std::string errors;  ///< standard error, where it was to come by itself
  bool is_cut = false;
};

/// Runs a program to its end. It reads nothing, holds no descriptor of ours, and is in a process group of its own: a
/// key pressed at the terminal reaches it through us alone, and what ends it ends those that it has started as well.
///
/// `stop_fd`, when not negative, is a descriptor that becomes readable when we are told to stop; it is watched, never
/// read. Errors: `not_found` (no such program, or folder), `timed_out` and `interrupted` (it was ended, and has ended),
/// `failed`. They name the program, and nothing else of its arguments.
Result<ChildEnd> run(const Child& child, int stop_fd = -1);

}  // namespace kscale::docker
