// Any JSON: what is read is within the limits, and is written so that it is read as the same.

#include "libscale/net/json.hpp"

#include "libscale/base/printable.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

void look_at(std::string_view text) {
  require(valid_utf8(text) == text, "a text is UTF-8");
}

void look_at(const json::Value& value, std::size_t depth) {
  require(depth <= json::k_max_depth, "a value is nested no deeper than the limit");
  if (const auto number = value.as_number()) {
    require_finite(*number, "a number is finite");
  }
  if (const auto whole = value.as_int(); whole && *whole >= 0) {
    require(value.as_uint() == static_cast<std::uint64_t>(*whole), "a whole number is the same, signed or not");
  }
  look_at(value.as_string().value_or(""));
  for (const auto& item : value.items()) {
    look_at(item, depth + 1);
  }
  for (const auto& [key, member] : value.members()) {
    look_at(key);
    require(value.has(key), "a member is found by its name");
    look_at(member, depth + 1);
  }
}

}  // namespace

void take(std::string_view bytes) {
  const auto value = json::parse(bytes);
  if (!value) {
    require_printable(value.error().what, "why it is no JSON");
    require(value.error().code == Errc::invalid, "what is no JSON is invalid");
    return;
  }
  look_at(*value, 0);
  const auto text = json::dump(*value);
  const auto again = json::parse(text);
  require(again.has_value(), "what was written can be read");
  require(json::dump(*again) == text, "what was read again is written as before");
}

}  // namespace kscale::fuzz
