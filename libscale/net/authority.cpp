#include "libscale/net/authority.hpp"

#include <algorithm>

#include "libscale/base/number.hpp"
#include "libscale/base/printable.hpp"

namespace kscale::net {

std::string_view authority_in(std::string_view url) {
  const auto scheme = url.find("://");
  // Only at the front: `user:password@host/?to=http://other` names no scheme.
  const bool has_scheme = scheme != std::string_view::npos && url.find_first_of("/?#@") == scheme + 1;
  const auto rest = has_scheme ? url.substr(scheme + 3) : url;
  return rest.substr(0, rest.find_first_of("/?#"));
}

std::string origin_of(std::string_view url) {
  const auto authority = authority_in(url);
  const auto before = static_cast<std::size_t>(authority.data() - url.data());
  return fmt::format("{}{}", url.substr(0, before), authority.substr(authority.rfind('@') + 1));
}

Result<Authority> parse_authority(std::string_view text) {
  constexpr int k_last_port = 65535;
  const auto name = text.substr(text.rfind('@') + 1);
  const auto bracket = name.rfind(']');
  const auto colon = std::min(name.find(':', bracket == std::string_view::npos ? 0 : bracket), name.size());
  if (colon == 0) {
    return fail(Errc::invalid, "names no host");
  }
  Authority authority{.host = std::string(name.substr(0, colon)), .port = {}};
  if (colon < name.size()) {
    authority.port = number_in<int>(name.substr(colon + 1));
    if (!authority.port || *authority.port < 1 || *authority.port > k_last_port) {
      return fail(Errc::invalid, "'{}' is no port", printable(name.substr(colon + 1)));
    }
  }
  return authority;
}

}  // namespace kscale::net
