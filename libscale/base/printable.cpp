#include "libscale/base/printable.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kscale {

namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
}

bool continues_character(unsigned byte) {
  return (byte & 0xc0U) == 0x80U;
}

/// The length of a text of at most `longest` bytes that does not end within a UTF-8 character.
std::size_t length_within(std::string_view text, std::size_t longest) {
  constexpr std::size_t k_most_continuing = 3;
  if (text.size() <= longest) {
    return text.size();
  }
  std::size_t length = longest;
  while (length > 0 && longest - length <= k_most_continuing && continues_character(byte_at(text, length))) {
    --length;
  }
  return longest - length <= k_most_continuing ? length : longest;
}

/// How many bytes the character at `i` has; 0 where none begins. Source: RFC 3629, section 4.
std::size_t character_at(std::string_view text, std::size_t i) {
  const auto first = byte_at(text, i);
  const auto second = byte_at(text, i + 1);
  if (first < 0x80U) {
    return 1;
  }
  if (first < 0xc2U || first > 0xf4U) {
    return 0;
  }
  const std::size_t length = first < 0xe0U ? 2 : first < 0xf0U ? 3 : 4;
  for (std::size_t k = 1; k < length; ++k) {
    if (!continues_character(byte_at(text, i + k))) {
      return 0;
    }
  }
  const bool is_overlong = (first == 0xe0U && second < 0xa0U) || (first == 0xf0U && second < 0x90U);
  const bool is_no_character = (first == 0xedU && second >= 0xa0U) || (first == 0xf4U && second >= 0x90U);
  return is_overlong || is_no_character ? 0 : length;
}

/// Whether the character at `i` is a control character: one of ASCII's, or one of U+0080 to U+009F.
bool is_control(std::string_view text, std::size_t i) {
  constexpr unsigned k_delete = 0x7f;
  const auto byte = byte_at(text, i);
  return byte < ' ' || byte == k_delete || (byte == 0xc2U && byte_at(text, i + 1) < 0xa0U);
}

}  // namespace

std::string printable(std::string_view text, std::size_t longest) {
  const auto shown = text.substr(0, length_within(text, longest));
  std::string out;
  for (std::size_t i = 0; i < shown.size();) {
    const auto length = character_at(shown, i);
    const auto bytes = shown.substr(i, std::max(length, std::size_t{1}));
    if (length > 0 && !is_control(shown, i)) {
      out += bytes;
    } else {
      for (const unsigned char byte : bytes) {
        out += fmt::format("\\x{:02x}", byte);
      }
    }
    i += bytes.size();
  }
  return shown.size() < text.size() ? out + "..." : out;
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto length = character_at(text, i);
    out += length > 0 ? text.substr(i, length) : "\xef\xbf\xbd";
    i += std::max(length, std::size_t{1});
  }
  return out;
}

}  // namespace kscale
