#include "libscale/net/tally.hpp"

#include <array>
#include <set>

namespace kscale::net {

namespace {

constexpr auto k_failures = std::to_array({CallFailure::unreachable, CallFailure::timed_out, CallFailure::invalid,
                                           CallFailure::unauthorized, CallFailure::busy, CallFailure::server_error});

/// Those are counted from the start, so that the first one is seen as one more.
std::map<CallFailure, std::uint64_t> none_yet() {
  std::map<CallFailure, std::uint64_t> failures;
  for (const auto failure : k_failures) {
    failures[failure] = 0;
  }
  return failures;
}

std::optional<CallFailure> failure_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return CallFailure::unauthorized;
    case 429:
      return CallFailure::busy;
    default:
      return status >= 500 ? std::optional(CallFailure::server_error) : std::nullopt;
  }
}

}  // namespace

std::string_view name_of(CallFailure failure) {
  switch (failure) {
    case CallFailure::unreachable:
      return "unreachable";
    case CallFailure::timed_out:
      return "timed_out";
    case CallFailure::invalid:
      return "invalid";
    case CallFailure::unauthorized:
      return "unauthorized";
    case CallFailure::busy:
      return "busy";
    case CallFailure::server_error:
      return "server_error";
  }
  return "invalid";
}

std::optional<CallFailure> failure_of(const Result<Response>& outcome) {
  if (outcome) {
    return failure_of_status(outcome->status);
  }
  switch (outcome.error().code) {
    case Errc::interrupted:
      return std::nullopt;
    case Errc::timed_out:
      return CallFailure::timed_out;
    case Errc::unauthorized:
      return CallFailure::unauthorized;
    case Errc::invalid:
      return CallFailure::invalid;
    default:
      return CallFailure::unreachable;
  }
}

void Tally::add(const std::vector<std::pair<std::string_view, const Result<Response>*>>& outcomes) {
  const std::lock_guard lock(m_mutex);
  std::set<std::string_view> answering;
  for (const auto& [name, outcome] : outcomes) {
    auto& peer = m_peers.try_emplace(std::string(name), PeerCalls{.failures = none_yet()}).first->second;
    ++peer.calls;
    if (const auto failure = failure_of(*outcome)) {
      ++peer.failures[*failure];
    }
    if (outcome->has_value()) {
      answering.insert(name);
    }
    // One that we gave up says nothing of the peer.
    if (outcome->has_value() || outcome->error().code != Errc::interrupted) {
      peer.answers = answering.contains(name);
    }
  }
}

std::map<std::string, PeerCalls, std::less<>> Tally::peers() const {
  const std::lock_guard lock(m_mutex);
  return m_peers;
}

void TallyTransport::name(const Endpoint& endpoint, std::string peer) {
  m_names[endpoint.shown()] = std::move(peer);
}

std::vector<Result<Response>> TallyTransport::send_all(const std::vector<Request>& requests) {
  auto outcomes = m_below.send_all(requests);
  std::vector<std::pair<std::string_view, const Result<Response>*>> named;
  named.reserve(outcomes.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto found = m_names.find(requests[i].to.shown());
    named.emplace_back(found != m_names.end() ? std::string_view(found->second) : "other", &outcomes[i]);
  }
  m_tally.add(named);
  return outcomes;
}

}  // namespace kscale::net
