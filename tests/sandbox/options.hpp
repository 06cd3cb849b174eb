#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "tests/sandbox/machine.hpp"
#include "tests/sandbox/shape.hpp"

namespace kscale::sandbox {

struct Options {
  MachineOptions machine;
  std::string token_file;  ///< empty: the key is in the environment, or there is none
  std::optional<LoadShape> load;
  bool until_load_ends = false;
  std::chrono::seconds duration{3600};
  bool json = false;
  bool help = false;
};

/// Reads the command line, without the program's name. Opens nothing.
Result<Options> parse_options(const std::vector<std::string>& arguments);
std::string help_text();

}  // namespace kscale::sandbox
