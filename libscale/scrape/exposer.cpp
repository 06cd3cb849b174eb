#include "libscale/scrape/exposer.hpp"

#include <cerrno>
#include <csignal>
#include <exception>
#include <system_error>
#include <utility>
#include <vector>

#include <netdb.h>
#include <prometheus/exposer.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libscale/base/printable.hpp"
#include "libscale/net/authority.hpp"

namespace kscale::scrape {

namespace {

/// Threads that are made meanwhile get no signals, so that those still find the thread that waits for them.
class SignalsHeldBack {
 public:
  SignalsHeldBack() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &m_before);
  }
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;
  ~SignalsHeldBack() { pthread_sigmask(SIG_SETMASK, &m_before, nullptr); }

 private:
  sigset_t m_before{};
};

/// Why nobody can listen there. The web server does not tell, so it is tried once more, by hand.
Error why_not(const net::Authority& at) {
  if (at.host.starts_with('[')) {
    return {Errc::invalid, "the web server of prometheus-cpp here knows no IPv6; take an IPv4 address"};
  }
  const addrinfo hints{.ai_flags = AI_PASSIVE, .ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(at.host.c_str(), std::to_string(*at.port).c_str(), &hints, &found); error != 0) {
    return {Errc::invalid, gai_strerror(error)};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> guard(found, &freeaddrinfo);
  const int socket_fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
  const int on = 1;
  setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const int error = bind(socket_fd, found->ai_addr, found->ai_addrlen) == 0 && listen(socket_fd, 1) == 0 ? 0 : errno;
  close(socket_fd);
  switch (error) {
    case 0:
      return {Errc::failed, "the web server does not start"};
    case EADDRINUSE:
      return {Errc::conflict, "the port is taken"};
    default:
      return {Errc::failed, std::generic_category().message(error)};
  }
}

}  // namespace

Exposer::Exposer(std::string address, std::unique_ptr<prometheus::Exposer> server)
    : m_address(std::move(address)), m_server(std::move(server)) {}
Exposer::Exposer(Exposer&&) noexcept = default;
Exposer& Exposer::operator=(Exposer&&) noexcept = default;
Exposer::~Exposer() = default;

Result<Exposer> Exposer::serve(const std::string& address, const Page& page) {
  const auto at = net::parse_authority(address);
  if (!at || !at->port || address.find_first_of(",@") != std::string::npos) {  // the web server knows lists and more
    return fail(Errc::invalid, "metrics-listen: '{}' is not a host and a port, such as 127.0.0.1:9464",
                printable(address));
  }
  // One thread may be held up by somebody who reads slowly, for as long as the time-out says; Prometheus gets the
  // other.
  const std::vector<std::string> options{"listening_ports", address, "num_threads", "2", "request_timeout_ms", "5000"};
  try {
    const SignalsHeldBack held_back;
    auto server = std::make_unique<prometheus::Exposer>(options);
    server->RegisterCollectable(page.collectable(), "/metrics$");  // a pattern: not /metricsandmore as well
    return Exposer(address, std::move(server));
  } catch (const std::exception&) {
    const auto error = why_not(*at);
    return fail(error.code, "metrics-listen: cannot listen on {}: {}", printable(address), error.what);
  }
}

}  // namespace kscale::scrape
