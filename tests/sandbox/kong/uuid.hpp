#pragma once

#include <random>
#include <string>
#include <string_view>

namespace kscale::sandbox {

bool is_uuid(std::string_view text);

/// A random id, as Kong gives to what is posted to it.
std::string uuid_v4(std::mt19937_64& random);

/// The id that a declarative configuration gives to an entity that names none: always the same for the same key.
/// Source: kong/db/schema/others/declarative_config.lua, a UUID of version 5 below one namespace per kind.
std::string uuid_of(std::string_view kind, std::string_view key);

}  // namespace kscale::sandbox
