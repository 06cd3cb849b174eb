#include "tests/sandbox/server.hpp"

#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace kscale::sandbox {

struct Server::Connection {
  std::shared_ptr<Stream> stream;
  MessageReader reader{MessageReader::Kind::request};
  bool busy = false;
};

Server::Server(Loop& loop, Handler handler) : m_loop(loop), m_handler(std::move(handler)) {}

Server::~Server() {
  drop_all();
}

void Server::listen(Descriptor socket) {
  m_socket = std::move(socket);
  ::listen(m_socket.get(), 1024);
  m_loop.watch(m_socket.get(), EPOLLIN, [this](std::uint32_t) { accept(); });
}

void Server::accept() {
  while (m_socket) {
    Descriptor socket(::accept4(m_socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      return;
    }
    auto connection = std::make_shared<Connection>();
    connection->stream = std::make_shared<Stream>(m_loop, std::move(socket), true);
    m_connections.insert(connection);
    const std::weak_ptr<Connection> weak = connection;
    connection->stream->open(
        [this, weak](std::string_view bytes) {
          if (const auto self = weak.lock()) {
            self->reader.add(bytes);
            received(self);
          }
        },
        [this, weak] {
          if (const auto self = weak.lock()) {
            gone(self);
          }
        });
  }
}

void Server::received(const std::shared_ptr<Connection>& connection) {
  if (connection->busy) {
    return;  // A next request waits until this one is answered.
  }
  auto message = connection->reader.next();
  if (!message) {
    if (connection->reader.is_broken()) {
      gone(connection);
    } else if (connection->reader.wants_continue()) {
      connection->stream->send("HTTP/1.1 100 Continue\r\n\r\n");
    }
    return;
  }
  connection->busy = true;
  ++m_in_flight;
  const bool head_only = message->method == "HEAD";
  const bool keep_alive = message->keep_alive;
  const std::weak_ptr<Connection> weak = connection;
  m_handler(std::move(*message), [this, weak, head_only, keep_alive](const Answer& answer) {
    // The server may be gone; then so is the connection.
    if (const auto self = weak.lock()) {
      answered(self, answer, head_only, keep_alive);
    }
  });
}

void Server::answered(const std::shared_ptr<Connection>& connection, const Answer& answer, bool head_only,
                      bool keep_alive) {
  if (!connection->busy) {
    return;
  }
  connection->busy = false;
  --m_in_flight;
  keep_alive = keep_alive && m_open;
  connection->stream->send(written(answer, head_only, keep_alive));
  if (!keep_alive) {
    connection->stream->close_when_sent();
  } else if (!connection->reader.is_empty()) {
    received(connection);
  }
}

void Server::gone(const std::shared_ptr<Connection>& connection) {
  if (connection->busy) {
    connection->busy = false;
    --m_in_flight;
  }
  connection->stream->close();
  m_connections.erase(connection);
}

void Server::close_door() {
  m_open = false;
  if (m_socket) {
    m_loop.forget(m_socket.get());
    stop_listening(m_socket);
  }
  const std::vector<std::shared_ptr<Connection>> connections(m_connections.begin(), m_connections.end());
  for (const auto& connection : connections) {
    if (!connection->busy && connection->reader.is_empty()) {
      gone(connection);
    }
  }
}

void Server::drop_all() {
  close_door();
  const std::vector<std::shared_ptr<Connection>> connections(m_connections.begin(), m_connections.end());
  for (const auto& connection : connections) {
    gone(connection);
  }
}

}  // namespace kscale::sandbox
