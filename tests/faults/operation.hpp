#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/faults/scene.hpp"

namespace kscale::faults {

/// Something that a tool is called for, on a machine that was set up for it.
struct Operation {
  enum class Tool { autoscaler, deploy };
  /// What is to come of the instances.
  enum class Aim {
    serve,
    stand,  ///< stopped
    go,     ///< with their containers, and at once: requests in flight are lost
  };

  std::string_view name;
  Tool tool = Tool::autoscaler;
  std::vector<std::string> arguments;
  Aim aim = Aim::serve;
  std::vector<std::string> before;  ///< of a call of kscale-deploy that comes first, and to which nothing happens
  int instances = 3;                ///< that serve at first
  Bounds bounds;                    ///< at every moment. Where none need serve, Kong's 503 is no lost request.
  int fewest_after = 0;             ///< that serve when the next run has put everything right
  bool with_drift = false;          ///< containers and targets disagree at first, and a journal tells of a crash
  bool must_hold = false;           ///< nothing is to be changed
  bool is_service = false;          ///< not `--once`: told to stop after some checks

  /// Whether the autoscaler may be paused afterwards: then only the same call again puts right what was left.
  bool may_pause() const { return aim != Aim::serve || !before.empty(); }
};

const std::vector<Operation>& operations();
const Operation* operation_named(std::string_view name);

/// The arguments of the run that follows: a check of kscale-auto that finds nothing to scale.
std::vector<std::string> arguments_of_next_check();

/// What deploys another image.
inline constexpr const char* k_new_image = "street-noshery-backend:2";

}  // namespace kscale::faults
