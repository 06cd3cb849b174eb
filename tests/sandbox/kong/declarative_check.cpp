#include "tests/sandbox/kong/declarative_check.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "tests/sandbox/kong/schema.hpp"
#include "tests/sandbox/kong/validate.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

void check_version(const Value& config, Value& faults) {
  const auto& version = config["_format_version"];
  const auto text = version.text_or("");
  if (version.is_null()) {
    faults.set("_format_version", "required field missing");
  } else if (!version.is_string()) {
    faults.set("_format_version", "expected a string");
  } else if (text != "1.1" && text != "2.1" && text != "3.0") {
    faults.set("_format_version", "expected one of: 1.1, 2.1, 3.0");
  }
}

class Walk {
 public:
  explicit Walk(std::span<const std::string> plugins) : m_plugins(plugins) {}

  /// The faults of a list of entities: null where an entity is well, cut after the last fault. Null for none.
  Value list(const Kind& kind, const Value& entities) {
    if (entities.is_null()) {
      return {};
    }
    if (!entities.is_array()) {
      return "expected an array";
    }
    Value::Array faults;
    for (std::size_t i = 0; i < entities.items().size(); ++i) {
      auto fault = one(kind, entities.items()[i]);
      if (!fault.is_null()) {
        faults.resize(i);
        faults.push_back(std::move(fault));
      }
    }
    return faults.empty() ? Value() : Value(std::move(faults));
  }

  Value take_flattened() { return std::move(m_flattened); }

 private:
  Value one(const Kind& kind, const Value& entity) {
    if (!entity.is_object()) {
      return "expected a record";
    }
    auto faults = faults_of(kind, entity, Origin::declarative, m_plugins);
    if (!faults.members().empty()) {
      flatten(kind, entity, faults);
    }
    for (const auto& child : kinds()) {
      if (!foreign_field(child, kind.name).empty()) {
        auto nested = list(child, entity[child.name]);
        if (!nested.is_null()) {
          faults.set(child.name, std::move(nested));
        }
      }
    }
    return faults.members().empty() ? Value() : faults;
  }

  void flatten(const Kind& kind, const Value& entity, const Value& faults) {
    auto bare = entity;
    for (const auto& child : kinds()) {
      bare.erase(child.name);
    }
    auto errors = Value::array();
    for (const auto& [field, text] : faults.members()) {
      auto error = Value::object();
      error.set("field", field);
      error.set("type", "field");
      error.set("message", text);
      errors.push_back(std::move(error));
    }
    auto flat = Value::object();
    flat.set("entity", std::move(bare));
    flat.set("errors", std::move(errors));
    flat.set("entity_type", kind.name.substr(0, kind.name.size() - 1));
    for (const auto* const field : {"id", "name", "tags"}) {
      if (!entity[field].is_null()) {
        flat.set(fmt::format("entity_{}", field), entity[field]);
      }
    }
    m_flattened.push_back(std::move(flat));
  }

  std::span<const std::string> m_plugins;
  Value m_flattened = Value::array();
};

}  // namespace

ConfigFaults faults_of_config(const json::Value& config, std::span<const std::string> plugins) {
  ConfigFaults found;
  Walk walk(plugins);
  check_version(config, found.rest);
  for (const auto& [name, value] : config.members()) {
    if (name.starts_with('_')) {
      continue;
    }
    const auto* kind = kind_of(name);
    if (kind == nullptr) {
      found.rest.set(name, "unknown field");
      continue;
    }
    auto faults = walk.list(*kind, value);
    if (faults.is_string()) {
      found.rest.set(name, std::move(faults));
    } else if (!faults.is_null()) {
      found.fields.set(name, std::move(faults));
    }
  }
  for (const auto& [name, fault] : found.rest.members()) {
    found.fields.set(name, fault);
  }
  found.flattened = walk.take_flattened();
  return found;
}

}  // namespace kscale::sandbox
