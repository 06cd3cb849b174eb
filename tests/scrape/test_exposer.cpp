#include <csignal>
#include <filesystem>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libscale/net/curl_transport.hpp"
#include "libscale/scrape/exposer.hpp"
#include "tests/fakes/hand_clock.hpp"

using namespace kscale;
using namespace kscale::scrape;

namespace {

/// A socket bound to a port of the machine's choice; listening, where it says so.
class Port {
 public:
  explicit Port(bool listening) : m_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof any;
    // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): the type that the calls want
    REQUIRE(bind(m_fd, reinterpret_cast<sockaddr*>(&any), size) == 0);
    REQUIRE(getsockname(m_fd, reinterpret_cast<sockaddr*>(&any), &size) == 0);
    // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
    REQUIRE((!listening || listen(m_fd, 1) == 0));
    m_number = ntohs(any.sin_port);
  }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port() { close(m_fd); }

  std::string address() const { return fmt::format("127.0.0.1:{}", m_number); }

 private:
  int m_fd;
  int m_number = 0;
};

std::string free_address() {
  return Port(false).address();
}

struct Served {
  fakes::HandClock clock;
  net::Tally tally;
  Page page{{.tool = "kscale-auto", .version = "1", .deployment = "shop"}, clock, tally};
  net::CurlTransport http;

  Result<net::Response> ask(const std::string& address, const std::string& path,
                            net::Method method = net::Method::get) {
    return http.send({.to = {.base_url = "http://" + address}, .method = method, .path = path});
  }
  std::string error(const std::string& address) const {
    const auto exposer = Exposer::serve(address, page);
    REQUIRE_FALSE(exposer.has_value());
    return exposer.error().what;
  }
};

}  // namespace

TEST_CASE("an exposer serves the page until it ends, and as it is at each reading") {
  Served s;
  const auto address = free_address();
  {
    const auto exposer = Exposer::serve(address, s.page);
    REQUIRE(exposer.has_value());
    CHECK(exposer->address() == address);
    const auto answer = s.ask(address, "/metrics");
    REQUIRE(answer.has_value());
    CHECK(answer->status == 200);
    CHECK(answer->header("content-type") == "text/plain; charset=utf-8");
    CHECK(answer->body.find(s.page.text()) != std::string::npos);
    s.page.failed();
    CHECK(s.ask(address, "/metrics")->body.find("kscale_check_failures_total{deployment=\"shop\"} 1\n") !=
          std::string::npos);
  }
  CHECK(s.ask(address, "/metrics").error().code == Errc::unreachable);
}

TEST_CASE("an exposer has nothing else to give, and lets nothing be changed") {
  Served s;
  const auto address = free_address();
  const auto exposer = Exposer::serve(address, s.page);
  REQUIRE(exposer.has_value());
  for (const auto* const path : {"/", "/etc/passwd", "/metricsandmore", "/../../etc/passwd", "/%2e%2e/etc/passwd"}) {
    CAPTURE(path);
    CHECK(s.ask(address, path)->status == 404);
  }
  for (const auto method : {net::Method::post, net::Method::put, net::Method::patch, net::Method::del}) {
    CAPTURE(name_of(method));
    CHECK(s.ask(address, "/metrics", method)->status >= 404);
  }
}

TEST_CASE("a new exposer may listen where one ended before") {
  const Served s;
  const auto address = free_address();
  for (int i = 0; i < 3; ++i) {
    CHECK(Exposer::serve(address, s.page).has_value());
  }
}

TEST_CASE("an address that cannot be listened on is told with the reason") {
  const Served s;
  const Port taken(true);
  CHECK(s.error(taken.address()) == "metrics-listen: cannot listen on " + taken.address() + ": the port is taken");
  CHECK(Exposer::serve(taken.address(), s.page).error().code == Errc::conflict);
  CHECK(s.error("192.0.2.1:9464") ==
        "metrics-listen: cannot listen on 192.0.2.1:9464: Cannot assign requested address");
  CHECK(s.error("nobody.invalid:9464").starts_with("metrics-listen: cannot listen on nobody.invalid:9464: "));
  CHECK(Exposer::serve("nobody.invalid:9464", s.page).error().code == Errc::invalid);
  for (const auto* const odd : {"9464", "127.0.0.1", "127.0.0.1:1,127.0.0.1:9464", "a,b:9464", "me@127.0.0.1:9464"}) {
    CHECK(s.error(odd) == fmt::format("metrics-listen: '{}' is not a host and a port, such as 127.0.0.1:9464", odd));
    CHECK(Exposer::serve(odd, s.page).error().code == Errc::invalid);
  }
}

TEST_CASE("a reader that goes away in the middle ends nothing, and signals stay with the thread that had them") {
  Served s;
  const auto address = free_address();
  const auto exposer = Exposer::serve(address, s.page);
  REQUIRE(exposer.has_value());
  sigset_t held{};
  pthread_sigmask(SIG_SETMASK, nullptr, &held);
  CHECK(sigismember(&held, SIGTERM) == 0);
  for (int i = 0; i < 20; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the type that the call wants
    REQUIRE(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    const std::string half = i % 2 == 0 ? "GET /met" : "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    REQUIRE(send(fd, half.data(), half.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(half.size()));
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
  }
  CHECK(s.ask(address, "/metrics")->status == 200);
  struct sigaction pipe {};
  sigaction(SIGPIPE, nullptr, &pipe);
  CHECK(pipe.sa_handler == SIG_IGN);  // from the server's own thread, so surely once it has answered
}
