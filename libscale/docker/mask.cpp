#include "libscale/docker/mask.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "libscale/base/text.hpp"

namespace kscale::docker {

namespace {

constexpr std::size_t k_shortest = 4;
constexpr std::size_t k_digits_of_port = 5;
constexpr std::string_view k_hidden = "***";

/// What makes a name that of a secret, in lower case.
constexpr std::array<std::string_view, 7> k_secret_names{"password", "passwd", "passphrase", "secret",
                                                         "token",    "key",    "credential"};

bool is_short(std::string_view text) {
  const bool is_number = text.find_first_not_of("0123456789") == std::string_view::npos;
  return text.size() < k_shortest || (is_number && text.size() <= k_digits_of_port);
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

/// Where in a text something stands.
struct Place {
  std::size_t begin = 0;
  std::size_t length = 0;
};

/// The password of the first URL after `from`: between `//user:` and the last `@` of its authority.
std::optional<Place> password_in_url(std::string_view text, std::size_t from) {
  for (auto at = text.find("://", from); at != std::string_view::npos; at = text.find("://", at + 3)) {
    const auto begin = at + 3;
    const auto authority = text.substr(begin, text.find_first_of("/?# \t\"'", begin) - begin);
    const auto colon = authority.find(':');
    const auto last = authority.rfind('@');
    if (last != std::string_view::npos && colon < last && last - colon > 1) {
      return Place{begin + colon + 1, last - colon - 1};
    }
  }
  return std::nullopt;
}

bool names_secret(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::any_of(k_secret_names.begin(), k_secret_names.end(),
                     [&lower](std::string_view part) { return lower.find(part) != std::string::npos; });
}

/// The value that a secret's name is given, at or after `from`: `NAME=value`, `name: value`, `"name": "value"`.
std::optional<Place> named_value(std::string_view text, std::size_t from) {
  for (auto sign = text.find_first_of("=:", from); sign != std::string_view::npos;
       sign = text.find_first_of("=:", sign + 1)) {
    auto name = text.substr(from, sign - from);
    while (!name.empty() && (name.back() == '"' || name.back() == '\'')) {
      name.remove_suffix(1);
    }
    const auto end = name.size();
    auto begin = end;
    while (begin > 0 && is_word(name[begin - 1])) {
      --begin;
    }
    if (!names_secret(name.substr(begin, end - begin))) {
      continue;  // before its value is looked for, which may go on to the end of the text
    }
    auto value = sign + 1;
    while (value < text.size() && (text[value] == ' ' || text[value] == '"' || text[value] == '\'')) {
      ++value;
    }
    const bool is_quoted = value > sign + 1 && text[value - 1] != ' ';
    const auto end_of_value = is_quoted ? text.find(text[value - 1], value) : text.find_first_of(" \t\"',;", value);
    const auto length = std::min(end_of_value, text.size()) - value;
    if (length > 0) {
      return Place{value, length};
    }
  }
  return std::nullopt;
}

using Finder = std::function<std::optional<Place>(std::string_view text, std::size_t from)>;

std::string without(const std::string& text, const Finder& find) {
  std::string out;
  std::size_t from = 0;
  while (const auto place = find(text, from)) {
    out.append(text, from, place->begin - from).append(k_hidden);
    from = place->begin + place->length;
  }
  return out.append(text, from);
}

}  // namespace

void Mask::hide(std::string_view secret) {
  while (!secret.empty()) {
    const auto line = secret.substr(0, secret.find('\n'));
    secret.remove_prefix(std::min(line.size() + 1, secret.size()));
    const auto text = trimmed(line);
    if (!is_short(text)) {
      m_secrets.emplace(text);
    }
    if (const auto password = password_in_url(text, 0); password) {
      hide(text.substr(password->begin, password->length));
    }
  }
}

void Mask::hide_values(std::string_view lines, const std::function<bool(std::string_view)>& is_public) {
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || trimmed(line).starts_with('#') ||
        is_public(trimmed(line.substr(0, equals)))) {
      continue;
    }
    auto value = trimmed(line.substr(equals + 1));
    hide(value);
    // Behind a blank and # it may go on with a comment.
    hide(value.substr(0, value.find(" #")));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'')) {
      hide(value.substr(1, value.find(value.front(), 1) - 1));
    }
  }
}

void Mask::keep(std::string_view word) {
  if (!word.empty()) {
    m_kept.emplace(word);
  }
}

/// Whether the secret that stands there is only a part of a word that is public.
bool Mask::is_kept(std::string_view text, std::size_t begin, std::string_view secret) const {
  return std::any_of(m_kept.begin(), m_kept.end(), [&](std::string_view word) {
    for (auto at = word.find(secret); at != std::string_view::npos; at = word.find(secret, at + 1)) {
      if (at <= begin && text.substr(begin - at, word.size()) == word) {
        return true;
      }
    }
    return false;
  });
}

std::string Mask::applied(std::string_view text) const {
  auto out = without(std::string(text), password_in_url);
  for (const auto& secret : m_secrets) {
    out = without(out, [&](std::string_view in, std::size_t from) -> std::optional<Place> {
      auto begin = in.find(secret, from);
      while (begin != std::string_view::npos && is_kept(in, begin, secret)) {
        begin = in.find(secret, begin + 1);
      }
      return begin == std::string_view::npos ? std::nullopt : std::optional(Place{begin, secret.size()});
    });
  }
  return without(out, named_value);
}

}  // namespace kscale::docker
