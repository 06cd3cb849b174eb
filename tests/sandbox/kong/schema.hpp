#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "libscale/net/json.hpp"

namespace kscale::sandbox {

/// One kind of entity that Kong keeps, named as in a declarative configuration.
struct Kind {
  std::string_view name;
  std::string_view key;  ///< the field that names an entity besides its id; may be empty
  std::vector<std::pair<std::string_view, std::string_view>> foreign;  ///< field -> kind
  std::vector<std::string_view> cache_key;  ///< the fields an id is made from, where it is not `key` alone
  bool random_id = false;                   ///< the key may be made up by Kong, so no id is made from it
  bool whole = false;                       ///< whether `defaults` lists all fields, so that others are refused
  json::Value defaults;                     ///< every field Kong adds by itself, with its value
};

/// All kinds, parents before children.
std::span<const Kind> kinds();
/// Null for what is no kind.
const Kind* kind_of(std::string_view name);

/// The field of a child of kind `child` that refers to a parent of kind `parent`; empty for none.
std::string_view foreign_field(const Kind& child, std::string_view parent);

/// What was given, with what Kong adds: the fields in Kong's order, defaults deep inside objects too. What was given is
/// kept, known to us or not. A null that was given gives way to a default.
json::Value with_defaults(const Kind& kind, const json::Value& given);

/// The configuration of a plugin with what Kong adds. That of plugins not known here is kept as given.
json::Value plugin_config(std::string_view plugin, const json::Value& given);

}  // namespace kscale::sandbox
