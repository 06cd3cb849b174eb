#include "libscale/docker/timestamp.hpp"

namespace kscale::docker {

namespace {

/// The whole years that nanoseconds since 1970 can count in 64 bits.
constexpr int k_first_year = 1970;
constexpr int k_last_year = 2261;

/// Takes `digits` digits and then `after` (unless that is 0) off the front of `text`.
std::optional<int> take(std::string_view& text, std::size_t digits, char after) {
  if (text.size() < digits + (after != 0 ? 1 : 0) || (after != 0 && text[digits] != after)) {
    return std::nullopt;
  }
  int number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits + (after != 0 ? 1 : 0));
  return number;
}

/// Takes a fraction such as `.464324867`, or nothing.
std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) {
  if (!text.starts_with('.')) {
    return std::chrono::nanoseconds{0};
  }
  text.remove_prefix(1);
  std::int64_t nanoseconds = 0;
  int places = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
    if (places < 9) {
      nanoseconds = nanoseconds * 10 + (text.front() - '0');
      ++places;
    }
  }
  if (places == 0) {
    return std::nullopt;
  }
  for (; places < 9; ++places) {
    nanoseconds *= 10;
  }
  return std::chrono::nanoseconds{nanoseconds};
}

/// Takes `Z` or an offset such as `+01:00`, which must end the text.
std::optional<std::chrono::minutes> take_offset(std::string_view text) {
  if (text == "Z") {
    return std::chrono::minutes{0};
  }
  if (text.size() != 6 || (text.front() != '+' && text.front() != '-')) {
    return std::nullopt;
  }
  const int sign = text.front() == '+' ? 1 : -1;
  text.remove_prefix(1);
  const auto hours = take(text, 2, ':');
  const auto minutes = take(text, 2, 0);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) {
    return std::nullopt;
  }
  return std::chrono::minutes{sign * (*hours * 60 + *minutes)};
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_timestamp(std::string_view text) {
  const auto year = take(text, 4, '-');
  const auto month = year ? take(text, 2, '-') : std::nullopt;
  const auto day = month ? take(text, 2, 'T') : std::nullopt;
  const auto hour = day ? take(text, 2, ':') : std::nullopt;
  const auto minute = hour ? take(text, 2, ':') : std::nullopt;
  const auto second = minute ? take(text, 2, 0) : std::nullopt;
  if (!second) {
    return std::nullopt;
  }
  const auto fraction = take_fraction(text);
  const auto offset = fraction ? take_offset(text) : std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  // A leap second is a 60.
  if (!offset || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  if (*year < k_first_year || *year > k_last_year) {
    return std::nullopt;
  }
  const auto since_1970 = std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{*hour} +
                          std::chrono::minutes{*minute} + std::chrono::seconds{*second} - *offset;
  if (since_1970.count() < 0) {
    return std::nullopt;  // of 1970, but for the offset
  }
  return since_1970 + *fraction;
}

}  // namespace kscale::docker
