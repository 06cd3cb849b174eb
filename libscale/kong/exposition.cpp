#include "libscale/kong/exposition.hpp"

#include <algorithm>
#include <optional>

#include "libscale/base/number.hpp"

namespace kscale::kong {

namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

std::string_view take_name(std::string_view& line) {
  std::size_t length = 0;
  while (length < line.size() && is_name_character(line[length])) {
    ++length;
  }
  const auto name = line.substr(0, length);
  line.remove_prefix(length);
  return name;
}

void skip_blanks(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
}

bool take(std::string_view& line, char expected) {
  if (!line.starts_with(expected)) {
    return false;
  }
  line.remove_prefix(1);
  return true;
}

/// Takes a text in double quotes, with \\, \" and \n inside.
std::optional<std::string> take_quoted(std::string_view& line) {
  if (!take(line, '"')) {
    return std::nullopt;
  }
  std::string text;
  while (!line.empty()) {
    const char c = line.front();
    line.remove_prefix(1);
    if (c == '"') {
      return text;
    }
    if (c != '\\') {
      text += c;
    } else if (!line.empty()) {
      text += line.front() == 'n' ? '\n' : line.front();
      line.remove_prefix(1);
    }
  }
  return std::nullopt;
}

/// Takes `{a="x",b="y"}`, or nothing where there is no brace.
std::optional<std::map<std::string, std::string>> take_labels(std::string_view& line) {
  std::map<std::string, std::string> labels;
  if (!take(line, '{')) {
    return labels;
  }
  while (true) {
    skip_blanks(line);
    if (take(line, '}')) {
      return labels;
    }
    const auto name = take_name(line);
    if (name.empty() || !take(line, '=')) {
      return std::nullopt;
    }
    auto value = take_quoted(line);
    if (!value) {
      return std::nullopt;
    }
    labels.insert_or_assign(std::string(name), std::move(*value));
    skip_blanks(line);
    if (!take(line, ',') && !line.starts_with('}')) {
      return std::nullopt;
    }
  }
}

std::optional<double> parse_value(std::string_view text) {
  if (text == "+Inf") {
    text.remove_prefix(1);
  }
  return number_in<double>(text);
}

/// The value, and perhaps a time in milliseconds behind it, which nobody here needs.
std::optional<double> take_value(std::string_view line) {
  skip_blanks(line);
  const auto text = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(text.size());
  skip_blanks(line);
  const bool only_a_time = line.find_first_not_of("-0123456789 \t\r") == std::string_view::npos;
  return only_a_time ? parse_value(text) : std::nullopt;
}

}  // namespace

std::string_view Sample::label(const std::string& key) const {
  const auto found = labels.find(key);
  return found != labels.end() ? std::string_view(found->second) : std::string_view();
}

Result<std::vector<Sample>> parse_exposition(std::string_view text,
                                             const std::function<bool(std::string_view)>& wanted) {
  const bool is_whole = text.empty() || text.back() == '\n';
  std::vector<Sample> samples;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    skip_blanks(line);
    if (line.empty() || line == "\r" || line.front() == '#') {
      continue;
    }
    const auto name = take_name(line);
    if (!name.empty() && !wanted(name)) {
      continue;
    }
    auto labels = take_labels(line);
    const auto value = labels && !name.empty() ? take_value(line) : std::nullopt;
    if (!value) {
      return fail(Errc::invalid, "line {} is not of Prometheus' text format", number);
    }
    samples.push_back({std::string(name), std::move(*labels), *value});
  }
  if (!is_whole) {
    return fail(Errc::invalid, "line {} is not of Prometheus' text format: no line break ends it", number);
  }
  return samples;
}

}  // namespace kscale::kong
