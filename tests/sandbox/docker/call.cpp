#include "tests/sandbox/docker/call.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace kscale::sandbox::engine {

namespace {

std::string unescaped(std::string_view text, bool plus_is_space) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      unsigned char byte = 0;
      const auto* end = text.data() + i + 3;
      if (std::from_chars(text.data() + i + 1, end, byte, 16).ptr == end) {
        plain.push_back(static_cast<char>(byte));
        i += 2;
        continue;
      }
    }
    plain.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
  }
  return plain;
}

/// Takes the text up to the separator off the front of `rest`.
std::string_view cut(std::string_view& rest, char separator) {
  const auto at = rest.find(separator);
  const auto front = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return front;
}

bool same_header(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char left, char right) { return lower(left) == lower(right); });
}

}  // namespace

std::optional<ApiVersion> parse_version(std::string_view text) {
  ApiVersion version;
  const auto* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') {
    return std::nullopt;
  }
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc{} || minor.ptr != end) {
    return std::nullopt;
  }
  return version;
}

std::string_view ApiCall::parameter(std::string_view name) const {
  const auto found = query.find(std::string(name));
  return found == query.end() ? std::string_view{} : std::string_view(found->second);
}

bool ApiCall::flag(std::string_view name) const {
  const auto value = parameter(name);
  return !(value.empty() || value == "0" || value == "no" || value == "false" || value == "none");
}

ApiCall parse_call(const Question& question) {
  ApiCall call{.method = question.method, .body = question.body};
  for (const auto& [name, value] : question.headers) {
    if (same_header(name, "Content-Type")) {
      call.content_type = value;
    }
  }
  std::string_view query = question.target;
  std::string_view path = cut(query, '?');
  while (!path.empty()) {
    const auto segment = cut(path, '/');
    if (!segment.empty()) {
      call.path.push_back(unescaped(segment, false));
    }
  }
  if (!call.path.empty() && call.path.front().starts_with('v') &&
      parse_version(std::string_view(call.path.front()).substr(1))) {
    call.version = call.path.front().substr(1);
    call.path.erase(call.path.begin());
  }
  while (!query.empty()) {
    auto value = cut(query, '&');
    const auto name = cut(value, '=');
    call.query.emplace(unescaped(name, true), unescaped(value, true));
  }
  return call;
}

Answer json_answer(int status, const json::Value& body) {
  return {.status = status, .content_type = "application/json", .body = json::dump(body) + "\n", .headers = {}};
}

Answer refusal(int status, std::string message) {
  return json_answer(status, json::Value::Object{{"message", std::move(message)}});
}

Answer empty_answer(int status) {
  return {.status = status, .content_type = "", .body = "", .headers = {}};
}

}  // namespace kscale::sandbox::engine
