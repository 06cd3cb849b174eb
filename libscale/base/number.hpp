#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace kscale {

/// The number that a whole text is, in decimal and in no locale: without blanks, a plus sign or anything behind it.
/// Nothing where it is none, or one that does not fit. A floating-point number may also be "inf" or "nan".
template <class Number>
requires std::integral<Number> || std::floating_point<Number> std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = fault == std::errc{} && end == text.data() + text.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

}  // namespace kscale
