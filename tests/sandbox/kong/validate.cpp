#include "tests/sandbox/kong/validate.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tests/sandbox/kong/address.hpp"
#include "tests/sandbox/kong/uuid.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

void check_integer(const Value& given, std::string_view field, int low, int high, Value& faults) {
  const auto& value = given[field];
  if (value.is_null()) {
    return;
  }
  const auto number = value.as_number();
  if (!number || *number != std::trunc(*number)) {
    faults.set(field, "expected an integer");
  } else if (*number < low || *number > high) {
    faults.set(field, fmt::format("value should be between {} and {}", low, high));
  }
}

void check_tags(const Value& given, Value& faults) {
  const auto& tags = given["tags"];
  if (!tags.is_null() && !tags.is_array()) {
    faults.set("tags", "expected a set");
  } else if (!std::ranges::all_of(tags.items(), &Value::is_string)) {
    faults.set("tags", "expected a string");
  }
}

void check_target(const Value& given, Origin origin, Value& faults) {
  check_integer(given, "weight", 0, 65535, faults);
  const auto& target = given["target"];
  if (target.is_null()) {
    if (origin != Origin::patched) {
      faults.set("target", "required field missing");
    }
  } else if (!target.is_string()) {
    faults.set("target", "expected a string");
  } else if (!address_of(target.text_or(""))) {
    const auto quoted = origin == Origin::posted ? std::string() : fmt::format(" ('{}')", target.text_or(""));
    faults.set("target", fmt::format("Invalid target{}; not a valid hostname or ip address", quoted));
  }
}

void check_upstream(const Value& given, Origin origin, Value& faults) {
  check_integer(given, "slots", 10, 65536, faults);
  const auto& name = given["name"];
  const auto text = name.text_or("");
  if (name.is_null()) {
    if (origin != Origin::patched) {
      faults.set("name", "required field missing");
    }
  } else if (!name.is_string()) {
    faults.set("name", "expected a string");
  } else if (is_ip(text)) {
    faults.set("name", fmt::format("Invalid name ('{}'); no ip addresses allowed", text));
  } else if (!is_hostname(text)) {
    const bool has_port = text.find(':') != std::string::npos && address_of(text);
    faults.set("name",
               fmt::format("Invalid name ('{}'); {}", text, has_port ? "no port allowed" : "must be a valid hostname"));
  }
}

void check_plugin(const Value& given, std::span<const std::string> plugins, Value& faults) {
  const auto name = given["name"].text_or("");
  if (name.empty()) {
    faults.set("name", "required field missing");
  } else if (std::ranges::find(plugins, name) == plugins.end()) {
    faults.set("name", fmt::format("plugin '{}' not enabled; add it to the 'plugins' configuration property", name));
  }
}

bool known_field(const Kind& kind, std::string_view field, Origin origin) {
  if (kind.defaults.has(field)) {
    return true;
  }
  if (kind.name == "services" && field == "url") {
    return true;
  }
  const auto* child = origin == Origin::declarative ? kind_of(field) : nullptr;
  return child != nullptr && !foreign_field(*child, kind.name).empty();
}

}  // namespace

json::Value faults_of(const Kind& kind, const json::Value& given, Origin origin, std::span<const std::string> plugins) {
  auto faults = Value::object();
  if (!given["id"].is_null() && !is_uuid(given["id"].text_or(""))) {
    faults.set("id", given["id"].is_string() ? "expected a valid UUID" : "expected a string");
  }
  if (kind.whole) {
    for (const auto& [field, value] : given.members()) {
      if (!known_field(kind, field, origin)) {
        faults.set(field, "unknown field");
      }
    }
  }
  check_tags(given, faults);
  if (kind.name == "targets") {
    check_target(given, origin, faults);
  } else if (kind.name == "upstreams") {
    check_upstream(given, origin, faults);
  } else if (kind.name == "plugins") {
    check_plugin(given, plugins, faults);
  } else if (kind.name == "services" && given["host"].is_null() && given["url"].is_null()) {
    faults.set("host", "required field missing");
  }
  return faults;
}

}  // namespace kscale::sandbox
