#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/base/result.hpp"
#include "libscale/control/sample.hpp"
#include "libscale/net/json.hpp"
#include "libscale/policy/decide.hpp"

namespace kscale::control {

/// What was done upon a decision.
struct Outcome {
  int reached = 0;                 ///< how many instances run now
  std::vector<std::string> names;  ///< those that were added or taken away
  Status status;                   ///< the first thing that went wrong
  std::chrono::milliseconds took{};
};

/// One check: what was seen, what was decided, what was done.
struct CheckReport {
  WallTime at{};
  Sample sample;
  policy::Decision decision;
  std::vector<std::string> drift;  ///< where containers and targets disagree and nothing was done about it
  std::vector<std::string> mended;
  std::vector<std::string> problems;  ///< what could not be read or mended, each once
  bool dry_run = false;
  std::optional<Outcome> outcome;  ///< nothing when nothing was to be done, or with dry_run
};

/// One line for people and for grep: what was decided, why, and on which figures.
std::string line_of(const CheckReport& report);
/// One line on what was done; empty when nothing was.
std::string outcome_line_of(const CheckReport& report);

/// The report for programs. Fields are only ever added; units stand in the names; what is not known is null.
json::Value json_of(const CheckReport& report);

}  // namespace kscale::control
