#pragma once

#include <string>
#include <vector>

#include "tests/faults/child.hpp"
#include "tests/faults/operation.hpp"

namespace kscale::faults {

/// What is wrong with how a tool ended and what it said of a failure: the exit status is right, one line tells of the
/// error and whose it is, and nothing is told twice; only a first check that fails ends a service. `hit` are the faults
/// that came to pass.
std::vector<std::string> wrong_report(const Operation& operation, const Ended& ended,
                                      const std::vector<std::string>& hit);

/// What is wrong with the decisions that the autoscaler told of: none for fewer instances on missing data.
std::vector<std::string> wrong_decisions(const Operation& operation, const Ended& ended,
                                         const std::vector<std::string>& hit);

}  // namespace kscale::faults
