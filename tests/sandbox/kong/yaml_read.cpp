#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>

#include <yaml-cpp/yaml.h>

#include "tests/sandbox/kong/yaml.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

template <class Number, class... Base>
std::optional<Number> number_of(std::string_view digits, Base... base) {
  Number number{};
  const auto* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number, base...);
  return error == std::errc() && stop == end && !digits.empty() ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> integer_of(std::string_view digits) {
  const bool minus = digits.starts_with('-');
  if (minus || digits.starts_with('+')) {
    digits.remove_prefix(1);
  }
  std::string kept(digits);
  std::erase(kept, '_');
  if (kept.empty() || kept.front() == '-' || kept.front() == '+') {
    return std::nullopt;
  }
  std::string_view rest = kept;
  int base = 10;
  if (rest.starts_with("0x")) {
    base = 16;
    rest.remove_prefix(2);
  } else if (rest.starts_with("0b")) {
    base = 2;
    rest.remove_prefix(2);
  } else if (rest.size() > 1 && rest.front() == '0') {
    base = 8;
    rest.remove_prefix(1);
  }
  const auto value = number_of<std::int64_t>(rest, base);
  return value ? std::optional(minus ? -*value : *value) : std::nullopt;
}

/// YAML 1.1 reads 1:30 as ninety.
std::optional<std::int64_t> sexagesimal_of(std::string_view text) {
  std::int64_t value = 0;
  bool first = true;
  while (true) {
    const auto colon = text.find(':');
    const auto part = text.substr(0, colon);
    const bool digits = !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    const auto number = number_of<std::int64_t>(part);
    if (!digits || !number || (first ? part.front() == '0' || colon == std::string_view::npos : *number > 59)) {
      return std::nullopt;
    }
    value = value * 60 + *number;
    first = false;
    if (colon == std::string_view::npos) {
      return value;
    }
    text.remove_prefix(colon + 1);
  }
}

std::optional<double> fraction_of(std::string_view text) {
  if (text.find_first_of("0123456789") == std::string_view::npos ||
      text.find_first_not_of("+-.0123456789eE") != std::string_view::npos) {
    return std::nullopt;
  }
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  const auto value = number_of<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

class Depth {
 public:
  explicit Depth(std::size_t& depth) : m_depth(depth) {
    if (++m_depth > json::k_max_depth) {
      throw YAML::Exception(YAML::Mark::null_mark(), "nested too deeply");
    }
  }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;
  ~Depth() { --m_depth; }

 private:
  std::size_t& m_depth;
};

Value converted(const YAML::Node& node, std::size_t& depth) {
  const Depth guard(depth);
  switch (node.Type()) {
    case YAML::NodeType::Sequence: {
      auto array = Value::array();
      for (const auto& item : node) {
        array.push_back(converted(item, depth));
      }
      return array;
    }
    case YAML::NodeType::Map: {
      auto object = Value::object();
      for (const auto& member : node) {
        object.set(member.first.Scalar(), converted(member.second, depth));
      }
      return object;
    }
    case YAML::NodeType::Scalar:
      return node.Tag() == "?" ? value_of_plain(node.Scalar()) : Value(node.Scalar());
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      break;
  }
  return {};
}

}  // namespace

json::Value value_of_plain(std::string_view scalar) {
  if (one_of(scalar, {"", "~", "null", "Null", "NULL"})) {
    return {};
  }
  if (one_of(scalar, {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})) {
    return true;
  }
  if (one_of(scalar, {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})) {
    return false;
  }
  if (const auto integer = integer_of(scalar)) {
    return *integer;
  }
  if (const auto sixties = sexagesimal_of(scalar)) {
    return *sixties;
  }
  if (const auto fraction = fraction_of(scalar)) {
    return *fraction;
  }
  return scalar;
}

Result<json::Value> read_yaml(std::string_view text) {
  try {
    std::size_t depth = 0;
    return converted(YAML::Load(std::string(text)), depth);
  } catch (const YAML::Exception& error) {
    return fail(Errc::invalid, "{}:{}: {}", error.mark.line + 1, error.mark.column + 1, error.msg);
  }
}

}  // namespace kscale::sandbox
