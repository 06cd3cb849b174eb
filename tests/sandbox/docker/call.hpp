#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libscale/net/json.hpp"
#include "tests/sandbox/http.hpp"

namespace kscale::sandbox::engine {

/// A version of the Engine API: 1.41.
struct ApiVersion {
  int major = 0;
  int minor = 0;

  friend bool operator==(const ApiVersion&, const ApiVersion&) = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 inside the defaulted operator for a pointer
  friend std::strong_ordering operator<=>(const ApiVersion&, const ApiVersion&) = default;
};

std::optional<ApiVersion> parse_version(std::string_view text);

/// One call of the Engine API, taken apart.
struct ApiCall {
  std::string method;
  std::string version;                       ///< "1.41"; empty where the path has none
  std::vector<std::string> path;             ///< the segments after the version, unescaped
  std::map<std::string, std::string> query;  ///< unescaped, the first value of each
  std::string_view content_type;
  std::string_view body;

  /// A parameter of the query; empty where it is missing.
  std::string_view parameter(std::string_view name) const;
  /// A parameter as Docker reads a flag: all but "", "0", "no", "false" and "none" is true.
  bool flag(std::string_view name) const;
};

/// `question` must outlive the result.
ApiCall parse_call(const Question& question);

Answer json_answer(int status, const json::Value& body);
/// {"message": "..."}, as Docker words every failure.
Answer refusal(int status, std::string message);
/// Success without a body.
Answer empty_answer(int status);

}  // namespace kscale::sandbox::engine
