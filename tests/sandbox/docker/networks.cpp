#include "tests/sandbox/docker/networks.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "tests/sandbox/docker/images.hpp"

namespace kscale::sandbox::engine {

namespace {

constexpr int k_hosts = 65'534;

/// 172.S.X.Y as X * 256 + Y, and the hardware address that the engine makes of it.
int host_part(std::string_view address) {
  int last = 0;
  int third = 0;
  const auto dot = address.rfind('.');
  const auto before = address.rfind('.', dot - 1);
  std::from_chars(address.data() + before + 1, address.data() + dot, third);
  std::from_chars(address.data() + dot + 1, address.data() + address.size(), last);
  return third * 256 + last;
}

std::string hardware_address(std::string_view address) {
  if (address.empty()) {
    return {};
  }
  const auto first_dot = address.find('.');
  int second = 0;
  std::from_chars(address.data() + first_dot + 1, address.data() + address.size(), second);
  const int host = host_part(address);
  return fmt::format("02:42:ac:{:02x}:{:02x}:{:02x}", second, host / 256, host % 256);
}

}  // namespace

std::string Network::gateway() const {
  return has_addresses() ? fmt::format("172.{}.0.1", subnet) : std::string{};
}

std::string Network::take_address() {
  if (!has_addresses()) {
    return {};
  }
  do {
    last = last >= k_hosts ? 2 : last + 1;
  } while (taken.contains(last));
  taken.insert(last);
  return fmt::format("172.{}.{}.{}", subnet, last / 256, last % 256);
}

void Network::give_back(std::string_view address) {
  if (!address.empty()) {
    taken.erase(host_part(address));
  }
}

json::Value NetworkEndpoint::json(bool for_list) const {
  // The list leaves the aliases out, though it has a place for them.
  const bool show_aliases = !for_list && !aliases.empty();
  return json::Value::Object{
      {"IPAMConfig", json::Value{}},
      {"Links", json::Value{}},
      {"Aliases", show_aliases ? texts_json(aliases) : json::Value{}},
      {"NetworkID", network_id},
      {"EndpointID", id},
      {"Gateway", gateway},
      {"IPAddress", address},
      {"IPPrefixLen", address.empty() ? 0 : 16},
      {"IPv6Gateway", ""},
      {"GlobalIPv6Address", ""},
      {"GlobalIPv6PrefixLen", 0},
      {"MacAddress", hardware_address(address)},
      {"DriverOpts", json::Value{}},
  };
}

}  // namespace kscale::sandbox::engine
