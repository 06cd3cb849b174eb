#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libscale/net/http.hpp"

namespace kscale::net {

/// How a call can go wrong. 404, 409 and the like are answers; what is wrong with those is for the caller to say.
enum class CallFailure {
  unreachable,
  timed_out,
  invalid,       ///< the answer was no HTTP, or too large
  unauthorized,  ///< 401, 403, or a certificate was not accepted
  busy,          ///< 429
  server_error,  ///< 5xx
};

std::string_view name_of(CallFailure failure);

/// How it went; nothing when well, and when we gave the call up ourselves.
std::optional<CallFailure> failure_of(const Result<Response>& outcome);

/// The calls to one peer.
struct PeerCalls {
  std::uint64_t calls = 0;
  std::map<CallFailure, std::uint64_t> failures;  ///< all kinds, also those that did not happen
  bool answers = false;  ///< whether it answered, whatever it was, any of the calls that last went out together
};

/// Counts calls by peer. May be read by other threads while it is written.
class Tally {
 public:
  /// Adds the outcomes of calls that went out together, each with the name of its peer.
  void add(const std::vector<std::pair<std::string_view, const Result<Response>*>>& outcomes);

  std::map<std::string, PeerCalls, std::less<>> peers() const;

 private:
  mutable std::mutex m_mutex;
  std::map<std::string, PeerCalls, std::less<>> m_peers;
};

/// Sends through another transport, and counts what comes of it.
class TallyTransport final : public HttpTransport {
 public:
  /// Both must outlive it.
  TallyTransport(HttpTransport& below, Tally& tally) : m_below(below), m_tally(tally) {}

  /// Calls to that endpoint count as those to `peer`. Those to endpoints without a name count as "other".
  void name(const Endpoint& endpoint, std::string peer);

  std::vector<Result<Response>> send_all(const std::vector<Request>& requests) override;

 private:
  HttpTransport& m_below;
  Tally& m_tally;
  std::map<std::string, std::string, std::less<>> m_names;  ///< by the endpoint as it is shown
};

}  // namespace kscale::net
