#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sandbox/http.hpp"

namespace kscale::faults {

/// The deployment as Docker and Kong have it at one moment, read past every proxy and every line of kscale's own.
struct Scene {
  struct Container {
    std::string name;
    std::string state;
    bool ours = false;  ///< kscale made it
  };

  std::map<std::string, Container> containers;  ///< by the address of its target; by name where it is no instance
  std::map<std::string, int> weights;           ///< of the targets, by address

  std::set<std::string> running() const;
  /// Those that run and are in rotation.
  std::set<std::string> serving() const;
  /// Addresses in rotation where nothing runs.
  std::set<std::string> dead_in_rotation() const;
};

/// Where instances are, and how they are asked for.
struct Site {
  std::string prefix;
  std::string upstream;
  int host_port_base = 0;

  /// The address of the container's target: that of its published port.
  std::optional<std::string> address_of(const std::string& name) const;
};

using Ask = std::function<sandbox::Answer(const sandbox::Question&)>;

Scene scene_of(const Site& site, const Ask& docker, const Ask& kong);

/// What must hold at every moment of an action.
struct Bounds {
  int least_serving = 0;
  int most_running = 0;
  bool targets_may_stay = false;  ///< where nothing runs any more: Kong is out of reach
};

/// What is wrong with the moment. `before` is how it was when the action began: what was wrong then is not the
/// action's.
std::vector<std::string> wrong_now(const Scene& before, const Scene& now, const Bounds& bounds);

/// What is left to be mended: each line is a breach where everything should have come to rest.
std::vector<std::string> unrest(const Scene& scene);

/// The same where instances are to stand stopped, as many as there were, or to be gone (0).
std::vector<std::string> unrest_of_those_ended(const Scene& scene, int containers);

std::string text_of(const Scene& scene);

}  // namespace kscale::faults
