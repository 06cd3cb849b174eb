#pragma once

#include <memory>
#include <string>

#include "libscale/base/result.hpp"
#include "libscale/scrape/page.hpp"

namespace prometheus {
class Exposer;
}

namespace kscale::scrape {

/// Serves a page at http://HOST:PORT/metrics as long as it lives.
///
/// The library's web server answers on a few threads of its own, and so also while a check hangs. Signals stay with the
/// threads that were there before. Once it answers, the whole process ignores SIGPIPE.
class Exposer {
 public:
  /// Listens on `address`, host:port as in the settings, at once. Fails with `invalid` where the address is none that
  /// can be listened on, and with `conflict` or `failed` where the machine does not let us.
  static Result<Exposer> serve(const std::string& address, const Page& page);

  Exposer(Exposer&&) noexcept;
  Exposer& operator=(Exposer&&) noexcept;
  ~Exposer();

  const std::string& address() const { return m_address; }

 private:
  Exposer(std::string address, std::unique_ptr<prometheus::Exposer> server);

  std::string m_address;
  std::unique_ptr<prometheus::Exposer> m_server;
};

}  // namespace kscale::scrape
