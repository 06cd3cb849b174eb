#pragma once

#include <string>
#include <string_view>

#include "libscale/net/json.hpp"
#include "tests/sandbox/http.hpp"

namespace kscale::sandbox {

Answer json_answer(int status, const json::Value& body);
/// `{"message": text}`
Answer message(int status, std::string_view text);
Answer not_found();
Answer no_content();
/// Kong answers a body of a type it does not take with nginx's page, not with JSON.
Answer unsupported_media_type();
/// `{"name": ..., "code": ..., "message": ..., "fields": ...}`; null `fields` are left out.
Answer named_error(int status, std::string_view name, int code, std::string_view text, const json::Value& fields = {});
/// Names every fault of `fields` (field -> text) as Kong's Admin API does. `fields` must not be empty.
Answer schema_violation(const json::Value& fields);
/// What the data plane says for itself: the same JSON over several lines.
Answer proxy_message(int status, std::string_view text);

}  // namespace kscale::sandbox
