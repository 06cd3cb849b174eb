// Values of settings: the first byte says of which kind.

#include "libscale/control/value.hpp"

#include <optional>

#include "libscale/base/text.hpp"
#include "libscale/net/authority.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

using namespace std::chrono_literals;

template <class T>
std::optional<T> value_of(const Result<T>& parsed) {
  if (!parsed) {
    require_printable(parsed.error().what, "why it is no value");
    return std::nullopt;
  }
  return *parsed;
}

void look_at_span(std::string_view text) {
  if (const auto span = value_of(control::parse_span(text, 1s, 0s, 24h * 366))) {
    require(*span >= 0ms && *span <= 24h * 366, "a span is within its bounds");
    require(control::parse_span(in_seconds(*span), 1s, 0s, 24h * 366) == *span, "a span is shown as it is read");
  }
}

void look_at_hold_times(std::string_view text) {
  if (const auto times = value_of(control::parse_hold_times(text))) {
    require(control::parse_hold_times(control::shown(*times)) == *times, "hold times are shown as they are read");
  }
}

void look_at_urls(std::string_view text) {
  if (const auto url = value_of(control::parse_url(text))) {
    require_printable(*url, "a URL");
    require(control::parse_url(*url) == *url, "a URL is read as it was");
    require(net::authority_in(*url).find('@') == std::string_view::npos, "a URL has no password");
  }
  if (const auto url = value_of(control::parse_secret_url(text))) {
    const auto shown = control::without_secret(*url);
    require_printable(shown, "a URL that is a secret");
    require(shown.find('@') == std::string::npos && shown.find('?') == std::string::npos, "no secret is shown");
  }
  value_of(control::parse_listen(text));
}

}  // namespace

void take(std::string_view bytes) {
  const auto what = take_byte(bytes);
  switch (what % 4) {
    case 0:
      return look_at_span(bytes);
    case 1:
      return look_at_hold_times(bytes);
    case 2:
      return look_at_urls(bytes);
    default:
      if (const auto number = value_of(control::parse_number(bytes, -1e9, 1e9))) {
        require(*number >= -1e9 && *number <= 1e9, "a number is within its bounds");
      }
      if (const auto number = value_of(control::parse_whole(bytes, -7, 65535))) {
        require(*number >= -7 && *number <= 65535, "a whole number is within its bounds");
      }
      if (const auto size = value_of(control::parse_size(bytes, Bytes{100}))) {
        require(*size >= Bytes{100}, "a size is within its bounds");
      }
      value_of(control::parse_switch(bytes));
  }
}

}  // namespace kscale::fuzz
