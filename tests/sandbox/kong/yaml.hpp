#pragma once

#include <string>
#include <string_view>

#include "libscale/base/result.hpp"
#include "libscale/net/json.hpp"

namespace kscale::sandbox {

/// Reads YAML as lyaml does: plain scalars become numbers, booleans and null by the rules of YAML 1.1, quoted ones stay
/// texts. The error text is in Kong's form, "line:column: what".
Result<json::Value> read_yaml(std::string_view text);

/// Writes an object as lyaml does: block style, `~` for null, single quotes around texts that would read as another
/// type, long plain texts folded at 80 columns.
std::string write_yaml(const json::Value& object);

/// What a plain scalar stands for.
json::Value value_of_plain(std::string_view scalar);

}  // namespace kscale::sandbox
