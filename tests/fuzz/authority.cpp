// Whom a URL names, and what of it is shown.

#include "libscale/net/authority.hpp"

#include "libscale/net/http.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

void take(std::string_view bytes) {
  constexpr int k_last_port = 65535;
  const auto named = net::authority_in(bytes);
  require(named.data() >= bytes.data() && named.data() + named.size() <= bytes.data() + bytes.size(),
          "an authority is a part of its URL");
  const auto authority = net::parse_authority(named);
  if (authority) {
    require(!authority->host.empty(), "a host has a name");
    require(authority->host.find('@') == std::string::npos, "no credentials are in a host");
    require(!authority->port || (*authority->port > 0 && *authority->port <= k_last_port), "a port is one");
  } else {
    require_printable(authority.error().what, "why nobody is named");
  }
  const auto origin = net::origin_of(bytes);
  require(origin.size() <= bytes.size(), "an origin is a part of its URL");
  require(net::authority_in(origin).find('@') == std::string_view::npos, "no credentials are in an origin");
  const net::Endpoint endpoint{.base_url = std::string(bytes)};
  require(net::authority_in(endpoint.shown()).find('@') == std::string_view::npos, "no credentials are shown");
  for (const unsigned char c : net::escaped(bytes)) {
    require(c > ' ' && c < 0x7f && c != '/' && c != '?' && c != '#' && c != '&', "an escaped text is one segment");
  }
}

}  // namespace kscale::fuzz
