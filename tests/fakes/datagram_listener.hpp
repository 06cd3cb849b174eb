#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace kscale::fakes {

/// A datagram socket with the name, where @ begins one that is in no file system.
class DatagramListener {
 public:
  explicit DatagramListener(std::string_view name) : m_fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() >= sizeof address.sun_path) {
      throw std::runtime_error("too long a name for a socket");
    }
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.starts_with('@')) {
      address.sun_path[0] = '\0';
    }
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    if (bind(m_fd, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
      throw std::runtime_error("cannot bind a socket");
    }
  }
  DatagramListener(const DatagramListener&) = delete;
  DatagramListener& operator=(const DatagramListener&) = delete;
  ~DatagramListener() { close(m_fd); }

  /// The next datagram; waits for it.
  std::string next() const { return receive(0); }

  /// What has come so far.
  std::vector<std::string> take() const {
    std::vector<std::string> messages;
    for (auto message = receive(MSG_DONTWAIT); !message.empty(); message = receive(MSG_DONTWAIT)) {
      messages.push_back(std::move(message));
    }
    return messages;
  }

 private:
  std::string receive(int flags) const {
    std::array<char, 8192> buffer{};
    const auto count = recv(m_fd, buffer.data(), buffer.size(), flags);
    return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : std::string();
  }

  int m_fd;
};

}  // namespace kscale::fakes
