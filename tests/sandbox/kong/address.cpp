#include "tests/sandbox/kong/address.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <system_error>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace kscale::sandbox {
namespace {

std::optional<int> port_of(std::string_view text) {
  int port = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  const bool good = error == std::errc() && stop == end && port >= 0 && port <= 65535;
  return good ? std::optional(port) : std::nullopt;
}

std::optional<std::string> ipv6_in_full(std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET6, std::string(text).c_str(), bytes.data()) != 1) {
    return std::nullopt;
  }
  std::string full = "[";
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    full += fmt::format("{}{:02x}{:02x}", i == 0 ? "" : ":", bytes[i], bytes[i + 1]);
  }
  return full + "]";
}

bool is_ipv4(std::string_view text) {
  in_addr address{};
  return inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}

std::optional<Address> with_port(std::string host, std::string_view rest) {
  if (rest.empty()) {
    return Address{.host = std::move(host)};
  }
  const auto port = rest.starts_with(':') ? port_of(rest.substr(1)) : std::nullopt;
  return port ? std::optional(Address{.host = std::move(host), .port = *port}) : std::nullopt;
}

}  // namespace

bool is_ip(std::string_view host) {
  return is_ipv4(host) || host.starts_with('[') || ipv6_in_full(host).has_value();
}

bool is_hostname(std::string_view text) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_'; };
  const bool numbers_only = text.find_first_not_of("0123456789.") == std::string_view::npos;
  return !text.empty() && !numbers_only && text.size() < 256 && std::ranges::all_of(text, allowed) &&
         text.find("..") == std::string_view::npos && text.front() != '-' && text.front() != '.' && text.back() != '-';
}

std::optional<Address> address_of(std::string_view target) {
  if (target.starts_with('[')) {
    const auto end = target.find(']');
    auto host = end == std::string_view::npos ? std::nullopt : ipv6_in_full(target.substr(1, end - 1));
    return host ? with_port(*std::move(host), target.substr(end + 1)) : std::nullopt;
  }
  if (auto host = ipv6_in_full(target)) {
    return Address{.host = *std::move(host)};
  }
  const auto host = target.substr(0, target.find(':'));
  if (!is_ipv4(host) && !is_hostname(host)) {
    return std::nullopt;
  }
  return with_port(std::string(host), target.substr(host.size()));
}

std::string written(const Address& address) {
  return fmt::format("{}:{}", address.host, address.port);
}

}  // namespace kscale::sandbox
