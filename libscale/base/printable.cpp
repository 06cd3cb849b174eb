#include "libscale/base/printable.hpp"

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

/// How many bytes of a control character stand at `i`: one of ASCII's, or one of U+0080 to U+009F.
std::size_t control_at(std::string_view text, std::size_t i) {
  constexpr unsigned k_delete = 0x7f;
  const auto byte = byte_at(text, i);
  if (byte < ' ' || byte == k_delete) {
    return 1;
  }
  const auto next = byte_at(text, i + 1);
  return byte == 0xc2U && next >= 0x80U && next < 0xa0U ? 2 : 0;
}

}  // namespace

std::string printable(std::string_view text, std::size_t longest) {
  const auto shown = text.substr(0, length_within(text, longest));
  std::string out;
  for (std::size_t i = 0; i < shown.size();) {
    const auto control = control_at(shown, i);
    for (std::size_t k = 0; k < control; ++k) {
      out += fmt::format("\\x{:02x}", byte_at(shown, i + k));
    }
    if (control == 0) {
      out += shown[i];
    }
    i += control == 0 ? 1 : control;
  }
  return shown.size() < text.size() ? out + "..." : out;
}

}  // namespace kscale
