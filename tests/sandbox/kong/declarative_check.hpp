#pragma once

#include <span>
#include <string>

#include "libscale/net/json.hpp"
#include "tests/sandbox/kong/declarative.hpp"

namespace kscale::sandbox {

/// Every fault of a configuration that shows without following its references. All empty when there is none.
ConfigFaults faults_of_config(const json::Value& config, std::span<const std::string> plugins);

}  // namespace kscale::sandbox
