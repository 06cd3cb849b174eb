#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <unordered_set>
#include <vector>

#include "libscale/base/result.hpp"
#include "tests/sandbox/loop.hpp"
#include "tests/sandbox/message.hpp"
#include "tests/sandbox/stream.hpp"

namespace kscale::sandbox {

/// An HTTP/1.1 client on the loop. Connections are kept for the next request to the same address.
class Client {
 public:
  /// Failures: `unreachable` (no connection), `failed` (it broke off before the answer was whole), `timed_out`.
  using Done = std::function<void(Result<Message>)>;

  Client(Loop& loop, std::chrono::milliseconds deadline) : m_loop(loop), m_deadline(deadline) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Sends a request. One that finds its kept connection closed by the peer is sent once more on a new one.
  void send(const Address& to, const Message& request, Done done);
  /// Gives up on all that is under way. Nobody is told.
  void drop_all();

 private:
  struct Exchange;

  void send_on(const std::shared_ptr<Exchange>& exchange, bool fresh);
  void received(const std::shared_ptr<Exchange>& exchange, bool ended);
  void broke_off(const std::shared_ptr<Exchange>& exchange);
  void finish(const std::shared_ptr<Exchange>& exchange, Result<Message> outcome);
  void keep(const Address& address, const std::shared_ptr<Stream>& stream);

  Loop& m_loop;
  std::chrono::milliseconds m_deadline;
  std::map<Address, std::vector<std::shared_ptr<Stream>>> m_idle;  ///< the one used last at the back
  std::unordered_set<std::shared_ptr<Exchange>> m_under_way;
};

}  // namespace kscale::sandbox
