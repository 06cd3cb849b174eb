#include "tests/sandbox/proxy.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "tests/sandbox/kong/answers.hpp"

namespace kscale::sandbox {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int k_retries = 5;  // a service's own default
constexpr milliseconds k_deadline{60'000};
constexpr auto* k_version = "kong/3.4.2";

std::string milliseconds_text(Loop::Span span) {
  return std::to_string(duration_cast<milliseconds>(span).count());
}

/// How many bytes a message comes to on the wire, near enough for a counter.
std::uint64_t size_of(const Headers& headers, std::string_view body) {
  std::uint64_t size = 32 + body.size();
  for (const auto& [name, value] : headers) {
    size += name.size() + value.size() + 4;
  }
  return size;
}

}  // namespace

struct Proxy::Passage {
  Message request;
  Server::Reply reply;
  Kong::Peer peer;
  Loop::Time came;
  Loop::Time sent;
  std::uint64_t bytes_in = 0;
  int tries = 0;
};

Proxy::Proxy(Loop& loop, Kong& kong, Resolve resolve)
    : m_kong(kong), m_resolve(std::move(resolve)), m_client(loop, k_deadline) {}

void Proxy::forward(Message request, Server::Reply reply) {
  auto passage = std::make_shared<Passage>();
  passage->bytes_in = size_of(request.headers, request.body);
  passage->request = std::move(request);
  passage->reply = std::move(reply);
  passage->came = Loop::now();
  try_peer(passage);
}

void Proxy::try_peer(const std::shared_ptr<Passage>& passage) {
  auto peer = m_kong.pick(passage->request.target);
  if (!peer) {
    Answer answer = peer.error();
    answer.headers.emplace_back("X-Kong-Response-Latency", milliseconds_text(Loop::now() - passage->came));
    passage->reply(std::move(answer));
    return;
  }
  ++passage->tries;
  passage->peer = std::move(*peer);
  passage->sent = Loop::now();
  const auto address = m_resolve(passage->peer.target);
  if (!address) {
    failed(passage, Errc::unreachable);
    return;
  }
  Message request = passage->request;
  request.target = passage->peer.upstream_path;
  m_client.send(*address, request, [this, passage](Result<Message> outcome) {
    if (outcome) {
      answered(passage, std::move(*outcome));
    } else {
      failed(passage, outcome.error().code);
    }
  });
}

void Proxy::failed(const std::shared_ptr<Passage>& passage, Errc how) {
  // What may have had its effect is not asked again, unless asking again does no harm.
  const auto& method = passage->request.method;
  const bool harmless = method != "POST" && method != "PATCH";
  if (passage->tries <= k_retries && (how == Errc::unreachable || (how == Errc::failed && harmless))) {
    try_peer(passage);
    return;
  }
  const int status = how == Errc::timed_out ? 504 : 502;
  Answer answer = proxy_message(status, status == 504 ? "The upstream server is timing out"
                                                      : "An invalid response was received from the upstream server");
  const auto now = Loop::now();
  answer.headers.emplace_back("X-Kong-Upstream-Latency", milliseconds_text(now - passage->sent));
  answer.headers.emplace_back("X-Kong-Proxy-Latency", milliseconds_text(passage->sent - passage->came));
  m_kong.record(passage->peer, status, "kong", duration_cast<microseconds>(now - passage->came),
                duration_cast<microseconds>(now - passage->sent), passage->bytes_in,
                size_of(answer.headers, answer.body));
  passage->reply(std::move(answer));
}

void Proxy::answered(const std::shared_ptr<Passage>& passage, Message message) {
  const auto now = Loop::now();
  Answer answer{.status = message.status, .content_type = "", .body = std::move(message.body), .headers = {}};
  for (auto& header : message.headers) {
    if (!is_hop_by_hop(header.first)) {
      answer.headers.push_back(std::move(header));
    }
  }
  answer.headers.emplace_back("X-Kong-Upstream-Latency", milliseconds_text(now - passage->sent));
  answer.headers.emplace_back("X-Kong-Proxy-Latency", milliseconds_text(passage->sent - passage->came));
  answer.headers.emplace_back("Via", k_version);
  m_kong.record(passage->peer, answer.status, "service", duration_cast<microseconds>(now - passage->came),
                duration_cast<microseconds>(now - passage->sent), passage->bytes_in,
                size_of(answer.headers, answer.body));
  passage->reply(std::move(answer));
}

}  // namespace kscale::sandbox
