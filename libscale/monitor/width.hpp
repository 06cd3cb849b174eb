#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kscale::monitor {

// All of these take text that is printable: UTF-8 without control characters.

/// How many columns of a terminal the text takes: an ideograph takes two, a combining mark none.
int width_of(std::string_view text);

/// As much of the beginning as fits into so many columns, by whole characters.
std::string_view cut(std::string_view text, int columns);

/// The text in lines of at most so many columns, broken at blanks where there are any. A character that is wider than
/// a line is left out.
std::vector<std::string> wrapped(std::string_view text, int columns);

}  // namespace kscale::monitor
