// usage: listen_http PORT_FILE [PORT]
// Listens at a port of 127.0.0.1 (any that is free), which is written to the file, answers every POST with 200, and
// prints its path and its body, a line each.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <httplib.h>

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fputs("usage: listen_http PORT_FILE [PORT]\n", stderr);
    return 2;
  }
  httplib::Server server;
  server.Post(".*", [](const httplib::Request& request, httplib::Response& /*response*/) {
    std::printf("%s %s\n", request.target.c_str(), request.body.c_str());
    std::fflush(stdout);
  });
  int port = argc == 3 ? std::atoi(argv[2]) : 0;
  if (port == 0) {
    port = server.bind_to_any_port("127.0.0.1");
  } else if (!server.bind_to_port("127.0.0.1", port)) {
    std::fprintf(stderr, "listen_http: cannot listen on port %d\n", port);
    return 1;
  }
  const std::string port_file = argv[1];
  std::ofstream(port_file + ".new") << port;
  std::rename((port_file + ".new").c_str(), port_file.c_str());
  server.listen_after_bind();
}
