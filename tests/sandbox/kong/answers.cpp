#include "tests/sandbox/kong/answers.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kscale::sandbox {

Answer json_answer(int status, const json::Value& body) {
  Answer answer;
  answer.status = status;
  answer.body = json::dump(body);
  return answer;
}

Answer message(int status, std::string_view text) {
  auto body = json::Value::object();
  body.set("message", text);
  return json_answer(status, body);
}

Answer not_found() {
  return message(404, "Not found");
}

Answer no_content() {
  return {.status = 204, .content_type = "", .body = "", .headers = {}};
}

Answer unsupported_media_type() {
  return {.status = 415,
          .content_type = "text/html; charset=UTF-8",
          .body =
              "<html>\r\n<head><title>415 Unsupported Media Type</title></head>\r\n<body>\r\n"
              "<center><h1>415 Unsupported Media Type</h1></center>\r\n</body>\r\n</html>\r\n",
          .headers = {}};
}

Answer named_error(int status, std::string_view name, int code, std::string_view text, const json::Value& fields) {
  auto body = json::Value::object();
  body.set("name", name);
  body.set("code", code);
  if (!fields.is_null()) {
    body.set("fields", fields);
  }
  body.set("message", text);
  return json_answer(status, body);
}

Answer schema_violation(const json::Value& fields) {
  std::vector<std::string> faults;
  for (const auto& [field, fault] : fields.members()) {
    faults.push_back(fmt::format("{}: {}", field, fault.text_or(json::dump(fault))));
  }
  std::ranges::sort(faults);
  const auto count = faults.size() == 1 ? "schema violation" : fmt::format("{} schema violations", faults.size());
  return named_error(400, "schema violation", 2, fmt::format("{} ({})", count, fmt::join(faults, "; ")), fields);
}

Answer proxy_message(int status, std::string_view text) {
  Answer answer;
  answer.status = status;
  answer.body = fmt::format("{{\n  \"message\":\"{}\"\n}}", text);
  answer.headers.emplace_back("X-Kong-Response-Latency", "0");
  answer.headers.emplace_back("Server", "kong/3.4.2");
  return answer;
}

}  // namespace kscale::sandbox
