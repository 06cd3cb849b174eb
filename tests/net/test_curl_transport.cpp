#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libscale/net/curl_transport.hpp"
#include "tests/fakes/temp_dir.hpp"
#include "tests/net/http_server.hpp"
#include "tests/net/raw_server.hpp"

using namespace std::chrono_literals;
using namespace kscale;
using namespace kscale::net;

template <>
struct Catch::StringMaker<Error> {
  static std::string convert(const Error& error) {
    return fmt::format("{}: {}", static_cast<int>(error.code), error.what);
  }
};

namespace {

constexpr auto k_short = 200ms;  ///< the deadline of calls that are to miss it

const std::string k_ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Request get(const std::string& url, const std::string& path = "/") {
  return {.to = {.base_url = url}, .path = path};
}

Error error_of(const Request& request) {
  CurlTransport transport;
  const auto answer = transport.send(request);
  REQUIRE_FALSE(answer.has_value());
  return answer.error();
}

Response answer_of(const Request& request) {
  CurlTransport transport;
  auto answer = transport.send(request);
  REQUIRE(answer.has_value());
  return *answer;
}

/// Answers the first request with these bytes and closes.
RawServer::Talk once(const std::string& bytes) {
  return [bytes](RawConnection& connection) {
    connection.read_request();
    connection.write(bytes);
  };
}

/// Answers the first request with these bytes and then says nothing more.
RawServer::Talk and_stall(const std::string& bytes) {
  return [bytes](RawConnection& connection) {
    connection.read_request();
    connection.write(bytes);
    connection.wait_for_close();
  };
}

/// Sends the first bytes once and the others again and again, until the client has enough.
RawServer::Talk without_end(const std::string& first, const std::string& again, std::chrono::milliseconds between) {
  return [=](RawConnection& connection) {
    connection.read_request();
    bool open = connection.write(first);
    while (open) {
      connection.pause(between);
      open = connection.write(again);
    }
  };
}

/// What a server is sent for a request.
std::string sent_for(Request request) {
  std::string seen;
  {
    RawServer server([&seen](RawConnection& connection) {
      seen = connection.read_request().value_or("");
      connection.write(k_ok);
    });
    request.to.base_url = server.url() + request.to.base_url;
    answer_of(request);
  }
  return seen;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::chrono::duration<double> time_of(CurlTransport& transport, const std::vector<Request>& requests) {
  const auto start = std::chrono::steady_clock::now();
  for (const auto& answer : transport.send_all(requests)) {
    REQUIRE(answer.has_value());
    CHECK(answer->body == "ok");
  }
  return std::chrono::steady_clock::now() - start;
}

/// A descriptor that becomes readable when we are told to stop.
class StopPipe {
 public:
  StopPipe() { REQUIRE(pipe(m_ends.data()) == 0); }
  StopPipe(const StopPipe&) = delete;
  StopPipe& operator=(const StopPipe&) = delete;
  ~StopPipe() {
    close(m_ends[0]);
    close(m_ends[1]);
  }
  int fd() const { return m_ends[0]; }
  void stop() const { std::ignore = write(m_ends[1], "x", 1); }

 private:
  std::array<int, 2> m_ends{};
};

/// Sets variables of the environment for one test.
class Environment {
 public:
  explicit Environment(std::vector<std::string> names, const std::string& value) : m_names(std::move(names)) {
    for (const auto& name : m_names) {
      setenv(name.c_str(), value.c_str(), 1);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    for (const auto& name : m_names) {
      unsetenv(name.c_str());
    }
  }

 private:
  std::vector<std::string> m_names;
};

}  // namespace

TEST_CASE("the transport brings status, headers, body and time of an answer") {
  const HttpServer server;
  const Response response = answer_of(get(server.url(), "/hello"));
  CHECK(response.status == 200);
  CHECK(response.body == "hello");
  CHECK(response.header("content-type") == "text/plain");
  CHECK(response.elapsed.count() > 0);
  CHECK(answer_of(get(server.url(), "/none")).status == 404);
}

TEST_CASE("the transport sends a body byte by byte, zero bytes included, with every method that has one") {
  const HttpServer server;
  const std::string body("a\0b\r\n\xFF", 6);
  for (const Method method : {Method::post, Method::put, Method::patch, Method::del}) {
    Request request = get(server.url(), "/echo");
    request.method = method;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = body;
    const Response response = answer_of(request);
    CHECK(response.body == body);
    CHECK(response.header("X-Method") == name_of(method));
    CHECK(response.header("X-Type") == "application/json");
  }
}

TEST_CASE("the transport sends a large body at once, without asking first") {
  Request request{.method = Method::post, .path = "/"};
  request.body = std::string(2'000'000, 'x');
  const std::string sent = sent_for(request);
  CHECK(sent.ends_with(request.body));
  CHECK_FALSE(holds(sent, "Expect:"));
}

TEST_CASE("the transport announces an empty body where a method wants one, and none elsewhere") {
  for (const Method method : {Method::post, Method::put, Method::patch}) {
    CHECK(holds(sent_for({.method = method, .path = "/"}), "\r\nContent-Length: 0\r\n"));
  }
  for (const Method method : {Method::get, Method::head, Method::del}) {
    const std::string sent = sent_for({.method = method, .path = "/"});
    CHECK(sent.starts_with(fmt::format("{} / HTTP/1.1\r\n", name_of(method))));
    CHECK_FALSE(holds(sent, "Content-Length:"));
  }
}

TEST_CASE("the transport names itself, and no content type that nobody gave") {
  const std::string sent = sent_for({.method = Method::post, .path = "/x?y=z", .body = "a=b"});
  CHECK(sent.starts_with("POST /x?y=z HTTP/1.1\r\n"));
  CHECK(holds(sent, "\r\nUser-Agent: kscale/"));
  CHECK_FALSE(holds(sent, "Content-Type"));
  CHECK_FALSE(holds(sent, "Accept-Encoding"));
}

TEST_CASE("the transport sends the headers of the endpoint and of the request, empty ones too") {
  Request request{.path = "/", .headers = {{"X-Two", "2"}, {"X-Empty", ""}}};
  request.to.headers = {{"X-One", "1"}};
  const std::string sent = sent_for(request);
  CHECK(holds(sent, "\r\nX-One: 1\r\n"));
  CHECK(holds(sent, "\r\nX-Two: 2\r\n"));
  CHECK(holds(sent, "\r\nX-Empty:\r\n"));
}

TEST_CASE("the transport sends the path of the base URL and then the path as it is given") {
  Request request{.path = "/a/../b%2Fc"};
  request.to.base_url = "/admin";
  CHECK(sent_for(request).starts_with("GET /admin/a/../b%2Fc HTTP/1.1\r\n"));
}

TEST_CASE("the transport needs no body after HEAD, whatever length is announced") {
  RawServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\nApi-Version: 1.41\r\n\r\n"));
  Request request = get(server.url(), "/_ping");
  request.method = Method::head;
  const Response response = answer_of(request);
  CHECK(response.status == 200);
  CHECK(response.body.empty());
  CHECK(response.header("api-version") == "1.41");
}

TEST_CASE("the transport follows no redirect") {
  const HttpServer server;
  const Response response = answer_of(get(server.url(), "/moved"));
  CHECK(response.status == 302);
  CHECK(response.header("Location") == "/hello");
}

TEST_CASE("the transport takes no proxy from the environment") {
  const Environment proxy({"http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"}, "http://127.0.0.1:1");
  const HttpServer server;
  CHECK(answer_of(get(server.url(), "/hello")).body == "hello");
}

TEST_CASE("the transport keeps the headers of the final answer only, and no trailers") {
  RawServer server(
      always("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Final:  \t2 \t\r\nX-Empty:\r\n\r\n"
             "2\r\nok\r\n0\r\nX-Trailer: 3\r\n\r\n"));
  const Response response = answer_of(get(server.url()));
  CHECK(response.status == 200);
  CHECK(response.body == "ok");
  CHECK(response.headers == std::vector<Header>{{"Transfer-Encoding", "chunked"}, {"X-Final", "2"}, {"X-Empty", ""}});
}

TEST_CASE("the transport keeps connections between calls, also to unix sockets") {
  const fakes::TempDir dir;
  RawServer tcp(always(k_ok));
  RawServer local(dir / "engine.sock", always(k_ok));
  CurlTransport transport;
  for (int i = 0; i < 5; ++i) {
    REQUIRE(transport.send(get(tcp.url())).has_value());
    Request request = get("http://localhost");
    request.to.unix_socket = dir / "engine.sock";
    REQUIRE(transport.send(request).has_value());
  }
  CHECK(tcp.connections() == 1);
  CHECK(local.connections() == 1);
}

TEST_CASE("the transport tells unix sockets apart although all are called localhost") {
  const fakes::TempDir dir;
  RawServer one(dir / "one", always("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none"));
  RawServer two(dir / "two", always("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo"));
  CurlTransport transport;
  for (const std::string name : {"one", "two", "one", "two"}) {
    Request request = get("http://localhost");
    request.to.unix_socket = dir / name;
    const auto answer = transport.send(request);
    REQUIRE(answer.has_value());
    CHECK(answer->body == name);
  }
}

TEST_CASE("the transport connects anew when the server has closed a kept connection") {
  RawServer server(once(k_ok));
  CurlTransport transport;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(transport.send(get(server.url())).has_value());
  }
  CHECK(server.connections() == 3);
}

TEST_CASE("a hundred requests are under way at once, and keep their connections") {
  std::atomic<int> arrived{0};
  RawServer server([&arrived](RawConnection& connection) {
    while (connection.read_request()) {
      // Nobody is answered before all hundred are there, so that one after the other would come to nothing.
      const int all = (arrived++ / 100 + 1) * 100;
      while (arrived < all) {
        connection.pause(10ms);
      }
      connection.write(k_ok);
    }
  });
  CurlTransport transport;
  auto request = get(server.url());
  request.deadline = 20s;
  const std::vector<Request> hundred(100, request);
  for (int round = 0; round < 2; ++round) {
    for (const auto& answer : transport.send_all(hundred)) {
      CHECK(answer.has_value());
    }
  }
  CHECK(server.connections() == 100);
}

TEST_CASE("several hundred requests at once reach a unix socket") {
  const fakes::TempDir dir;
  RawServer server(dir / "engine.sock", always(k_ok));
  Request request = get("http://localhost");
  request.to.unix_socket = dir / "engine.sock";
  CurlTransport transport;
  time_of(transport, std::vector<Request>(400, request));
  CHECK(server.connections() <= 400);
}

TEST_CASE("requests wait their turn at a unix socket that lets few callers wait, within their deadline") {
  const fakes::TempDir dir;
  RawServer server(dir / "narrow.sock", always(k_ok), 1);
  RawServer hanging(dir / "hanging.sock", nullptr, 1);
  Request request = get("http://localhost");
  request.to.unix_socket = dir / "narrow.sock";
  CurlTransport transport;
  time_of(transport, std::vector<Request>(100, request));

  request.to.unix_socket = dir / "hanging.sock";
  request.deadline = k_short;
  for (const auto& answer : transport.send_all(std::vector<Request>(10, request))) {
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error() ==
          Error{Errc::timed_out, fmt::format("no answer from unix:{} in 200ms", request.to.unix_socket)});
  }
}

TEST_CASE("a full queue is told from a failure although a call before failed with an error of the system") {
  std::string gone;
  {
    const RawServer server(always(k_ok));
    gone = server.url();
  }
  const fakes::TempDir dir;
  RawServer hanging(dir / "hanging.sock", nullptr, 1);
  Request request = get("http://localhost");
  request.to.unix_socket = dir / "hanging.sock";
  request.deadline = k_short;
  CurlTransport transport;
  for (const auto& answer : transport.send_all(std::vector<Request>(10, get(gone)))) {
    CHECK(answer.error().code == Errc::unreachable);
  }
  for (const auto& answer : transport.send_all(std::vector<Request>(10, request))) {
    CHECK(answer.error().code == Errc::timed_out);
  }
}

TEST_CASE("the answers to many requests stand in the order of the requests, each with its own outcome") {
  const HttpServer server;
  RawServer mute(and_stall(""));
  Request lost = get(mute.url());
  lost.deadline = k_short;
  CurlTransport transport;
  const auto answers =
      transport.send_all({get(server.url(), "/hello"), lost, get("ftp://x"), get(server.url(), "/none")});
  REQUIRE(answers.size() == 4);
  CHECK(answers[0]->body == "hello");
  CHECK(answers[1].error().code == Errc::timed_out);
  CHECK(answers[2].error().code == Errc::invalid);
  CHECK(answers[3]->status == 404);
  CHECK(answers[0]->elapsed < k_short);
  CHECK(transport.send_all({}).empty());
}

TEST_CASE("a call ends at its deadline, wherever the server stalls") {
  for (const std::string begun :
       {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nX: y\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
        "HTTP/1.1 100 Continue\r\n\r\n"}) {
    RawServer server(and_stall(begun));
    Request request = get(server.url());
    request.deadline = k_short;
    CHECK(error_of(request) == Error{Errc::timed_out, fmt::format("no answer from {} in 200ms", server.url())});
  }
}

TEST_CASE("a call on a kept connection that gets no answer has reached the server") {
  RawServer server([](RawConnection& connection) {
    connection.read_request();
    connection.write(k_ok);
    connection.wait_for_close();
  });
  CurlTransport transport;
  Request request = get(server.url());
  REQUIRE(transport.send(request));
  request.deadline = k_short;
  CHECK(transport.send(request).error() ==
        Error{Errc::timed_out, fmt::format("no answer from {} in 200ms", server.url())});
  CHECK(server.connections() == 1);
}

TEST_CASE("a call ends at its deadline, although the server goes on dripping") {
  for (const std::string head : {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"}) {
    RawServer server(without_end(head, "x", 20ms));
    Request request = get(server.url());
    request.deadline = k_short;
    CHECK(error_of(request).code == Errc::timed_out);
  }
}

TEST_CASE("a call whose deadline has passed before it began ends at once") {
  RawServer server(and_stall(""));
  Request request = get(server.url());
  request.deadline = 0ms;
  CHECK(error_of(request) == Error{Errc::timed_out, fmt::format("no answer from {} in 0s", server.url())});
  request.deadline = -5ms;
  CHECK(error_of(request).code == Errc::timed_out);
}

TEST_CASE("a deadline of whole seconds is said in seconds, and a unix socket by its path") {
  const fakes::TempDir dir;
  const std::string socket = dir / "engine.sock";
  RawServer server(socket, and_stall(""));
  Request request = get("http://localhost");
  request.to.unix_socket = socket;
  request.deadline = 1s;
  CHECK(error_of(request) == Error{Errc::timed_out, fmt::format("no answer from unix:{} in 1s", socket)});
}

TEST_CASE("nobody listening is said with the system's own word for it") {
  std::string url;
  {
    const RawServer gone(always(k_ok));
    url = gone.url();
  }
  CHECK(error_of(get(url)) == Error{Errc::unreachable, fmt::format("cannot connect to {}: connection refused", url)});

  const fakes::TempDir dir;
  Request request = get("http://localhost");
  request.to.unix_socket = dir / "none.sock";
  CHECK(error_of(request) ==
        Error{Errc::unreachable,
              fmt::format("cannot connect to unix:{}: no such file or directory", request.to.unix_socket)});
  request.to.unix_socket = "/" + std::string(200, 'x');
  CHECK(error_of(request).code == Errc::unreachable);
}

TEST_CASE("who lets nobody connect in time is out of reach, and has not got the request") {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const general = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  REQUIRE(bind(listener, general, size) == 0);
  REQUIRE(listen(listener, 0) == 0);
  REQUIRE(getsockname(listener, general, &size) == 0);
  std::array<int, 4> waiting{};  // more than may wait to be accepted
  for (int& one : waiting) {
    one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    std::ignore = connect(one, general, size);
  }
  const auto url = fmt::format("http://127.0.0.1:{}", ntohs(address.sin_port));
  Request request = get(url);
  request.deadline = k_short;
  CHECK(error_of(request) == Error{Errc::unreachable, fmt::format("cannot connect to {}: no answer in 200ms", url)});
  for (const int one : waiting) {
    close(one);
  }
  close(listener);
}

TEST_CASE("a connection that breaks off in the middle is unreachable, not a short answer") {
  for (const std::string begun : {"", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789",
                                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n",
                                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n"}) {
    RawServer server(once(begun));
    CHECK(error_of(get(server.url())) ==
          Error{Errc::unreachable, fmt::format("the connection to {} broke off", server.url())});
  }
}

TEST_CASE("an answer longer than allowed fails, announced or not") {
  for (const std::string head : {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
                                 "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"}) {
    RawServer server(without_end(head, std::string(100, 'x'), 0ms));
    Request request = get(server.url());
    request.max_answer = 1000;
    CHECK(error_of(request) ==
          Error{Errc::invalid, fmt::format("the answer of {} is longer than 1000 bytes", server.url())});
  }
}

TEST_CASE("an answer of just the allowed length is taken") {
  RawServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x')));
  Request request = get(server.url());
  request.max_answer = 1000;
  CHECK(answer_of(request).body.size() == 1000);
  RawServer none(always("HTTP/1.1 204 No Content\r\n\r\n"));
  request = get(none.url());
  request.max_answer = 0;
  CHECK(answer_of(request).status == 204);
}

TEST_CASE("what a server sends beyond its announced length reaches no later answer") {
  RawServer server(
      always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno"));
  CurlTransport transport;
  for (int i = 0; i < 3; ++i) {
    const auto answer = transport.send(get(server.url()));
    REQUIRE(answer.has_value());
    CHECK(answer->status == 200);
    CHECK(answer->body == "ok");
  }
}

TEST_CASE("headers without end fail the call") {
  const std::string line = "X-Filler: " + std::string(1000, 'x') + "\r\n";
  for (const std::string& again : {line, std::string(1000, 'x'), std::string("HTTP/1.1 100 Continue\r\n\r\n")}) {
    RawServer server(without_end(again.starts_with("HTTP") ? "" : "HTTP/1.1 200 OK\r\nX-First: ", again, 0ms));
    CHECK(
        error_of(get(server.url())) ==
        Error{Errc::invalid, fmt::format("the headers of the answer of {} are longer than 65536 bytes", server.url())});
  }
}

TEST_CASE("an answer that is not HTTP is refused") {
  const std::vector<std::string> all{"SSH-2.0-OpenSSH_9.2\r\n", std::string("\0\1\2\3\4\5\6\7", 8), "hello",
                                     "HTTP/9.9 200 OK\r\n\r\n", "<html>\n\n</html>"};
  for (const auto& garbage : all) {
    RawServer server(once(garbage));
    CHECK(error_of(get(server.url())) ==
          Error{Errc::invalid, fmt::format("the answer of {} is not HTTP", server.url())});
  }
}

TEST_CASE("the transport speaks http and https only, and sends no header with a line break") {
  CHECK(error_of(get("file:///etc", "/passwd")) == Error{Errc::invalid, "'file:///etc' is no http or https address"});
  CHECK(error_of(get("localhost:8001")) == Error{Errc::invalid, "'localhost:8001' is no http or https address"});
  CHECK(error_of(get("http://", "/")).code == Errc::invalid);
  CHECK(error_of(get("http://127.0.0.1:99999")) == Error{Errc::invalid, "not a valid URL at http://127.0.0.1:99999"});
  CHECK(error_of(get("http://127.0.0.1:1", "/a b")) == Error{Errc::invalid, "not a valid URL at http://127.0.0.1:1"});
  CHECK(error_of(get("http://127.0.0.1:1", std::string("/a\0b", 4))) ==
        Error{Errc::invalid, "a zero byte in an address at http://127.0.0.1:1"});
  Request request = get("http://127.0.0.1:1");
  for (const Header& header : {Header{"X", "a\r\nInjected: 1"}, Header{"X\n", "a"}, Header{"", "a"}}) {
    request.headers = {header};
    CHECK(error_of(request) ==
          Error{Errc::invalid, "a header for http://127.0.0.1:1 has no name, or a line break in it"});
  }
}

TEST_CASE("no error shows credentials, headers or a body") {
  Request request = get("http://admin:s3cret@127.0.0.1:1", "/s3cret");
  request.method = Method::post;
  request.to.headers = {{"Kong-Admin-Token", "s3cret"}};
  request.body = "s3cret";
  CHECK(error_of(request).what == "cannot connect to http://127.0.0.1:1: connection refused");
}

TEST_CASE("being told to stop ends a hanging call at once") {
  const StopPipe stop;
  RawServer server([&stop](RawConnection& connection) {
    connection.read_request();
    stop.stop();
    connection.wait_for_close();
  });
  CurlTransport transport(stop.fd());
  const auto answer = transport.send(get(server.url()));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error() == Error{Errc::interrupted, "interrupted"});
}

TEST_CASE("after being told to stop no interruptible call and no change is sent, and the others are") {
  const StopPipe stop;
  stop.stop();
  RawServer server(always(k_ok));
  CurlTransport transport(stop.fd());
  for (const auto urgency : {net::Urgency::interruptible, net::Urgency::change}) {
    Request request = get(server.url());
    request.urgency = urgency;
    const auto answer = transport.send(request);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error() == Error{Errc::interrupted, "interrupted"});
  }
  CHECK(server.connections() == 0);
  Request undo = get(server.url());
  undo.urgency = net::Urgency::to_the_end;
  CHECK(transport.send(undo)->body == "ok");
}

TEST_CASE("being told to stop gives a change that was sent a moment for its answer, and no more") {
  const StopPipe stop;
  RawServer hanging([&stop](RawConnection& connection) {
    connection.read_request();
    stop.stop();
    connection.wait_for_close();
  });
  Request change = get(hanging.url());
  change.urgency = net::Urgency::change;
  CurlTransport transport(stop.fd());
  const auto start = std::chrono::steady_clock::now();
  const auto answer = transport.send(change);
  const auto taken = std::chrono::steady_clock::now() - start;
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error() == Error{Errc::interrupted, "interrupted"});
  CHECK(taken >= 700ms);
  CHECK(taken < 5s);
}

TEST_CASE("being told to stop lets go on what undoes others, and a change as long as its moment lasts") {
  const auto urgency = GENERATE(net::Urgency::change, net::Urgency::to_the_end);
  const StopPipe stop;
  StopPipe interrupted;  // readable once the interruptible call has been given up
  RawServer hanging([&interrupted](RawConnection& connection) {
    connection.read_request();
    connection.wait_for_close();
    interrupted.stop();
  });
  RawServer undoing([&stop, &interrupted](RawConnection& connection) {
    connection.read_request();
    stop.stop();
    char token = 0;
    std::ignore = read(interrupted.fd(), &token, 1);
    connection.write(k_ok);
  });
  Request undo = get(undoing.url());
  undo.urgency = urgency;
  CurlTransport transport(stop.fd());
  const auto answers = transport.send_all({get(hanging.url()), undo});
  CHECK(answers[0].error().code == Errc::interrupted);
  CHECK(answers[1]->body == "ok");
}
