#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_set>

#include "tests/sandbox/http.hpp"
#include "tests/sandbox/loop.hpp"
#include "tests/sandbox/message.hpp"
#include "tests/sandbox/stream.hpp"

namespace kscale::sandbox {

/// An HTTP/1.1 server on the loop, whose connections stay open between requests.
class Server {
 public:
  /// Called once for each request, on the loop; later calls, and those for a client that is gone, do nothing.
  using Reply = std::function<void(Answer)>;
  using Handler = std::function<void(Message, Reply)>;

  Server(Loop& loop, Handler handler);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// Takes connections that come to the socket, which is bound.
  void listen(Descriptor socket);
  /// Takes no more connections and closes those without a request; those in flight are answered.
  void close_door();
  /// Closes everything as it is.
  void drop_all();
  /// How many requests wait for their answer.
  std::size_t in_flight() const { return m_in_flight; }

 private:
  struct Connection;

  void accept();
  void received(const std::shared_ptr<Connection>& connection);
  void answered(const std::shared_ptr<Connection>& connection, const Answer& answer, bool head_only, bool keep_alive);
  void gone(const std::shared_ptr<Connection>& connection);

  Loop& m_loop;
  Handler m_handler;
  Descriptor m_socket;
  bool m_open = true;
  std::size_t m_in_flight = 0;
  std::unordered_set<std::shared_ptr<Connection>> m_connections;
};

}  // namespace kscale::sandbox
