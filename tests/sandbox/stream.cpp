#include "tests/sandbox/stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace kscale::sandbox {

namespace {

std::string last_error() {
  return std::generic_category().message(errno);
}

sockaddr_in address_of(const Address& address) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(address.port);
  ::inet_pton(AF_INET, address.ip.c_str(), &in.sin_addr);
  return in;
}

template <class SocketAddress>
const sockaddr* generic(const SocketAddress& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void send_at_once(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

Stream::Stream(Loop& loop, Descriptor socket, bool connected)
    : m_loop(loop), m_socket(std::move(socket)), m_connected(connected) {
  send_at_once(m_socket.get());
}

Stream::~Stream() {
  close();
}

void Stream::listen(Received received, Ended ended) {
  m_received = std::move(received);
  m_ended = std::move(ended);
}

void Stream::open(Received received, Ended ended) {
  listen(std::move(received), std::move(ended));
  m_wants_out = !m_connected;
  const std::weak_ptr<Stream> weak = weak_from_this();
  m_loop.watch(m_socket.get(), EPOLLIN | (m_wants_out ? EPOLLOUT : 0U), [weak](std::uint32_t events) {
    if (const auto self = weak.lock()) {
      self->ready(events);
    }
  });
}

void Stream::send(std::string_view bytes) {
  if (!is_open()) {
    return;
  }
  m_out.append(bytes);
  if (m_connected) {
    flush();
  }
}

void Stream::close_when_sent() {
  m_closing = true;
  if (m_out.empty()) {
    end();
  }
}

void Stream::close() {
  if (m_socket) {
    m_loop.forget(m_socket.get());
    m_socket.reset();
  }
}

void Stream::end() {
  close();
  if (const auto ended = std::exchange(m_ended, nullptr)) {
    ended();
  }
}

void Stream::flush() {
  while (m_sent < m_out.size()) {
    const auto count = ::send(m_socket.get(), m_out.data() + m_sent, m_out.size() - m_sent, MSG_NOSIGNAL);
    if (count < 0) {
      break;  // What broke is seen by the next read.
    }
    m_sent += static_cast<std::size_t>(count);
  }
  const bool all = m_sent == m_out.size();
  if (all) {
    m_out.clear();
    m_sent = 0;
    if (m_closing) {
      end();
      return;
    }
  }
  if (m_wants_out == all) {
    m_wants_out = !all;
    m_loop.watch_for(m_socket.get(), EPOLLIN | (m_wants_out ? EPOLLOUT : 0U));
  }
}

void Stream::ready(std::uint32_t events) {
  if (!m_connected) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(m_socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    // A connection refused at once left its error with connect(), and the socket hung up.
    if (error != 0 || (events & EPOLLHUP) != 0) {
      end();
      return;
    }
    m_connected = true;
  }
  if ((events & EPOLLOUT) != 0) {
    flush();
  }
  std::array<char, 16'384> buffer{};
  while (is_open() && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    const auto count = ::recv(m_socket.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) {
      const auto called = m_received;  // It may put another in its place.
      called({buffer.data(), static_cast<std::size_t>(count)});
      if (static_cast<std::size_t>(count) < buffer.size()) {
        return;
      }
      continue;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    }
    end();
  }
}

std::shared_ptr<Stream> connect_to(Loop& loop, const Address& address) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) {
    throw std::system_error(errno, std::generic_category(), "socket");
  }
  const auto to = address_of(address);
  const bool connected = ::connect(socket.get(), generic(to), sizeof to) == 0;
  return std::make_shared<Stream>(loop, std::move(socket), connected);
}

Result<Descriptor> bound_socket(std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto at = address_of({.port = port});
  if (::bind(socket.get(), generic(at), sizeof at) != 0) {
    return fail(errno == EADDRINUSE ? Errc::conflict : Errc::failed, "listen on 127.0.0.1:{}: {}", port, last_error());
  }
  return socket;
}

Result<Descriptor> bound_socket(const std::string& unix_path) {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (unix_path.size() >= sizeof at.sun_path) {
    return fail(Errc::invalid, "listen on {}: the path is longer than {} bytes", unix_path, sizeof at.sun_path - 1);
  }
  std::copy(unix_path.begin(), unix_path.end(), std::begin(at.sun_path));
  ::unlink(unix_path.c_str());
  if (::bind(socket.get(), generic(at), sizeof at) != 0) {
    return fail(Errc::failed, "listen on {}: {}", unix_path, last_error());
  }
  return socket;
}

void stop_listening(Descriptor& socket) {
  ::shutdown(socket.get(), SHUT_RDWR);
  socket.reset();
}

std::uint16_t port_of(const Descriptor& socket) {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &size);
  return ntohs(at.sin_port);
}

}  // namespace kscale::sandbox
