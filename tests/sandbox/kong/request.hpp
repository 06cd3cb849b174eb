#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "libscale/net/json.hpp"
#include "tests/sandbox/http.hpp"

namespace kscale::sandbox {

/// The value of a header, by its name in any case.
std::optional<std::string_view> header(const Question& question, std::string_view name);

/// A question taken apart.
struct Request {
  std::string path;                   ///< as sent, without query and without slashes at the end
  std::vector<std::string> segments;  ///< of the path, unescaped
  std::map<std::string, std::string, std::less<>> query;
};

Request taken_apart(std::string_view target);

/// The parameters in the body: a JSON object, or an object of the fields of a form. No body without a type is an empty
/// object. The answer is 415 for types the Admin API does not read, 400 for broken JSON.
tl::expected<json::Value, Answer> body_of(const Question& question);

/// The type of the body without its parameters, in lower case.
std::string media_type(const Question& question);

}  // namespace kscale::sandbox
