#pragma once

#include <memory>
#include <string>

namespace kscale::net {

/// Files of a TLS server. With a `client_ca`, only clients that hold a certificate of it are served.
struct ServerTls {
  std::string cert;
  std::string key;
  std::string client_ca;
};

/// An ordinary HTTP server (cpp-httplib) on a free port of 127.0.0.1 that tells what it was asked. A POST, PUT, PATCH
/// or DELETE of `/echo` gives the body back; a GET of `/hello` answers `hello`; `/moved` redirects there.
class HttpServer {
 public:
  HttpServer();
  explicit HttpServer(const ServerTls& tls);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  std::string url() const;

 private:
  struct Running;
  std::unique_ptr<Running> m_running;
};

}  // namespace kscale::net
