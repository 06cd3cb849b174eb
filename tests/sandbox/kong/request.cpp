#include "tests/sandbox/kong/request.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>

#include "tests/sandbox/kong/answers.hpp"
#include "tests/sandbox/kong/yaml.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string unescaped(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digits = text.substr(i + 1, 2);
    const bool escape = text[i] == '%' && digits.size() == 2 &&
                        std::ranges::all_of(digits, [](unsigned char c) { return std::isxdigit(c) != 0; });
    if (escape) {
      out.push_back(static_cast<char>(std::stoi(std::string(digits), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::vector<std::string_view> parts_of(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(at + separator.size());
  }
}

/// A field of a form has no type: what looks like a number or a boolean becomes one, empty becomes null.
Value form_value(const std::string& text) {
  const auto value = value_of_plain(text);
  return value.as_number() || value.is_null() || text == "true" || text == "false" ? value : Value(text);
}

void add_field(Value& fields, const std::string& name, const Value& value) {
  if (name.ends_with("[]")) {
    fields.at(name.substr(0, name.size() - 2)).push_back(value);
    return;
  }
  const auto steps = parts_of(name, ".");  // healthchecks.active.timeout=1
  auto* at = &fields;
  for (const auto step : steps) {
    at = &at->at(step);
  }
  *at = value;
}

Value form_fields(std::string_view body) {
  auto fields = Value::object();
  for (const auto part : parts_of(body, "&")) {
    const auto equals = part.find('=');
    const auto name = unescaped(part.substr(0, equals), true);
    const auto text = equals == std::string_view::npos ? "" : unescaped(part.substr(equals + 1), true);
    if (!name.empty()) {
      add_field(fields, name, form_value(text));
    }
  }
  return fields;
}

std::string_view between(std::string_view text, std::string_view start, std::string_view end) {
  const auto from = text.find(start);
  if (from == std::string_view::npos) {
    return {};
  }
  text.remove_prefix(from + start.size());
  return text.substr(0, text.find(end));
}

Value multipart_fields(std::string_view body, std::string_view type) {
  auto fields = Value::object();
  auto boundary = between(type, "boundary=", ";");
  if (boundary.starts_with('"')) {
    boundary = between(boundary, "\"", "\"");
  }
  for (const auto part : parts_of(body, "--" + std::string(boundary))) {
    const auto head = part.substr(0, part.find("\r\n\r\n"));
    const auto name = between(head, "name=\"", "\"");
    if (!name.empty() && head.size() < part.size()) {
      auto content = part.substr(head.size() + 4);
      content.remove_suffix(content.ends_with("\r\n") ? 2 : 0);
      add_field(fields, std::string(name), form_value(std::string(content)));
    }
  }
  return fields;
}

}  // namespace

std::optional<std::string_view> header(const Question& question, std::string_view name) {
  for (const auto& [key, value] : question.headers) {
    if (lower(key) == lower(name)) {
      return value;
    }
  }
  return std::nullopt;
}

Request taken_apart(std::string_view target) {
  Request request;
  const auto mark = target.find('?');
  auto path = target.substr(0, mark);
  while (path.size() > 1 && path.ends_with('/')) {
    path.remove_suffix(1);
  }
  request.path = path;
  for (const auto segment : parts_of(path.substr(std::min<std::size_t>(1, path.size())), "/")) {
    if (!segment.empty()) {
      request.segments.push_back(unescaped(segment, false));
    }
  }
  if (mark != std::string_view::npos) {
    for (const auto part : parts_of(target.substr(mark + 1), "&")) {
      const auto equals = part.find('=');
      const auto value = equals == std::string_view::npos ? std::string_view("true") : part.substr(equals + 1);
      request.query[unescaped(part.substr(0, equals), true)] = unescaped(value, true);
    }
  }
  return request;
}

std::string media_type(const Question& question) {
  const auto type = header(question, "Content-Type").value_or("");
  auto name = lower(type.substr(0, type.find(';')));
  while (name.ends_with(' ')) {
    name.pop_back();
  }
  return name;
}

tl::expected<json::Value, Answer> body_of(const Question& question) {
  const auto type = media_type(question);
  if (type.empty() && question.body.empty()) {
    return Value::object();
  }
  if (type == "application/x-www-form-urlencoded") {
    return form_fields(question.body);
  }
  if (type == "multipart/form-data") {
    return multipart_fields(question.body, *header(question, "Content-Type"));
  }
  if (type != "application/json") {
    return tl::unexpected(unsupported_media_type());
  }
  auto value = json::parse(question.body);
  if (!value || !value->is_object()) {
    return tl::unexpected(message(400, "Cannot parse JSON body"));
  }
  return *std::move(value);
}

}  // namespace kscale::sandbox
