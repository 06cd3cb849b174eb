#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kscale::sandbox {

/// Where a target is.
struct Address {
  std::string host;  ///< a name, an IPv4 address, or an IPv6 address in brackets, written out in full
  int port = 8000;   ///< Kong's default for targets
};

/// Reads `host`, `host:port`, `[ipv6]:port`. Nothing where Kong would refuse it.
std::optional<Address> address_of(std::string_view target);

/// The address as Kong writes it down when a target is posted.
std::string written(const Address& address);

bool is_ip(std::string_view host);

/// Whether a text can name a host; an IP address is none.
bool is_hostname(std::string_view text);

}  // namespace kscale::sandbox
