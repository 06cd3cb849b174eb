#pragma once

#include <string>

#include "libscale/net/json.hpp"
#include "libscale/store/scaling_event.hpp"

namespace kscale::operate {

/// For programs. Units stand in the names; what is not known is null.
json::Value json_of(const store::ScalingEvent& event);

/// One line for people: when, from how many to how many, why, by whom, and what went wrong.
std::string text_of(const store::ScalingEvent& event);

}  // namespace kscale::operate
