#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "tests/sandbox/client.hpp"
#include "tests/sandbox/kong/kong.hpp"
#include "tests/sandbox/loop.hpp"
#include "tests/sandbox/server.hpp"

namespace kscale::sandbox {

/// Kong's data plane: takes a request to the peer that the stand-in picks, and to another one where that fails.
class Proxy {
 public:
  /// Where a target (host and port as Kong writes them) listens; nothing where it cannot be found.
  using Resolve = std::function<std::optional<Address>(std::string_view target)>;

  Proxy(Loop& loop, Kong& kong, Resolve resolve);

  /// One request of a client, on the loop.
  void forward(Message request, Server::Reply reply);
  void drop_all() { m_client.drop_all(); }

 private:
  struct Passage;

  void try_peer(const std::shared_ptr<Passage>& passage);
  void failed(const std::shared_ptr<Passage>& passage, Errc how);
  void answered(const std::shared_ptr<Passage>& passage, Message message);

  Kong& m_kong;
  Resolve m_resolve;
  Client m_client;
};

}  // namespace kscale::sandbox
