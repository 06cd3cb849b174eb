#include "tests/faults/fault.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "libscale/net/json.hpp"
#include "tests/sandbox/message.hpp"

namespace kscale::faults {

namespace {

using sandbox::Answer;
using sandbox::Question;

constexpr std::array<std::pair<Kind, std::string_view>, 20> k_names{
    {{Kind::refused, "refused"}, {Kind::gone, "gone"},          {Kind::stalled, "stalled"},
     {Kind::lost, "lost"},       {Kind::reset, "reset"},        {Kind::drip, "drip"},
     {Kind::half, "half"},       {Kind::length, "length"},      {Kind::status_400, "400"},
     {Kind::status_404, "404"},  {Kind::status_409, "409"},     {Kind::status_429, "429"},
     {Kind::status_500, "500"},  {Kind::status_503, "503"},     {Kind::acted_500, "acted-500"},
     {Kind::html, "html"},       {Kind::huge, "huge"},          {Kind::shape, "shape"},
     {Kind::number, "number"},   {Kind::duplicate, "duplicate"}}};

/// More than any answer may have.
constexpr std::size_t k_endless = std::size_t{40} << 20U;

int status_of(Kind kind) {
  switch (kind) {
    case Kind::status_400:
      return 400;
    case Kind::status_404:
      return 404;
    case Kind::status_409:
      return 409;
    case Kind::status_429:
      return 429;
    case Kind::status_503:
      return 503;
    default:
      return 500;
  }
}

Answer refusal(Kind kind) {
  Answer answer{.status = status_of(kind), .body = R"({"message":"this is an injected fault"})"};
  if (kind == Kind::status_429) {
    answer.headers.emplace_back("Retry-After", "1");
  }
  return answer;
}

std::string wrong_shape(unsigned variant, std::string_view right) {
  constexpr std::array<std::string_view, 8> k_shapes{
      "[]",         "{}",
      "null",       "42",
      R"("text")",  R"({"data":{"x":1},"message":17})",
      "[[[[{}]]]]", R"([{"Id":{},"Names":"x","State":5,"data":[null]}])"};
  const auto& shape = k_shapes.at(variant % k_shapes.size());
  const bool is_right = shape == "[]" && right.starts_with('[');  // a list without entries is one
  return std::string(is_right ? k_shapes.at(1) : shape);
}

bool is_metrics(const Question& question) {
  return question.target.starts_with("/metrics");
}

bool is_stats(const Question& question) {
  return question.target.find("/stats?") != std::string::npos;
}

template <class Change>
std::string each_line(std::string_view text, const Change& change) {
  std::string changed;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    changed += change(line) + '\n';
  }
  return changed;
}

std::string page_with_odd_values(std::string_view page, unsigned variant) {
  constexpr std::array<std::string_view, 5> k_values{"NaN", "+Inf", "-Inf", "-1", "1e308"};
  const auto value = k_values.at(variant % k_values.size());
  return each_line(page, [&](std::string_view line) {
    const bool is_sample = !line.empty() && line.front() != '#';
    return is_sample ? fmt::format("{} {}", line.substr(0, line.rfind(' ')), value) : std::string(line);
  });
}

/// Every number of a JSON text becomes another one; names and texts stay.
std::string numbers_replaced(std::string_view text, std::string_view value) {
  std::string changed;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && (i == 0 || text[i - 1] != '\\')) {
      in_text = !in_text;
    }
    if (!in_text && c >= '0' && c <= '9') {
      i = std::min(text.find_first_not_of("0123456789.eE+-", i), text.size()) - 1;
      changed += value;
    } else {
      changed += c;
    }
  }
  return changed;
}

std::string odd_numbers(const Question& question, const std::string& body, unsigned variant) {
  constexpr std::array<std::string_view, 5> k_numbers{"-1", "1e308", "18446744073709551615", "0", "NaN"};
  return is_metrics(question) ? page_with_odd_values(body, variant)
                              : numbers_replaced(body, k_numbers.at(variant % k_numbers.size()));
}

json::Value entries_twice(const json::Value& list) {
  auto twice = json::Value::array();
  for (int pass = 0; pass < 2; ++pass) {
    for (const auto& entry : list.items()) {
      twice.push_back(entry);
    }
  }
  return twice;
}

std::string doubled(const Question& question, const std::string& body) {
  if (is_metrics(question)) {
    return each_line(body, [](std::string_view line) {
      return line.starts_with('#') ? std::string(line) : fmt::format("{0}\n{0}", line);
    });
  }
  auto value = json::parse(body);
  if (!value) {
    return body;
  }
  if (value->is_array()) {
    return json::dump(entries_twice(*value));
  }
  if ((*value)["data"].is_array()) {
    value->set("data", entries_twice((*value)["data"]));
    return json::dump(*value);
  }
  return body;
}

/// The body, or the whole answer where there is none, up to its half.
std::string first_half(const std::string& bytes) {
  const auto head = bytes.find("\r\n\r\n") + 4;
  return head < bytes.size() ? bytes.substr(0, head + (bytes.size() - head) / 2) : bytes.substr(0, bytes.size() / 2);
}

std::string with_length(std::string bytes, std::size_t length) {
  constexpr std::string_view k_name = "Content-Length: ";
  const auto at = bytes.find(k_name);
  if (at == std::string::npos) {
    return bytes.insert(bytes.find("\r\n") + 2, fmt::format("{}{}\r\n", k_name, length));
  }
  const auto begin = at + k_name.size();
  return bytes.replace(begin, bytes.find('\r', begin) - begin, std::to_string(length));
}

/// The head alone, and the announcement of a chunk of so many bytes.
std::string with_one_chunk(const std::string& bytes, std::size_t size) {
  std::string head = bytes.substr(0, bytes.find("\r\n\r\n") + 2);
  if (const auto length = head.find("Content-Length: "); length != std::string::npos) {
    head.erase(length, head.find("\r\n", length) + 2 - length);
  }
  return fmt::format("{}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", head, size);
}

}  // namespace

const std::vector<Kind>& all_kinds() {
  static const auto all = [] {
    std::vector<Kind> kinds;
    kinds.reserve(k_names.size());
    for (const auto& [kind, name] : k_names) {
      kinds.push_back(kind);
    }
    return kinds;
  }();
  return all;
}

std::string_view name_of(Kind kind) {
  return std::ranges::find(k_names, kind, &std::pair<Kind, std::string_view>::first)->second;
}

std::optional<Kind> kind_named(std::string_view name) {
  const auto* const found = std::ranges::find(k_names, name, &std::pair<Kind, std::string_view>::second);
  return found != k_names.end() ? std::optional(found->first) : std::nullopt;
}

bool reaches_peer(Kind kind) {
  switch (kind) {
    case Kind::refused:
    case Kind::gone:
    case Kind::stalled:
    case Kind::status_400:
    case Kind::status_404:
    case Kind::status_409:
    case Kind::status_429:
    case Kind::status_500:
    case Kind::status_503:
      return false;
    default:
      return true;
  }
}

bool closes_door(Kind kind) {
  return kind == Kind::refused || kind == Kind::gone;
}

bool applies(Kind kind, const Question& question) {
  return kind != Kind::number || is_metrics(question) || is_stats(question);
}

Spoiled spoiled(const Fault& fault, const Question& question, Answer answer, bool head_only) {
  using End = Spoiled::End;
  const auto whole = [&](const Answer& what) { return sandbox::written(what, head_only, true); };
  switch (fault.kind) {
    case Kind::refused:
    case Kind::gone:
    case Kind::stalled:
    case Kind::lost:
      return {.end = End::stays_open};
    case Kind::reset: {
      const auto bytes = whole(answer);
      return {.bytes = bytes.substr(0, fault.variant % bytes.size()), .end = End::reset};
    }
    case Kind::drip:
      return {.bytes = whole(answer), .drips = true, .end = End::stays_open};
    case Kind::half:
      return {.bytes = first_half(whole(answer)), .end = End::closed};
    case Kind::length: {
      const auto wrong = fault.variant % 2 == 0 ? answer.body.size() / 2 : answer.body.size() + 10;
      return {.bytes = with_length(whole(answer), wrong), .end = End::stays_open};
    }
    case Kind::acted_500:
      return {.bytes = whole(refusal(fault.kind))};
    case Kind::html:
      answer.content_type = "text/html; charset=UTF-8";
      answer.body = "<html>\n<head><title>Welcome</title></head>\n<body>Sign in, please.</body>\n</html>\n";
      answer.status = answer.status == 204 ? 200 : answer.status;
      return {.bytes = whole(answer)};
    case Kind::huge:
      return fault.variant % 2 == 0
                 ? Spoiled{.bytes = with_one_chunk(whole(answer), k_endless), .filler = k_endless, .end = End::closed}
                 : Spoiled{.bytes = with_length(whole(answer), std::size_t{1} << 40U), .end = End::stays_open};
    case Kind::shape:
      answer.body = wrong_shape(fault.variant, answer.body);
      return {.bytes = whole(answer)};
    case Kind::number:
      answer.body = odd_numbers(question, answer.body, fault.variant);
      return {.bytes = whole(answer)};
    case Kind::duplicate:
      answer.body = doubled(question, answer.body);
      return {.bytes = whole(answer)};
    default:
      return {.bytes = whole(refusal(fault.kind))};
  }
}

}  // namespace kscale::faults
