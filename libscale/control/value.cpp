#include "libscale/control/value.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/ranges.h>

#include "libscale/base/number.hpp"
#include "libscale/base/printable.hpp"
#include "libscale/base/text.hpp"
#include "libscale/net/authority.hpp"

namespace kscale::control {

using namespace std::chrono_literals;

namespace {

Result<std::chrono::seconds> parse_seconds(std::string_view text, std::chrono::seconds least,
                                           std::chrono::seconds most) {
  return parse_span(text, 1s, least, most).and_then([&](auto span) -> Result<std::chrono::seconds> {
    const auto whole = std::chrono::floor<std::chrono::seconds>(span);
    if (whole != span) {
      return fail(Errc::invalid, "'{}' is not a whole number of seconds", printable(text));
    }
    return whole;
  });
}

}  // namespace

Result<int> parse_whole(std::string_view text, int least, int most) {
  const auto number = number_in<int>(text);
  if (!number || *number < least || *number > most) {
    return fail(Errc::invalid, "'{}' is not a whole number from {} to {}", printable(text), least, most);
  }
  return *number;
}

Result<double> parse_number(std::string_view text, double least, double most) {
  const auto number = number_in<double>(text);
  if (!number || !std::isfinite(*number) || *number < least || *number > most) {
    return fail(Errc::invalid, "'{}' is not a number from {:g} to {:g}", printable(text), least, most);
  }
  return *number;
}

Result<std::chrono::milliseconds> parse_span(std::string_view text, std::chrono::milliseconds unit,
                                             std::chrono::milliseconds least, std::chrono::milliseconds most) {
  constexpr std::array<std::pair<std::string_view, std::chrono::milliseconds>, 5> k_units{
      {{"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}, {"d", 24h}}};
  const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto suffix = text.substr(digits);
  const auto* const named =
      std::ranges::find(k_units, suffix, &std::pair<std::string_view, std::chrono::milliseconds>::first);
  const auto count = number_in<double>(text.substr(0, digits));
  if (count && (suffix.empty() || named != k_units.end())) {
    const auto each = suffix.empty() ? unit : named->second;
    const double total = *count * static_cast<double>(each.count());
    if (total >= static_cast<double>(least.count()) && total <= static_cast<double>(most.count())) {
      return std::chrono::milliseconds{std::llround(total)};
    }
  }
  return fail(Errc::invalid, "'{}' is not a span from {} to {}, such as 30s or 5m", printable(text), in_seconds(least),
              in_seconds(most));
}

Result<Bytes> parse_size(std::string_view text, Bytes least) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 8> k_units{{{"", 1},
                                                                               {"B", 1},
                                                                               {"kB", 1'000},
                                                                               {"MB", 1'000'000},
                                                                               {"GB", 1'000'000'000},
                                                                               {"KiB", 1U << 10U},
                                                                               {"MiB", 1U << 20U},
                                                                               {"GiB", 1U << 30U}}};
  constexpr std::uint64_t k_most = std::uint64_t{1} << 50U;
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = number_in<std::uint64_t>(text.substr(0, digits));
  const auto* const unit =
      std::ranges::find(k_units, text.substr(digits), &std::pair<std::string_view, std::uint64_t>::first);
  if (count && unit != k_units.end() && *count <= k_most / unit->second && *count * unit->second >= least.value) {
    return Bytes{*count * unit->second};
  }
  return fail(Errc::invalid, "'{}' is not a size of at least {} bytes, such as 64MiB", printable(text), least.value);
}

Result<bool> parse_switch(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "true" || lower == "yes" || lower == "on" || lower == "1") {
    return true;
  }
  if (lower == "false" || lower == "no" || lower == "off" || lower == "0" || lower.empty()) {
    return false;
  }
  return fail(Errc::invalid, "'{}' is neither true nor false", printable(text));
}

Result<std::string> parse_url(std::string_view text) {
  // First, and wherever it stands: the other failures repeat the text, and where a password ends cannot be known of one
  // with a '/' or a '#' in it.
  if (text.find('@') != std::string_view::npos) {
    return fail(Errc::invalid, "an address must not hold a password: give a key in KSCALE_KONG_TOKEN or in a file");
  }
  const auto scheme = text.starts_with("http://") ? 7U : text.starts_with("https://") ? 8U : 0U;
  const bool clean = std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (scheme == 0 || text.size() == scheme || text[scheme] == '/' || !clean ||
      text.find_first_of("?#") != std::string_view::npos) {
    return fail(Errc::invalid, "'{}' is not an address such as http://localhost:8001", printable(text));
  }
  while (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

Result<std::string> parse_secret_url(std::string_view text) {
  const bool clean = std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
  const bool is_web = text.starts_with("http://") || text.starts_with("https://");
  if (!text.empty() && (!clean || !is_web || !net::parse_authority(net::authority_in(text)))) {
    return fail(Errc::invalid, "not an address such as https://example.org/hook");
  }
  return std::string(text);
}

Result<std::string> parse_listen(std::string_view text) {
  if (text.empty()) {
    return std::string();
  }
  const auto authority = net::parse_authority(text);
  if (!authority || !authority->port || *authority->port == 0 || text.find('@') != std::string_view::npos) {
    return fail(Errc::invalid, "'{}' is not a host and a port, such as 127.0.0.1:9464", printable(text));
  }
  return std::string(text);
}

Result<alert::HoldTimes> parse_hold_times(std::string_view text) {
  const auto span_in = [](std::string_view span) { return parse_seconds(span, 0s, 24h); };
  alert::HoldTimes times;
  if (!text.empty() && text.find('=') == std::string_view::npos) {
    const auto span = span_in(text);
    if (!span) {
      return tl::unexpected(span.error());
    }
    for (const auto& about : alert::rules()) {
      times[about.rule] = *span;
    }
    return times;
  }
  while (!text.empty()) {
    const auto one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    const auto equals = std::min(one.find('='), one.size());
    const auto rule = alert::rule_named(one.substr(0, equals));
    if (!rule || equals == one.size()) {
      std::vector<std::string_view> names;
      std::ranges::transform(alert::rules(), std::back_inserter(names), &alert::RuleInfo::name);
      return fail(Errc::invalid, "'{}' is not RULE=SPAN with one of the rules {}", printable(one),
                  fmt::join(names, ", "));
    }
    const auto span = span_in(one.substr(equals + 1));
    if (!span) {
      return tl::unexpected(span.error());
    }
    times[*rule] = *span;
  }
  return times;
}

std::string shown(const alert::HoldTimes& hold_for) {
  std::vector<std::string> parts;
  for (const auto& [rule, span] : hold_for) {
    parts.push_back(fmt::format("{}={}", alert::info(rule).name, in_seconds(span)));
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

std::string without_credentials(std::string_view address) {
  const auto separator = address.find("://");
  const bool has_scheme = separator != std::string_view::npos && address.find(':') == separator;
  const auto begin = has_scheme ? separator + 3 : 0;
  const auto at = address.rfind('@');
  if (address.starts_with("unix://") || at == std::string_view::npos || at < begin) {
    return std::string(address);
  }
  return fmt::format("{}{}", address.substr(0, begin), address.substr(at + 1));
}

std::string without_secret(std::string_view url) {
  const auto authority = net::authority_in(url);
  const bool has_more = authority.data() + authority.size() < url.data() + url.size();
  return net::origin_of(url) + (has_more ? "/..." : "");
}

}  // namespace kscale::control
