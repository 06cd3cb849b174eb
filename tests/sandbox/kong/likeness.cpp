#include "tests/sandbox/kong/likeness.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <regex>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "tests/sandbox/kong/uuid.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

const std::regex k_uuid("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

std::string type_of(const Value& value) {
  if (value.is_null()) {
    return "null";
  }
  if (value.is_string()) {
    return "text";
  }
  if (value.is_array()) {
    return "array";
  }
  if (value.is_object()) {
    return "object";
  }
  return value.as_bool() ? "boolean" : "number";
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::string_view last_step(std::string_view where) {
  return where.substr(where.rfind('.') + 1);
}

/// What no two nodes have in common.
bool is_own(std::string_view where) {
  return is_one_of(last_step(where), {"created_at", "updated_at", "memory", "server", "pids", "timers", "hostname",
                                      "configuration", "dns", "configuration_hash"});
}

/// What names an element of an array whose order says nothing.
std::string name_of(const Value& element) {
  std::string name;
  for (const auto* const key : {"target", "name", "username", "key", "host", "port"}) {
    name += json::dump(element[key]);
  }
  return name;
}

std::vector<Value> sorted(const Value& array) {
  auto items = array.items();
  if (std::ranges::all_of(items, &Value::is_object)) {
    std::ranges::stable_sort(items, {}, name_of);
  }
  return items;
}

/// YAML with its scalars as texts, quotes kept, so that a lost quote is a difference.
Value plain_tree(const YAML::Node& node) {
  if (node.IsMap()) {
    auto object = Value::object();
    for (const auto& member : node) {
      object.set(member.first.Scalar(), plain_tree(member.second));
    }
    return object;
  }
  if (node.IsSequence()) {
    auto array = Value::array();
    for (const auto& item : node) {
      array.push_back(plain_tree(item));
    }
    return array;
  }
  return node.IsNull() ? Value("~") : Value(node.Tag() == "!" ? "'" + node.Scalar() + "'" : node.Scalar());
}

}  // namespace

std::string Likeness::translated(std::string text) const {
  for (const auto& [recorded, ours] : m_known) {
    for (auto at = text.find(recorded); at != std::string::npos; at = text.find(recorded, at + ours.size())) {
      text.replace(at, recorded.size(), ours);
    }
  }
  return text;
}

std::string Likeness::differences(const json::Value& recorded, const json::Value& ours, Depth depth) {
  m_differences.clear();
  if (recorded.has("offset") && ours.has("offset")) {
    learn(recorded["offset"].text_or(""), ours["offset"].text_or(""));
  }
  compare("", recorded, ours, depth);
  return m_differences;
}

void Likeness::learn(const std::string& recorded, const std::string& ours) {
  if (recorded != ours && recorded.size() > 10) {  // a position is no cursor
    m_known.emplace(recorded, ours);
  }
}

void Likeness::differ(const std::string& where, const std::string& recorded, const std::string& ours) {
  m_differences += fmt::format("{}: {} recorded, {} here\n", where, recorded, ours);
}

void Likeness::compare(const std::string& where, const json::Value& recorded, const json::Value& ours, Depth depth) {
  const auto inner = is_own(where) ? Depth::shape : depth;
  if (depth == Depth::sample && (recorded.is_null() || ours.is_null())) {
    return;
  }
  const bool same_type = type_of(recorded) == type_of(ours);
  const bool same_value = inner != Depth::values || json::dump(recorded) == json::dump(ours);
  const bool is_scalar = !recorded.is_object() && !recorded.is_array() && !recorded.is_string();
  if (!same_type || (is_scalar && !same_value)) {
    differ(where, json::dump(recorded), json::dump(ours));
  } else if (recorded.is_object()) {
    compare_objects(where, recorded, ours, inner);
  } else if (recorded.is_array()) {
    compare_arrays(where, recorded, ours, inner);
  } else if (recorded.is_string()) {
    compare_texts(where, recorded.text_or(""), ours.text_or(""), inner);
  }
}

void Likeness::compare_objects(const std::string& where, const json::Value& recorded, const json::Value& ours,
                               Depth depth) {
  std::set<std::string> left;
  for (const auto& [key, value] : ours.members()) {
    left.insert(key);
  }
  std::vector<std::string> missing;
  for (const auto& [key, value] : recorded.members()) {
    const auto own = translated(key);
    if (left.erase(own) == 1) {
      compare(fmt::format("{}.{}", where, key), value, ours[own], depth);
    } else {
      missing.push_back(key);
    }
  }
  // Made-up ids as keys can only be paired by their order.
  while (!missing.empty() && !left.empty() && is_uuid(missing.front()) && is_uuid(*left.begin())) {
    learn(missing.front(), *left.begin());
    compare(fmt::format("{}.{}", where, missing.front()), recorded[missing.front()], ours[*left.begin()], depth);
    missing.erase(missing.begin());
    left.erase(left.begin());
  }
  for (const auto& key : missing) {
    differ(fmt::format("{}.{}", where, key), json::dump(recorded[key]), "nothing");
  }
  for (const auto& key : left) {
    differ(fmt::format("{}.{}", where, key), "nothing", json::dump(ours[key]));
  }
}

void Likeness::compare_arrays(const std::string& where, const json::Value& recorded, const json::Value& ours,
                              Depth depth) {
  if (recorded.items().size() != ours.items().size()) {
    differ(where, fmt::format("{} elements", recorded.items().size()), fmt::format("{}", ours.items().size()));
    return;
  }
  const auto a = sorted(recorded);
  const auto b = sorted(ours);
  for (std::size_t i = 0; i < a.size(); ++i) {
    compare(fmt::format("{}.{}", where, i), a[i], b[i], depth);
  }
}

void Likeness::compare_texts(const std::string& where, const std::string& recorded, const std::string& ours,
                             Depth depth) {
  if (last_step(where) == "config" && recorded.starts_with("_transform")) {
    compare("", plain_tree(YAML::Load(recorded)), plain_tree(YAML::Load(ours)), depth);
    return;
  }
  const bool unset = last_step(where) == "configuration_hash" && recorded.find_first_not_of('0') == std::string::npos;
  if (unset && recorded != ours) {
    differ(where, recorded, ours);
  }
  if (depth != Depth::values || translated(recorded) == ours) {
    return;
  }
  // The texts may differ in ids not met before.
  const auto ids = [](const std::string& text) {
    return std::vector<std::string>(std::sregex_token_iterator(text.begin(), text.end(), k_uuid), {});
  };
  const auto known = ids(recorded);
  const auto own = ids(ours);
  if (known.size() == own.size()) {
    for (std::size_t i = 0; i < known.size(); ++i) {
      learn(known[i], own[i]);
    }
  }
  if (translated(recorded) != ours) {
    differ(where, recorded, ours);
  }
}

std::vector<std::string> shape_of_exposition(std::string_view text) {
  std::set<std::string> lines;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.starts_with("#")) {
      lines.emplace(line);
      continue;
    }
    std::string shape(line.substr(0, line.find_first_of("{ ")));
    bool quoted = false;
    std::string label;
    for (const char c : line.substr(shape.size(), line.rfind(' ') - shape.size())) {
      quoted = c == '"' ? !quoted : quoted;
      if (!quoted && c != '"') {
        label += c;
      }
    }
    lines.insert(shape + label);
  }
  return {lines.begin(), lines.end()};
}

}  // namespace kscale::sandbox
