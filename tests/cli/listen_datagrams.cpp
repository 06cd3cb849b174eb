// usage: listen_datagrams PATH
// Makes a datagram socket there, as systemd does for those that it starts, and prints what comes, a line each.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>

#include "tests/fakes/datagram_listener.hpp"

int main(int argc, char** argv) {
  try {
    const kscale::fakes::DatagramListener listener(argc == 2 ? argv[1] : "");
    while (true) {
      auto message = listener.next();
      std::replace(message.begin(), message.end(), '\n', '|');
      std::puts(message.c_str());
      std::fflush(stdout);
    }
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "listen_datagrams: %s\n", fault.what());
    return 1;
  }
}
