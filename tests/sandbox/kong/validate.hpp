#pragma once

#include <span>
#include <string>
#include <string_view>

#include "libscale/net/json.hpp"
#include "tests/sandbox/kong/schema.hpp"

namespace kscale::sandbox {

/// From where an entity comes: Kong words its faults a little differently.
enum class Origin {
  posted,       ///< a new one
  patched,      ///< a part of one
  declarative,  ///< from a configuration
};

/// What Kong finds wrong with an entity: an object field -> text, empty when all is well.
json::Value faults_of(const Kind& kind, const json::Value& given, Origin origin, std::span<const std::string> plugins);

}  // namespace kscale::sandbox
