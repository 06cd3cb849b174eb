#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libscale/base/result.hpp"

namespace kscale::net {

using Header = std::pair<std::string, std::string>;

/// Certificates of a TLS connection. Verification is always on; an empty `ca_file` means the system's own authorities.
struct Tls {
  std::string ca_file;
  std::string client_cert_file;
  std::string client_key_file;
};

/// Where a peer listens, and what is said to it with every call.
struct Endpoint {
  std::string base_url;     ///< scheme, host and port, perhaps a path, no slash at the end: `http://localhost:8001`
  std::string unix_socket;  ///< path of the socket; when set, the host of `base_url` is only a name
  Tls tls;
  std::vector<Header> headers;  ///< sent with every call; may hold a key, so they are never shown

  /// How the peer is named in messages: `unix:/var/run/docker.sock` or the URL without credentials;
  /// safe to show.
  std::string shown() const;
};

enum class Method { get, head, post, put, patch, del };

std::string_view name_of(Method method);

/// What happens to a call when we are told to stop.
enum class Urgency {
  interruptible,  ///< given up at once
  change,         ///< not begun any more; one that was sent has a moment for its answer, so that its effect is known
  to_the_end,     ///< part of undoing something: begun and ended all the same
};

struct Request {
  Endpoint to;
  Method method = Method::get;
  std::string path;  ///< from the first slash on, query included, already escaped
  std::vector<Header> headers;
  std::string body;
  std::chrono::milliseconds deadline{10'000};              ///< for the whole call, connecting included
  std::size_t max_answer = std::size_t{32} * 1024 * 1024;  ///< a longer answer fails the call
  Urgency urgency = Urgency::interruptible;
};

struct Response {
  int status = 0;
  std::vector<Header> headers;
  std::string body;
  std::chrono::microseconds elapsed{};  ///< from the start of the call to the last byte

  /// The value of a header, by its name in any case.
  std::optional<std::string_view> header(std::string_view name) const;
};

/// Sends HTTP calls. An answer of any status is a success here; failures are `unreachable`, `timed_out`,
/// `unauthorized` (a certificate was not accepted), `invalid` (not HTTP, or too large) and `interrupted`.
class HttpTransport {
 public:
  HttpTransport() = default;
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;
  virtual ~HttpTransport() = default;

  /// Sends all at once, on one thread, and returns when the last one has ended. Results stand in the order of the
  /// requests, each with the time of its own answer.
  virtual std::vector<Result<Response>> send_all(const std::vector<Request>& requests) = 0;

  Result<Response> send(const Request& request);
};

/// Whether the text can be the path of a request as it is: from a slash on, without blanks and control characters, and
/// ASCII.
bool is_path(std::string_view text);

/// Escapes a text for use as one segment of a path or one value of a query.
std::string escaped(std::string_view text);

}  // namespace kscale::net
