#include "tests/net/raw_server.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace kscale::net {

namespace {

void check(bool fine, const char* what) {
  if (!fine) {
    throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
  }
}

std::size_t body_length(std::string_view head) {
  constexpr std::string_view k_name = "\r\nContent-Length: ";
  const auto at = head.find(k_name);
  return at == std::string_view::npos ? 0 : std::strtoul(head.data() + at + k_name.size(), nullptr, 10);
}

}  // namespace

std::optional<std::string> RawConnection::read_request() {
  while (true) {
    if (const auto end = m_read.find("\r\n\r\n"); end != std::string::npos) {
      const auto whole = end + 4 + body_length(std::string_view(m_read).substr(0, end));
      if (m_read.size() >= whole) {
        std::string request = m_read.substr(0, whole);
        m_read.erase(0, whole);
        return request;
      }
    }
    std::array<char, 16384> piece{};
    const auto count = recv(m_fd, piece.data(), piece.size(), 0);
    if (count <= 0) {
      return std::nullopt;
    }
    m_read.append(piece.data(), static_cast<std::size_t>(count));
  }
}

bool RawConnection::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto count = send(m_fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void RawConnection::pause(std::chrono::milliseconds span) const {
  pollfd more{.fd = m_fd, .events = POLLIN, .revents = 0};
  poll(&more, 1, static_cast<int>(span.count()));
}

void RawConnection::wait_for_close() const {
  std::array<char, 1024> piece{};
  while (recv(m_fd, piece.data(), piece.size(), 0) > 0) {
  }
}

RawServer::RawServer(Talk talk) : m_talk(std::move(talk)), m_listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  check(bind(m_listener, generic, size) == 0, "bind");
  check(getsockname(m_listener, generic, &size) == 0, "getsockname");
  m_port = ntohs(address.sin_port);
  start(k_backlog);
}

RawServer::RawServer(const std::string& unix_socket, Talk talk, int backlog)
    : m_talk(std::move(talk)), m_listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  unix_socket.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  check(bind(m_listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
  start(backlog);
}

RawServer::~RawServer() {
  shutdown(m_listener, SHUT_RDWR);
  if (m_accepting.joinable()) {
    m_accepting.join();
  }
  close(m_listener);
  {
    const std::lock_guard lock(m_mutex);
    for (const int fd : m_open) {
      shutdown(fd, SHUT_RDWR);
    }
  }
  for (auto& talk : m_talks) {
    talk.join();
  }
  for (const int fd : m_open) {
    close(fd);
  }
}

std::string RawServer::url() const {
  return "http://127.0.0.1:" + std::to_string(m_port);
}

void RawServer::start(int backlog) {
  check(listen(m_listener, backlog) == 0, "listen");
  if (m_talk) {
    m_accepting = std::thread([this] { accept_all(); });
  }
}

void RawServer::accept_all() {
  while (true) {
    const int fd = accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      return;
    }
    ++m_connections;
    const std::lock_guard lock(m_mutex);
    m_open.push_back(fd);
    m_talks.emplace_back([this, fd] {
      RawConnection connection(fd);
      m_talk(connection);
      shutdown(fd, SHUT_RDWR);  // closed only by the destructor, so that the number is not given to another meanwhile
    });
  }
}

RawServer::Talk always(std::string bytes) {
  return [bytes = std::move(bytes)](RawConnection& connection) {
    while (connection.read_request()) {
      connection.write(bytes);
    }
  };
}

}  // namespace kscale::net
