#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "libscale/base/result.hpp"

namespace kscale::json {

/// A JSON value that can be read without fear: asking for what is not there gives null or nothing, never a crash.
/// Members of an object keep their order, so that what is read and written again looks the same.
class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::vector<std::pair<std::string, Value>>;

  Value() = default;  ///< null
  Value(bool value) : m_data(value) {}
  Value(int value) : m_data(std::int64_t{value}) {}
  Value(std::int64_t value) : m_data(value) {}
  Value(std::uint64_t value) : m_data(value) {}
  Value(double value) : m_data(value) {}
  Value(const char* value) : m_data(std::string(value)) {}
  Value(std::string value) : m_data(std::move(value)) {}
  Value(std::string_view value) : m_data(std::string(value)) {}
  Value(Array value) : m_data(std::move(value)) {}
  Value(Object value) : m_data(std::move(value)) {}

  static Value array() { return Array{}; }
  static Value object() { return Object{}; }

  bool is_null() const { return std::holds_alternative<std::monostate>(m_data); }
  bool is_string() const { return std::holds_alternative<std::string>(m_data); }
  bool is_array() const { return std::holds_alternative<Array>(m_data); }
  bool is_object() const { return std::holds_alternative<Object>(m_data); }

  std::optional<bool> as_bool() const;
  std::optional<double> as_number() const;
  std::optional<std::int64_t> as_int() const;    ///< nothing for fractions and for what does not fit
  std::optional<std::uint64_t> as_uint() const;  ///< nothing for negatives and fractions
  std::optional<std::string_view> as_string() const;
  /// The text, or the given one where this is not a text.
  std::string text_or(std::string_view otherwise) const;

  /// The member of that name; null where there is none, or where this is no object.
  const Value& operator[](std::string_view key) const;
  /// The elements; empty where this is no array.
  const Array& items() const;
  /// The members in order; empty where this is no object.
  const Object& members() const;
  /// Whether an object has the member, be it null.
  bool has(std::string_view key) const;

  /// The member to write to, made when missing. What is no object becomes an empty one first.
  Value& at(std::string_view key);
  void set(std::string_view key, Value value) { at(key) = std::move(value); }
  void erase(std::string_view key);
  /// The elements to write to. What is no array becomes an empty one first.
  Array& elements();
  void push_back(Value value) { elements().push_back(std::move(value)); }

  friend bool operator==(const Value&, const Value&);

 private:
  using Data = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object>;
  Data m_data;

  friend struct Access;
};

bool operator==(const Value& a, const Value& b);

/// Objects nested deeper than this are refused, so that nobody can make us run out of stack.
inline constexpr std::size_t k_max_depth = 100;

/// A text of more values than this is refused: each takes some twenty times the room of its text.
inline constexpr std::size_t k_max_values = 1'000'000;

/// Reads one JSON text. Fails with `invalid` and the place of the fault, never with the text itself, which may hold
/// secrets. Numbers that are no finite doubles, invalid UTF-8, halves of surrogate pairs and anything after the value
/// are refused.
Result<Value> parse(std::string_view text);

/// Writes the value on one line, with all control characters escaped. A number that is not finite becomes null, and
/// bytes that are no UTF-8 become U+FFFD.
std::string dump(const Value& value);

}  // namespace kscale::json
