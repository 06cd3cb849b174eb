#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sandbox/http.hpp"

namespace kscale::sandbox {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// An HTTP/1.1 message without its framing: a chunked body is put together again.
struct Message {
  std::string method;  ///< of a request
  std::string target;
  int status = 0;  ///< of a response
  Headers headers;
  std::string body;
  bool keep_alive = true;
};

/// The value of a header, by its name in any case; empty where there is none.
std::string_view header_of(const Headers& headers, std::string_view name);
bool same_header_name(std::string_view a, std::string_view b);

/// Puts messages together from the bytes of one connection.
class MessageReader {
 public:
  enum class Kind { request, response };
  explicit MessageReader(Kind kind) : m_kind(kind) {}

  void add(std::string_view bytes) { m_bytes.append(bytes); }
  /// The next whole message. `ended`: the peer has closed, which may be how the body of a response ends.
  std::optional<Message> next(bool ended = false);
  /// Whether the bytes are no HTTP; nothing comes after that.
  bool is_broken() const { return m_broken; }
  bool is_empty() const { return m_bytes.empty(); }
  /// A request waits for leave to send its body ("Expect: 100-continue"). True once for each.
  bool wants_continue();
  /// The next response has no body whatever its headers say.
  void expect_no_body(bool none) { m_no_body = none; }

 private:
  bool read_head(std::string_view head);
  std::optional<std::size_t> length_of_body(std::size_t start, bool ended);
  std::optional<std::size_t> length_of_chunks(std::size_t start);

  Kind m_kind;
  std::string m_bytes;
  Message m_message;
  std::optional<std::size_t> m_body_start;  ///< once the head is read
  bool m_told_to_continue = false;
  bool m_broken = false;
  bool m_no_body = false;
};

/// A response ready to be sent. `head_only`: it answers HEAD.
std::string written(const Answer& answer, bool head_only, bool keep_alive);
/// A request ready to be sent. Headers that concern the connection are written anew.
std::string written(const Message& request, std::string_view host);
/// Whether a header is only for the next hop.
bool is_hop_by_hop(std::string_view name);

}  // namespace kscale::sandbox
