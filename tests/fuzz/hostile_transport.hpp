#pragma once

#include <string_view>
#include <vector>

#include "libscale/net/http.hpp"

namespace kscale::fuzz {

/// A peer that answers with parts of the input, one for each request: a line with the status, and behind it the value
/// of every header that a client reads, such as "200 1.41", and then the body. Nobody answers when there is no more.
class HostileTransport final : public net::HttpTransport {
 public:
  /// `bytes` must outlive the transport.
  explicit HostileTransport(std::string_view bytes) : m_bytes(bytes) {}

  /// `require`s of each request what a server would: a path without blanks or control characters, a header on one line.
  std::vector<Result<net::Response>> send_all(const std::vector<net::Request>& requests) override;

  int requests() const { return m_requests; }

 private:
  std::string_view m_bytes;
  int m_requests = 0;
};

}  // namespace kscale::fuzz
