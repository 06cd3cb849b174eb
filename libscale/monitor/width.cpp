#include "libscale/monitor/width.hpp"

#include <algorithm>
#include <cwchar>

#include <locale.h>  // NOLINT(modernize-deprecated-headers): newlocale is POSIX's

namespace kscale::monitor {

namespace {

/// The C library's table of widths, whatever the locale of the process. Without that locale only ASCII is known.
class Widths {
 public:
  Widths() : m_locale(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {}
  Widths(const Widths&) = delete;
  Widths& operator=(const Widths&) = delete;
  ~Widths() {
    if (m_locale != nullptr) {
      freelocale(m_locale);
    }
  }

  int of(wchar_t character) const {
    auto* const before = m_locale != nullptr ? uselocale(m_locale) : nullptr;
    const int width = wcwidth(character);
    if (before != nullptr) {
      uselocale(before);
    }
    return width >= 0 ? width : 1;  // newer than the table, most likely
  }

 private:
  locale_t m_locale;
};

unsigned byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
}

/// The bytes of the character that begins at `i`.
std::size_t length_at(std::string_view text, std::size_t i) {
  const auto first = byte_at(text, i);
  const std::size_t length = first < 0x80U ? 1 : first < 0xe0U ? 2 : first < 0xf0U ? 3 : 4;
  return std::min(length, text.size() - i);
}

int width_at(std::string_view text, std::size_t i, std::size_t length) {
  static const Widths widths;
  if (length == 1) {
    return 1;
  }
  constexpr unsigned k_first_bits = 0xffU;
  constexpr unsigned k_next_bits = 0x3fU;
  unsigned character = byte_at(text, i) & (k_first_bits >> (length + 1));
  for (std::size_t k = 1; k < length; ++k) {
    character = (character << 6U) | (byte_at(text, i + k) & k_next_bits);
  }
  return widths.of(static_cast<wchar_t>(character));
}

}  // namespace

int width_of(std::string_view text) {
  int width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto length = length_at(text, i);
    width += width_at(text, i, length);
    i += length;
  }
  return width;
}

std::string_view cut(std::string_view text, int columns) {
  int width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto length = length_at(text, i);
    width += width_at(text, i, length);
    if (width > columns) {
      return text.substr(0, i);
    }
    i += length;
  }
  return text;
}

std::vector<std::string> wrapped(std::string_view text, int columns) {
  std::vector<std::string> lines;
  while (columns > 0 && !text.empty()) {
    auto piece = cut(text, columns);
    if (piece.empty()) {
      text.remove_prefix(length_at(text, 0));
      continue;
    }
    if (piece.size() < text.size() && text[piece.size()] != ' ') {
      const auto blank = piece.rfind(' ');
      piece = blank != std::string_view::npos && blank > 0 ? piece.substr(0, blank) : piece;
    }
    lines.emplace_back(piece);
    text.remove_prefix(piece.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  return lines;
}

}  // namespace kscale::monitor
