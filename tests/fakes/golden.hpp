#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include <catch2/catch.hpp>

#include "libscale/net/json.hpp"

namespace kscale::fakes {

/// The JSON in lines, so that a change shows where it is.
inline std::string in_lines(const json::Value& value, const std::string& indent = {}) {
  const auto inner = indent + "  ";
  std::string out;
  std::string separator = "\n";
  for (const auto& [key, member] : value.members()) {
    out += separator + inner + json::dump(key) + ": " + in_lines(member, inner);
    separator = ",\n";
  }
  for (const auto& item : value.items()) {
    out += separator + inner + in_lines(item, inner);
    separator = ",\n";
  }
  if (out.empty()) {
    return json::dump(value);
  }
  return (value.is_object() ? '{' + out : '[' + out) + '\n' + indent + (value.is_object() ? '}' : ']');
}

/// The file of that name in tests/data, which holds what programs rely on.
inline std::string golden(const std::string& name) {
  std::ifstream stream(std::string(KSCALE_TEST_DATA) + '/' + name, std::ios::binary);
  REQUIRE(stream.good());
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace kscale::fakes
