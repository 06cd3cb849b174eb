#include "tests/net/http_server.hpp"

#include <stdexcept>
#include <thread>
#include <utility>

#include <httplib.h>

namespace kscale::net {

namespace {

void echo(const httplib::Request& request, httplib::Response& response) {
  response.set_header("X-Method", request.method);
  response.set_header("X-Type", request.get_header_value("Content-Type"));
  response.set_content(request.body, "application/octet-stream");
}

}  // namespace

struct HttpServer::Running {
  std::unique_ptr<httplib::Server> server;
  std::string url;
  std::thread thread;

  void start(const std::string& scheme) {
    server->Post("/echo", echo);
    server->Put("/echo", echo);
    server->Patch("/echo", echo);
    server->Delete("/echo", echo);
    server->Get("/hello", [](const auto&, auto& response) { response.set_content("hello", "text/plain"); });
    server->Get("/moved", [](const auto&, auto& response) { response.set_redirect("/hello"); });
    const int port = server->bind_to_any_port("127.0.0.1");
    if (port <= 0) {
      throw std::runtime_error("cannot listen on 127.0.0.1");
    }
    url = scheme + "://127.0.0.1:" + std::to_string(port);
    thread = std::thread([this] { server->listen_after_bind(); });
    // stop() before listen_after_bind() has begun would be forgotten.
    while (!server->is_running()) {
      std::this_thread::yield();
    }
  }
};

HttpServer::HttpServer() : m_running(std::make_unique<Running>()) {
  m_running->server = std::make_unique<httplib::Server>();
  m_running->start("http");
}

HttpServer::HttpServer(const ServerTls& tls) : m_running(std::make_unique<Running>()) {
  m_running->server = std::make_unique<httplib::SSLServer>(tls.cert.c_str(), tls.key.c_str(),
                                                           tls.client_ca.empty() ? nullptr : tls.client_ca.c_str());
  if (!m_running->server->is_valid()) {
    throw std::runtime_error("cannot use the certificate " + tls.cert);
  }
  m_running->start("https");
}

HttpServer::~HttpServer() {
  m_running->server->stop();
  m_running->thread.join();
}

std::string HttpServer::url() const {
  return m_running->url;
}

}  // namespace kscale::net
