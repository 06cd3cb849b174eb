#pragma once

#include <string>

#include <yaml-cpp/yaml.h>

#include "libscale/base/result.hpp"

namespace kscale::yaml {

/// Reads YAML that others wrote. Fails with `invalid` where it is none, or is nested too deeply; the error gives the
/// line and repeats none of the text, which may hold credentials.
Result<YAML::Node> parse(const std::string& text);

/// The text of a scalar; empty for all else, and where there is nothing.
std::string scalar(const YAML::Node& node);

}  // namespace kscale::yaml
