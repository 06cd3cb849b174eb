#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace kscale::net {

/// The server's end of one connection.
class RawConnection {
 public:
  explicit RawConnection(int fd) : m_fd(fd) {}

  /// One whole request as it came, with a body if it has a Content-Length. Nothing once the client has closed.
  std::optional<std::string> read_request();
  /// Whether all of it went out.
  bool write(std::string_view bytes) const;
  /// Returns after the span, or at once when the client closes or sends more.
  void pause(std::chrono::milliseconds span) const;
  /// Returns when the client has closed, or when the server is taken down.
  void wait_for_close() const;

 private:
  int m_fd;
  std::string m_read;  ///< what came and was not taken yet
};

/// A server on plain sockets that answers as the test says, right or wrong: the function runs in a thread of its own
/// for each connection, which is closed when it returns. The destructor ends all connections.
class RawServer {
 public:
  using Talk = std::function<void(RawConnection&)>;

  explicit RawServer(Talk talk);  ///< on a free port of 127.0.0.1
  /// On a unix socket where so many callers may wait. With no function it lets them wait for ever.
  RawServer(const std::string& unix_socket, Talk talk, int backlog = k_backlog);
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  ~RawServer();

  std::string url() const;
  int connections() const { return m_connections; }

 private:
  static constexpr int k_backlog = 512;

  void start(int backlog);
  void accept_all();

  Talk m_talk;
  int m_listener = -1;
  int m_port = 0;
  std::atomic<int> m_connections = 0;
  std::mutex m_mutex;  ///< guards the two below
  std::vector<int> m_open;
  std::vector<std::thread> m_talks;
  std::thread m_accepting;
};

/// Answers every request of a connection with the same bytes.
RawServer::Talk always(std::string bytes);

}  // namespace kscale::net
