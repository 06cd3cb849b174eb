#include "tests/sandbox/kong/declarative.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "tests/sandbox/kong/declarative_check.hpp"
#include "tests/sandbox/kong/schema.hpp"
#include "tests/sandbox/kong/service_url.hpp"
#include "tests/sandbox/kong/stamps.hpp"
#include "tests/sandbox/kong/uuid.hpp"
#include "tests/sandbox/kong/yaml.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

struct Parent {
  const Kind* kind = nullptr;
  std::string id;
};

/// The text an id is made from; nothing where Kong makes one up.
std::optional<std::string> id_key(const Kind& kind, const Value& entity, std::string_view parent_field,
                                  const std::string& parent_id) {
  if (kind.random_id) {
    return std::nullopt;
  }
  if (kind.cache_key.empty()) {
    const auto key = kind.key.empty() ? std::nullopt : entity[kind.key].as_string();
    return key ? std::optional<std::string>(*key) : std::nullopt;
  }
  auto text = fmt::format("{}:*", kind.name);
  for (const auto field : kind.cache_key) {
    if (const auto given = entity[field].as_string()) {
      text += fmt::format(":{}", *given);
    } else if (!entity.has(field)) {
      text += fmt::format(":{}", field == parent_field ? parent_id : std::string());
    }
  }
  return text;
}

/// Turns nested entities into flat ones with ids, and references into ids.
class Flattening {
 public:
  explicit Flattening(const ConfigReading& reading) : m_reading(reading) {}

  void add(const Kind& kind, const Value& list, const Parent& parent) {
    for (const auto& given : list.items()) {
      auto entity = given;
      const auto parent_field = parent.kind != nullptr ? foreign_field(kind, parent.kind->name) : std::string_view();
      if (entity["id"].is_null()) {
        const auto key = id_key(kind, entity, parent_field, parent.id);
        entity.set("id", key ? uuid_of(kind.name, *key) : uuid_v4(m_reading.random));
      }
      if (!parent_field.empty()) {
        entity.set(parent_field, parent.id);
      }
      const Parent self{.kind = &kind, .id = id_of(entity)};
      std::vector<std::pair<const Kind*, Value>> children;
      for (const auto& child : kinds()) {
        if (!foreign_field(child, kind.name).empty() && entity[child.name].is_array()) {
          children.emplace_back(&child, entity[child.name]);
          entity.erase(child.name);
        }
      }
      take(kind, std::move(entity));
      for (const auto& [child, nested] : children) {
        add(*child, nested, self);
      }
    }
  }

  void resolve() {
    for (const auto& kind : kinds()) {
      std::size_t index = 0;
      for (auto& entity : m_entities.of(kind.name)) {
        for (const auto& [field, target_kind] : kind.foreign) {
          resolve(kind, entity, field, target_kind, index);
        }
        ++index;
      }
    }
  }

  const Value& faults() const { return m_faults; }
  Entities take_entities() { return std::move(m_entities); }

 private:
  void take(const Kind& kind, Value entity) {
    auto& count = m_counts[std::string(kind.name)];
    const auto index = count++;
    const auto id = id_of(entity);
    if (!m_ids.emplace(kind.name, id).second) {
      fault_at(kind, index,
               fmt::format("uniqueness violation: '{}' entity with primary key set to '{}' already declared", kind.name,
                           id));
      return;
    }
    const auto key = kind.whole && !kind.key.empty() && kind.key != "target" ? entity[kind.key].text_or("") : "";
    if (!key.empty() && !m_keys.emplace(kind.name, key).second) {
      m_faults.at(kind.name).set(
          key, fmt::format("uniqueness violation: '{}' entity with {} set to '{}' already declared", kind.name,
                           kind.key, key));
      return;
    }
    if (kind.name == "services") {
      expand_url(entity);
    }
    if (kind.name == "keyauth_credentials" && entity["key"].is_null()) {
      entity.set("key", uuid_v4(m_reading.random));
    }
    auto whole = with_defaults(kind, entity);
    stamp(kind, whole, m_reading.now);
    m_entities.of(kind.name).push_back(std::move(whole));
  }

  void fault_at(const Kind& kind, std::size_t index, Value fault) {
    auto& list = m_faults.at(kind.name).elements();
    list.resize(std::max(list.size(), index + 1));
    list[index] = std::move(fault);
  }

  void resolve(const Kind& kind, Value& entity, std::string_view field, std::string_view target_kind,
               std::size_t index) {
    const auto& reference = entity[field];
    if (reference.is_null()) {
      return;
    }
    const auto name = reference.is_object() ? id_of(reference) : reference.text_or("");
    const auto* found = std::as_const(m_entities).find(target_kind, name);
    if (found == nullptr) {
      auto fault = Value::object();
      fault.set(field, fmt::format("invalid reference '{}: {}' (no such entity)", field, name));
      fault_at(kind, index, std::move(fault));
      return;
    }
    auto resolved = Value::object();
    resolved.set("id", id_of(*found));
    entity.set(field, std::move(resolved));
  }

  const ConfigReading& m_reading;
  Entities m_entities;
  Value m_faults = Value::object();
  std::map<std::string, std::size_t, std::less<>> m_counts;
  std::set<std::pair<std::string, std::string>> m_ids;
  std::set<std::pair<std::string, std::string>> m_keys;
};

Value without_nulls(const Value& value) {
  if (!value.is_object()) {
    return value;
  }
  auto kept = Value::object();
  for (const auto& [key, member] : value.members()) {
    if (!member.is_null()) {
      kept.set(key, without_nulls(member));
    }
  }
  return kept;
}

bool is_identifier(std::string_view text) {
  const std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos &&
         (text.front() < '0' || text.front() > '9');
}

std::string lua_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\n') {
      out += '\\';
    }
    out += c;
  }
  return out + '"';
}

}  // namespace

tl::expected<json::Value, ConfigFaults> config_of(std::string_view text) {
  if (auto parsed = json::parse(text); parsed && parsed->is_object()) {
    return *std::move(parsed);
  }
  auto read = read_yaml(text);
  if (read && read->is_object()) {
    return *std::move(read);
  }
  ConfigFaults faults;
  faults.rest.set("error", fmt::format("failed parsing declarative configuration: {}",
                                       read ? "expected an object" : read.error().what));
  faults.fields = faults.rest;
  return tl::unexpected(std::move(faults));
}

tl::expected<Entities, ConfigFaults> entities_of(const json::Value& config, const ConfigReading& reading) {
  auto faults = faults_of_config(config, reading.plugins);
  if (!faults.fields.members().empty()) {
    return tl::unexpected(std::move(faults));
  }
  Flattening flattening(reading);
  for (const auto& kind : kinds()) {
    flattening.add(kind, config[kind.name], {});
  }
  if (flattening.faults().members().empty()) {
    flattening.resolve();
  }
  if (!flattening.faults().members().empty()) {
    faults.fields = flattening.faults();
    faults.rest = flattening.faults();
    return tl::unexpected(std::move(faults));
  }
  return flattening.take_entities();
}

std::string config_text(const Entities& entities) {
  auto config = Value::object();
  config.set("_transform", false);
  config.set("_format_version", "3.0");
  for (const auto& kind : kinds()) {
    auto list = Value::array();
    for (auto entity : entities.of(kind.name)) {
      for (const auto& [field, target_kind] : kind.foreign) {
        if (entity[field].is_object()) {
          entity.set(field, id_of(entity[field]));
        }
      }
      list.push_back(std::move(entity));
    }
    if (!list.items().empty()) {
      config.set(kind.name, std::move(list));
    }
  }
  return write_yaml(config);
}

json::Value config_summary(const Entities& entities) {
  auto summary = Value::object();
  for (const auto& kind : kinds()) {
    for (const auto& entity : entities.of(kind.name)) {
      summary.at(kind.name).set(id_of(entity), without_nulls(entity));
    }
  }
  return summary;
}

std::string lua_text(const json::Value& value) {
  if (const auto text = value.as_string()) {
    return lua_quoted(*text);
  }
  std::string out;
  const auto add = [&out](const std::string& part) { out += (out.empty() ? "" : ",") + part; };
  std::size_t index = 0;
  bool hole = false;
  for (const auto& item : value.items()) {
    ++index;
    if (item.is_null()) {
      hole = true;
    } else {
      add((hole ? fmt::format("[{}]=", index) : "") + lua_text(item));
    }
  }
  for (const auto& [key, member] : value.members()) {
    add((is_identifier(key) ? key : fmt::format("[{}]", lua_quoted(key))) + "=" + lua_text(member));
  }
  return value.is_array() || value.is_object() ? "{" + out + "}" : json::dump(value);
}

}  // namespace kscale::sandbox
