#include "tests/sandbox/kong/paging.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "tests/sandbox/kong/answers.hpp"
#include "tests/sandbox/kong/entities.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

constexpr std::size_t k_default_size = 100;
constexpr std::size_t k_most = 1000;
constexpr std::string_view k_base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end && !text.empty() ? std::optional(number) : std::nullopt;
}

tl::expected<std::size_t, Answer> size_of(const Request& request) {
  const auto given = request.query.find("size");
  if (given == request.query.end()) {
    return k_default_size;
  }
  const auto size = whole_number(given->second);
  if (!size) {
    return tl::unexpected(named_error(400, "invalid size", 9, "size must be a number"));
  }
  return *size;
}

std::string encoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const auto part = text.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = (bits << 8U) | (j < part.size() ? static_cast<unsigned char>(part[j]) : 0U);
    }
    for (std::size_t j = 0; j <= part.size(); ++j) {
      out += k_base64[(bits >> (18 - 6 * j)) & 0x3FU];
    }
  }
  return out;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto digit = k_base64.find(c);
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>((bits >> held) & 0xFFU));
    }
  }
  return out;
}

Value page(const Request& request, const std::vector<Value>& all, std::size_t from, std::size_t to,
           std::string_view next_offset) {
  auto data = Value::array();
  for (std::size_t i = from; i < to; ++i) {
    data.push_back(all[i]);
  }
  auto body = Value::object();
  body.set("data", std::move(data));
  if (next_offset.empty()) {
    body.set("next", Value());
  } else {
    body.set("next", fmt::format("{}?offset={}", request.path, next_offset));
    body.set("offset", next_offset);
  }
  return body;
}

/// Where a cursor points to: with a database behind the entity it names, else at a position counted from 1.
std::optional<std::size_t> position_of(std::string_view cursor, const std::vector<Value>& all, KongMode mode) {
  const auto text = decoded(cursor);
  if (!text) {
    return std::nullopt;
  }
  if (mode == KongMode::dbless) {
    const auto place = whole_number(*text);
    return place && *place > 0 ? std::optional(*place - 1) : std::nullopt;
  }
  const auto keys = json::parse(*text);
  if (!keys || keys->items().size() != 1 || !keys->items()[0].is_string()) {
    return std::nullopt;
  }
  const auto last = keys->items()[0].text_or("");
  const auto after = std::ranges::upper_bound(all, last, {}, id_of);
  return static_cast<std::size_t>(after - all.begin());
}

}  // namespace

Page page_by_position(const Request& request, const std::vector<json::Value>& all) {
  const auto size = size_of(request);
  if (!size) {
    return tl::unexpected(size.error());
  }
  std::size_t from = 0;
  if (const auto given = request.query.find("offset"); given != request.query.end()) {
    const auto offset = whole_number(given->second);
    if (!offset) {
      return tl::unexpected(message(500, "An unexpected error occurred"));
    }
    from = std::min(*offset, all.size());
  }
  const auto to = from + std::min(*size, all.size() - from);
  return page(request, all, from, to, to < all.size() ? std::to_string(to) : "");
}

Page page_by_cursor(const Request& request, std::vector<json::Value> all, KongMode mode) {
  const auto size = size_of(request);
  if (!size) {
    return tl::unexpected(size.error());
  }
  if (*size < 1 || *size > k_most) {
    const auto text = fmt::format("size must be an integer between 1 and {}", k_most);
    return tl::unexpected(named_error(400, "invalid size", 9, text));
  }
  if (mode == KongMode::database) {
    std::ranges::sort(all, {}, id_of);
  }
  std::size_t from = 0;
  if (const auto given = request.query.find("offset"); given != request.query.end()) {
    const auto place = position_of(given->second, all, mode);
    if (!place) {
      const auto text = fmt::format("'{}' is not a valid offset: bad base64 encoding", given->second);
      return tl::unexpected(named_error(400, "invalid offset", 7, text));
    }
    from = std::min(*place, all.size());
  }
  const auto to = from + std::min(*size, all.size() - from);
  if (to >= all.size()) {
    return page(request, all, from, to, "");
  }
  const auto cursor =
      mode == KongMode::database ? fmt::format(R"(["{}"])", id_of(all[to - 1])) : std::to_string(to + 1);
  return page(request, all, from, to, encoded(cursor));
}

}  // namespace kscale::sandbox
