// The backend of the docker tests: a small static HTTP/1.1 server, the only program in its image.
//
//   GET /street-noshery/customer   200, {"instance":"..."}: what a health check and a client ask
//   GET /burn?ms=N                 burns N ms of CPU, then 200
//   GET /slow?ms=N                 waits N ms, then 200
//
// The last two are also there below /street-noshery, which is what Kong lets through.
//
// Each answer has `x-backend: $INSTANCE_ID`. Settings are read from the environment: PORT (3020), INSTANCE_ID,
// START_UP_MS (wait so long before listening), EXIT_AT_ONCE=1 (a backend that never comes up: exit 1).
// SIGTERM: accept no more, finish what is in flight, exit 0; exit 1 when that took longer than 9 s (Docker kills after
// 10).

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <iostream>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using std::chrono::milliseconds;

constexpr std::uint16_t k_default_port = 3020;
constexpr milliseconds k_longest_wait{60'000};
constexpr milliseconds k_drain_limit{9'000};
constexpr std::size_t k_longest_head = 16'384;
constexpr std::size_t k_longest_body = 1'048'576;

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor(int fd, const char* what) : m_fd(fd) {
    if (fd < 0) {
      throw std::system_error(errno, std::generic_category(), what);
    }
  }
  Descriptor(Descriptor&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() { reset(); }

  int get() const { return m_fd; }
  void reset() {
    if (m_fd >= 0) {
      ::close(std::exchange(m_fd, -1));
    }
  }

 private:
  int m_fd;
};

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

std::uint32_t environment_number(const char* name, std::uint32_t otherwise) {
  const auto text = environment(name);
  if (text.empty()) {
    return otherwise;
  }
  const auto value = parse_number(text);
  if (!value) {
    throw std::invalid_argument(std::string{name} + " is not a number: " + std::string{text});
  }
  return *value;
}

struct Settings {
  std::uint16_t port = k_default_port;
  std::string instance;  ///< only letters, digits, '.', '_' and '-', so that it fits a header and JSON as it is
  milliseconds start_up{0};
  bool exit_at_once = false;
};

Settings settings_from_environment() {
  const auto port = environment_number("PORT", k_default_port);
  if (port == 0 || port > 65'535) {
    throw std::invalid_argument("PORT is out of range");
  }
  std::string instance{environment("INSTANCE_ID")};
  std::replace_if(
      instance.begin(), instance.end(),
      [](char c) {
        return std::string_view{"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"}.find(c) ==
               std::string_view::npos;
      },
      '_');
  return {.port = static_cast<std::uint16_t>(port),
          .instance = instance.empty() ? "unnamed" : instance,
          .start_up = milliseconds{environment_number("START_UP_MS", 0)},
          .exit_at_once = environment("EXIT_AT_ONCE") == "1"};
}

/// What the connections' threads share with main, which outlives them.
struct Server {
  std::string instance;
  Descriptor stop{::eventfd(0, EFD_CLOEXEC), "eventfd"};  ///< readable, for ever, once the server was told to stop
  std::mutex mutex{};
  std::condition_variable all_closed{};
  int open_connections = 0;
};

bool is_readable(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) > 0;
}

void burn(milliseconds span) {
  const auto cpu_now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
  };
  const auto end = cpu_now() + span;
  while (cpu_now() < end) {
  }
}

struct Request {
  std::string method;
  std::string path;
  std::string query;
  std::size_t body_size = 0;
  bool keep_alive = true;
};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// `head` is all before the empty line. Empty when it is not HTTP, or asks for what this server does not speak
/// (chunks).
std::optional<Request> parse_request(std::string_view head) {
  const auto line = head.substr(0, head.find("\r\n"));
  const auto first_space = line.find(' ');
  const auto last_space = line.rfind(' ');
  if (first_space == std::string_view::npos || last_space == first_space) {
    return std::nullopt;
  }
  const auto target = line.substr(first_space + 1, last_space - first_space - 1);
  const auto mark = std::min(target.find('?'), target.size());
  Request request{.method = std::string{line.substr(0, first_space)},
                  .path = std::string{target.substr(0, mark)},
                  .query = std::string{target.substr(std::min(mark + 1, target.size()))},
                  .body_size = 0,
                  .keep_alive = line.substr(last_space + 1) == "HTTP/1.1"};
  auto rest = head.substr(line.size());
  while (rest.starts_with("\r\n")) {
    rest.remove_prefix(2);
    const auto header = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(header.size());
    const auto colon = std::min(header.find(':'), header.size());
    const auto name = header.substr(0, colon);
    auto value = header.substr(std::min(colon + 1, header.size()));
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    if (equal_ignoring_case(name, "connection") && equal_ignoring_case(value, "close")) {
      request.keep_alive = false;
    } else if (equal_ignoring_case(name, "transfer-encoding")) {
      return std::nullopt;
    } else if (equal_ignoring_case(name, "content-length")) {
      const auto size = parse_number(value);
      if (!size || *size > k_longest_body) {
        return std::nullopt;
      }
      request.body_size = *size;
    }
  }
  return request;
}

struct Reply {
  int status = 200;
  std::string_view reason = "OK";
  std::string body{};
};

/// The value of `ms` in a query such as `ms=50`.
std::optional<milliseconds> wait_in(std::string_view query) {
  constexpr std::string_view k_name = "ms=";
  if (!query.starts_with(k_name)) {
    return std::nullopt;
  }
  const auto count = parse_number(query.substr(k_name.size()));
  if (!count || milliseconds{*count} > k_longest_wait) {
    return std::nullopt;
  }
  return milliseconds{*count};
}

Reply answer(const Request& request, const std::string& instance) {
  if (request.method != "GET" && request.method != "HEAD") {
    return {.status = 405, .reason = "Method Not Allowed"};
  }
  constexpr std::string_view k_prefix = "/street-noshery";
  std::string_view path = request.path;
  if (path.starts_with(k_prefix)) {
    path.remove_prefix(k_prefix.size());
  }
  const bool burns = path == "/burn";
  if (burns || path == "/slow") {
    const auto span = wait_in(request.query);
    if (!span) {
      return {.status = 400, .reason = "Bad Request"};
    }
    if (burns) {
      burn(*span);
    } else {
      std::this_thread::sleep_for(*span);
    }
  } else if (request.path != "/street-noshery/customer") {
    return {.status = 404, .reason = "Not Found"};
  }
  return {.body = R"({"instance":")" + instance + "\"}\n"};
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool send_reply(int fd, const Reply& reply, const std::string& instance, bool with_body, bool keep_alive) {
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " ";
  text += reply.reason;
  text += "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(reply.body.size());
  text += "\r\nx-backend: " + instance;
  text += keep_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
  if (with_body) {
    text += reply.body;
  }
  return send_all(fd, text);
}

/// Adds what has come to `buffer`. False when the peer has gone, or when the server stops before the peer asked
/// anything.
bool receive_more(int fd, const Server& server, std::string& buffer) {
  std::array<pollfd, 2> entries{pollfd{.fd = fd, .events = POLLIN, .revents = 0},
                                pollfd{.fd = server.stop.get(), .events = POLLIN, .revents = 0}};
  const nfds_t watched = buffer.empty() ? entries.size() : 1;
  if (::poll(entries.data(), watched, static_cast<int>(k_longest_wait.count())) <= 0 || entries[0].revents == 0) {
    return false;
  }
  std::array<char, 4096> piece{};
  const auto received = ::recv(fd, piece.data(), piece.size(), 0);
  if (received <= 0) {
    return false;
  }
  buffer.append(piece.data(), static_cast<std::size_t>(received));
  return true;
}

void serve_connection(int fd, const Server& server) {
  constexpr std::string_view k_blank_line = "\r\n\r\n";
  std::string buffer;
  for (bool keep_alive = true; keep_alive;) {
    auto end = buffer.find(k_blank_line);
    while (end == std::string::npos) {
      if (buffer.size() > k_longest_head || !receive_more(fd, server, buffer)) {
        return;
      }
      end = buffer.find(k_blank_line);
    }
    const auto request = parse_request(std::string_view{buffer}.substr(0, end));
    if (!request) {
      send_reply(fd, {.status = 400, .reason = "Bad Request"}, server.instance, true, false);
      return;
    }
    const auto size = end + k_blank_line.size() + request->body_size;
    while (buffer.size() < size) {
      if (!receive_more(fd, server, buffer)) {
        return;
      }
    }
    buffer.erase(0, size);
    const auto reply = answer(*request, server.instance);
    keep_alive = request->keep_alive && !is_readable(server.stop.get());
    if (!send_reply(fd, reply, server.instance, request->method != "HEAD", keep_alive)) {
      return;
    }
  }
}

void start_connection(Descriptor connection, Server& server) {
  const int on = 1;
  ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  {
    const std::lock_guard lock{server.mutex};
    ++server.open_connections;
  }
  std::thread([connection = std::move(connection), &server]() mutable {
    serve_connection(connection.get(), server);
    connection.reset();
    const std::lock_guard lock{server.mutex};
    --server.open_connections;
    server.all_closed.notify_all();
  }).detach();
}

Descriptor listen_on(std::uint16_t port) {
  Descriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"};
  const int on = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::system_error(errno, std::generic_category(), "bind to port " + std::to_string(port));
  }
  if (::listen(listener.get(), SOMAXCONN) != 0) {
    throw std::system_error(errno, std::generic_category(), "listen");
  }
  return listener;
}

/// Waits for a signal to stop, at most so long; true when it came.
bool stopped_within(int signals, milliseconds span) {
  pollfd entry{.fd = signals, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, static_cast<int>(std::min(span, k_longest_wait).count())) > 0;
}

void accept_until_stopped(const Descriptor& listener, int signals, Server& server) {
  while (true) {
    std::array<pollfd, 2> entries{pollfd{.fd = listener.get(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = signals, .events = POLLIN, .revents = 0}};
    if (::poll(entries.data(), entries.size(), -1) < 0) {
      throw std::system_error(errno, std::generic_category(), "poll");
    }
    // First what has come already: closing the listener would reset it.
    while (true) {
      const int connection = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) {
        break;
      }
      start_connection(Descriptor{connection, "accept"}, server);
    }
    if (entries[1].revents != 0) {
      return;
    }
  }
}

/// Runs until SIGTERM or SIGINT, and until every request in flight was answered.
void serve(const Settings& settings) {
  // Blocked here, and so in every thread to come; as PID 1 of a container there is no default action to rely on.
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const Descriptor signals{::signalfd(-1, &set, SFD_CLOEXEC), "signalfd"};
  if (settings.start_up.count() > 0 && stopped_within(signals.get(), settings.start_up)) {
    return;
  }

  Server server{.instance = settings.instance};
  {
    const auto listener = listen_on(settings.port);
    std::cout << "listening on port " << settings.port << " as " << settings.instance << std::endl;
    accept_until_stopped(listener, signals.get(), server);
  }
  const std::uint64_t one = 1;
  if (::write(server.stop.get(), &one, sizeof one) != sizeof one) {
    throw std::system_error(errno, std::generic_category(), "write to eventfd");
  }
  std::unique_lock lock{server.mutex};
  if (!server.all_closed.wait_for(lock, k_drain_limit, [&] { return server.open_connections == 0; })) {
    std::cerr << "app: " << server.open_connections << " connections cut off" << std::endl;
    ::_exit(EXIT_FAILURE);  // the threads still use `server`
  }
}

}  // namespace

int main() {
  try {
    const auto settings = settings_from_environment();
    if (settings.exit_at_once) {
      std::cerr << "app: told by EXIT_AT_ONCE to exit\n";
      return EXIT_FAILURE;
    }
    serve(settings);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << "app: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
