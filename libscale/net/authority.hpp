#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libscale/base/result.hpp"

namespace kscale::net {

/// Whom a URL names.
struct Authority {
  std::string host;  ///< an IPv6 address with its brackets
  std::optional<int> port;

  friend bool operator==(const Authority&, const Authority&) = default;
};

/// What stands in a URL between `://`, or its beginning, and its path, query or fragment.
std::string_view authority_in(std::string_view url);

/// Scheme, host and port of a URL, and nothing of it that may be secret: no credentials, no path, no query.
std::string origin_of(std::string_view url);

/// Reads `host`, `host:port`, `[address]` or `[address]:port`, and passes over credentials before an @. Fails with
/// `invalid` where no host is named, or a port that is none.
Result<Authority> parse_authority(std::string_view text);

}  // namespace kscale::net
