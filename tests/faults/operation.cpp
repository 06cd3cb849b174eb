#include "tests/faults/operation.hpp"

#include <algorithm>

namespace kscale::faults {

namespace {

using Tool = Operation::Tool;
using Aim = Operation::Aim;
using Words = std::vector<std::string>;

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// The sandbox's load is light, so the thresholds say what it means.
const Words k_busy{"--request-rate-up", "0.1", "--request-rate-down", "0"};
const Words k_idle{"--scale-up-threshold", "90",   "--scale-down-threshold", "80",
                   "--request-rate-down",  "5000", "--request-rate-up",      "9000"};
const Words k_between{"--request-rate-up", "9000", "--request-rate-down", "0"};

Words check(const Words& load, const char* least, const char* most) {
  return with({"--once", "--min-instances", least, "--max-instances", most}, load);
}

}  // namespace

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all{
      {.name = "auto-up", .arguments = check(k_busy, "2", "4"), .bounds = {3, 4}, .fewest_after = 3},
      {.name = "auto-down", .arguments = check(k_idle, "2", "4"), .bounds = {2, 3}, .fewest_after = 2},
      {.name = "auto-hold",
       .arguments = check(k_between, "2", "4"),
       .bounds = {3, 3},
       .fewest_after = 3,
       .must_hold = true},
      {.name = "auto-mend",
       .arguments = check(k_between, "2", "6"),
       .bounds = {2, 4},
       .fewest_after = 4,
       .with_drift = true,
       .must_hold = true},
      {.name = "auto-service",
       .arguments = with({"--check-interval", "1", "--min-instances", "2", "--max-instances", "4"}, k_idle),
       .instances = 4,
       .bounds = {2, 4},
       .fewest_after = 2,
       .is_service = true},
      {.name = "scale-up", .tool = Tool::deploy, .arguments = {"scale", "4"}, .bounds = {3, 4}, .fewest_after = 3},
      {.name = "scale-down", .tool = Tool::deploy, .arguments = {"scale", "2"}, .bounds = {2, 3}, .fewest_after = 2},
      {.name = "restart",
       .tool = Tool::deploy,
       .arguments = {"restart"},
       .instances = 2,
       .bounds = {1, 3},
       .fewest_after = 2},
      {.name = "deploy",
       .tool = Tool::deploy,
       .arguments = {"deploy", "--image", k_new_image},
       .instances = 2,
       .bounds = {1, 3},
       .fewest_after = 2},
      {.name = "restart-at-once",
       .tool = Tool::deploy,
       .arguments = {"restart", "--all-at-once"},
       .bounds = {0, 3},
       .fewest_after = 3},
      {.name = "stop",
       .tool = Tool::deploy,
       .arguments = {"stop"},
       .aim = Aim::stand,
       .bounds = {0, 3},
       .fewest_after = 1},
      {.name = "start",
       .tool = Tool::deploy,
       .arguments = {"start"},
       .before = {"stop"},
       .bounds = {0, 3},
       .fewest_after = 3},
      {.name = "deploy-stopped",
       .tool = Tool::deploy,
       .arguments = {"deploy", "--image", k_new_image},
       .before = {"stop"},
       .instances = 2,
       .bounds = {0, 3},
       .fewest_after = 3},
      {.name = "cleanup",
       .tool = Tool::deploy,
       .arguments = {"cleanup", "--yes"},
       .aim = Aim::go,
       .bounds = {0, 3},
       .fewest_after = 1},
  };
  return all;
}

const Operation* operation_named(std::string_view name) {
  const auto found = std::ranges::find(operations(), name, &Operation::name);
  return found != operations().end() ? &*found : nullptr;
}

std::vector<std::string> arguments_of_next_check() {
  return check(k_between, "1", "6");
}

}  // namespace kscale::faults
