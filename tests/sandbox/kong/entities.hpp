#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/net/json.hpp"

namespace kscale::sandbox {

/// All that Kong is configured with: entities with every field, by kind, in the order they came. A reference to another
/// entity is an object `{"id": ...}` or null.
class Entities {
 public:
  const std::vector<json::Value>& of(std::string_view kind) const;
  std::vector<json::Value>& of(std::string_view kind);

  /// The entity with that id, or else with that key; null for none. A key that is a UUID is taken as an id only.
  const json::Value* find(std::string_view kind, std::string_view id_or_key) const;
  json::Value* find(std::string_view kind, std::string_view id_or_key);

  /// Takes an entity in, in the place of the one with the same id if there is one.
  void put(std::string_view kind, json::Value entity);
  /// Takes an entity out, and all that refers to it.
  void erase(std::string_view kind, std::string_view id);

  /// The targets of an upstream, the newest first; those of one age by their ids, as Kong sorts them.
  std::vector<json::Value> targets_of(std::string_view upstream_id) const;

 private:
  std::map<std::string, std::vector<json::Value>, std::less<>> m_kinds;
};

std::string id_of(const json::Value& entity);

}  // namespace kscale::sandbox
