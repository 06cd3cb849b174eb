#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/faults/child.hpp"
#include "tests/faults/fault_proxy.hpp"
#include "tests/faults/operation.hpp"
#include "tests/sandbox/kong/kong.hpp"
#include "tests/sandbox/loop.hpp"

namespace kscale::faults {

/// Where everything is that trials at one place use: no two at once.
struct Place {
  sandbox::Loop& loop;  ///< of the proxies; it runs
  std::string kscale_auto;
  std::string kscale_deploy;
  std::filesystem::path folder;
  std::uint16_t ports = 0;  ///< the first of `k_ports_of_place`
};

inline constexpr int k_ports_of_place = 20;

/// What comes after the tool that had the faults, to show that it has left nothing that is not put right.
enum class Next {
  check,  ///< a check of kscale-auto
  again,  ///< the same call once more
};

struct Trial {
  const Operation* operation = nullptr;
  sandbox::KongMode mode = sandbox::KongMode::database;
  Plan plan;
  Next next = Next::check;
};

struct Verdict {
  std::vector<std::string> broken;    ///< what should have held; empty when all did
  std::vector<std::string> requests;  ///< of the tool that had the faults
  std::vector<std::string> hit;       ///< the faults that came to pass
  Ended ended;
  std::string account;  ///< what happened, for people
};

/// Sets a machine up, runs the tool with the faults, then the next one without, and looks at everything meanwhile and
/// afterwards.
Verdict carried_out(const Place& place, const Trial& trial);

}  // namespace kscale::faults
