#pragma once

#include <memory>
#include <vector>

#include "libscale/net/http.hpp"

namespace kscale::net {

class CurlConnections;

/// HTTP/1.1 over libcurl, by TCP, TLS or a unix socket. Connections are kept for the next call.
///
/// No redirect is followed, no proxy is taken from the environment, and a certificate is always verified. A URL other
/// than http or https, and a header that holds a line break, are `invalid` and nothing is sent. Errors name the peer as
/// `Endpoint::shown()` does, and never hold what was sent. Not for two threads at once.
class CurlTransport final : public HttpTransport {
 public:
  /// `stop_fd`, when not negative, is a descriptor that becomes readable when we are told to stop; it is watched, never
  /// read, and must outlive the transport. While it is readable, interruptible requests end at once, and changes are no
  /// longer sent; one that was sent before has 700 ms for its answer.
  explicit CurlTransport(int stop_fd = -1);
  ~CurlTransport() override;

  std::vector<Result<Response>> send_all(const std::vector<Request>& requests) override;

 private:
  std::unique_ptr<CurlConnections> m_connections;
};

}  // namespace kscale::net
