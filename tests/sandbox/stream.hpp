#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "libscale/base/result.hpp"
#include "tests/sandbox/descriptor.hpp"
#include "tests/sandbox/loop.hpp"

namespace kscale::sandbox {

/// An IPv4 address and a port.
struct Address {
  std::string ip = "127.0.0.1";
  std::uint16_t port = 0;

  friend bool operator<(const Address& a, const Address& b) { return std::tie(a.ip, a.port) < std::tie(b.ip, b.port); }
};

/// A connected socket on the loop. It lives as long as someone holds it, and calls nobody after `close`.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  using Received = std::function<void(std::string_view)>;
  using Ended = std::function<void()>;

  Stream(Loop& loop, Descriptor socket, bool connected);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  /// Starts to read. `ended` is called once: the peer closed, or it could not be reached.
  void open(Received received, Ended ended);
  /// From now on others are called.
  void listen(Received received, Ended ended);
  void send(std::string_view bytes);
  /// Closes when all has been sent; `ended` is called then.
  void close_when_sent();
  void close();
  bool is_open() const { return static_cast<bool>(m_socket); }
  /// False when `ended` means that there never was a connection.
  bool was_connected() const { return m_connected; }

 private:
  void ready(std::uint32_t events);
  void flush();
  void end();

  Loop& m_loop;
  Descriptor m_socket;
  bool m_connected;
  bool m_closing = false;
  bool m_wants_out = false;
  std::string m_out;
  std::size_t m_sent = 0;
  Received m_received;
  Ended m_ended;
};

/// A connection on its way; failure shows through `ended` of its `open`.
std::shared_ptr<Stream> connect_to(Loop& loop, const Address& address);

/// A TCP socket bound to 127.0.0.1, not listening yet. Port 0: one that is free.
Result<Descriptor> bound_socket(std::uint16_t port);
Result<Descriptor> bound_socket(const std::string& unix_path);
/// Closes a socket that listens. Its port is free at once, even if a process that is just being started still has a
/// copy.
void stop_listening(Descriptor& socket);
std::uint16_t port_of(const Descriptor& socket);

}  // namespace kscale::sandbox
