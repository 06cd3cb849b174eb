#include "tests/faults/fault_proxy.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace kscale::faults {

namespace {

using namespace std::chrono_literals;
using sandbox::Answer;
using sandbox::Descriptor;
using sandbox::Message;
using sandbox::Question;

/// How long nobody listens. Requests follow each other within milliseconds, but for the waits of draining.
constexpr auto k_refusing = 150ms;
constexpr auto k_drop = 25ms;
constexpr auto k_retry = 5ms;

Question question_of(Message message) {
  return {.method = std::move(message.method),
          .target = std::move(message.target),
          .headers = std::move(message.headers),
          .body = std::move(message.body)};
}

}  // namespace

bool Plan::closes_door() const {
  return std::ranges::any_of(faults, [](const auto& one) { return faults::closes_door(one.second.kind); });
}

struct FaultProxy::Connection {
  Peer peer = Peer::docker;
  int fd = -1;  ///< the stream's
  std::shared_ptr<sandbox::Stream> stream;
  sandbox::MessageReader reader{sandbox::MessageReader::Kind::request};
  bool busy = false;
};

FaultProxy::FaultProxy(sandbox::Loop& loop, sandbox::Crew& crew, Ends ends)
    : m_loop(loop), m_crew(crew), m_ends(std::move(ends)) {}

FaultProxy::~FaultProxy() {
  close_doors();
  drop_all();
}

Status FaultProxy::begin(Plan plan) {
  drop_all();
  ++m_round;
  m_plan = std::move(plan);
  m_requests.clear();
  m_hit.clear();
  if (auto open = open_doors(); !open) {
    return open;
  }
  close_doors_before(0);
  return {};
}

Status FaultProxy::open_doors() {
  for (const auto peer : {Peer::docker, Peer::kong}) {
    if (!m_doors.contains(peer)) {
      if (auto open = open_door(peer); !open) {
        return open;
      }
    }
  }
  return {};
}

Status FaultProxy::open_door(Peer peer) {
  auto socket =
      peer == Peer::docker ? sandbox::bound_socket(m_ends.docker_socket) : sandbox::bound_socket(m_ends.kong_port);
  if (!socket) {
    return tl::unexpected(socket.error());
  }
  ::listen(socket->get(), 256);
  m_loop.watch(socket->get(), EPOLLIN, [this, peer](std::uint32_t) { accept(peer); });
  m_doors[peer] = std::move(*socket);
  return {};
}

void FaultProxy::close_doors() {
  if (m_opening) {
    m_loop.cancel(*std::exchange(m_opening, std::nullopt));
  }
  for (auto& [peer, socket] : m_doors) {
    m_loop.forget(socket.get());
    sandbox::stop_listening(socket);
  }
  m_doors.clear();
}

/// A door that is to be shut for a request is shut as soon as the one before it has its answer.
void FaultProxy::close_doors_before(int index) {
  const auto found = m_plan.faults.find(index);
  if (found == m_plan.faults.end() || !faults::closes_door(found->second.kind)) {
    return;
  }
  m_hit.push_back(fmt::format("{}: {}", index, name_of(found->second.kind)));
  close_doors();
  if (found->second.kind == Kind::refused) {
    open_doors_after(k_refusing);
  }
}

void FaultProxy::open_doors_after(sandbox::Loop::Span span) {
  m_opening = m_loop.after(span, [this] {
    m_opening.reset();
    if (!open_doors()) {
      open_doors_after(k_retry);
    }
  });
}

void FaultProxy::accept(Peer peer) {
  while (m_doors.contains(peer)) {
    Descriptor socket(::accept4(m_doors[peer].get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      return;
    }
    auto connection = std::make_shared<Connection>();
    connection->peer = peer;
    connection->fd = socket.get();
    connection->stream = std::make_shared<sandbox::Stream>(m_loop, std::move(socket), true);
    m_connections.insert(connection);
    const std::weak_ptr<Connection> weak = connection;
    connection->stream->open(
        [this, weak](std::string_view bytes) {
          if (const auto self = weak.lock()) {
            self->reader.add(bytes);
            received(self);
          }
        },
        [this, weak] {
          if (const auto self = weak.lock()) {
            gone(self);
          }
        });
  }
}

void FaultProxy::received(const Held& connection) {
  if (connection->busy) {
    return;
  }
  if (auto message = connection->reader.next()) {
    connection->busy = true;
    arrived(connection, std::move(*message));
  } else if (connection->reader.is_broken()) {
    gone(connection);
  }
}

bool FaultProxy::is_fault_at(int index, const Question& question) const {
  const auto found = m_plan.faults.find(index);
  return found != m_plan.faults.end() && !faults::closes_door(found->second.kind) &&
         applies(found->second.kind, question);
}

void FaultProxy::arrived(const Held& connection, Message message) {
  const auto index = static_cast<int>(m_requests.size());
  auto question = question_of(std::move(message));
  m_requests.push_back(fmt::format("{} {}", question.method, question.target));
  if (m_plan.kill_at == index && m_plan.kill == Kill::before) {
    m_hit.push_back(fmt::format("{}: killed before {}", index, m_requests.back()));
    m_ends.kill();
    gone(connection);
    return;
  }
  if (is_fault_at(index, question)) {
    const auto& fault = m_plan.faults.at(index);
    m_hit.push_back(fmt::format("{}: {} {}", index, name_of(fault.kind), m_requests.back()));
    if (!reaches_peer(fault.kind)) {
      send(connection, spoiled(fault, question, {}, question.method == "HEAD"));
      return;
    }
  }
  ask(connection, index, std::move(question));
}

void FaultProxy::ask(const Held& connection, int index, Question question) {
  if (connection->peer == Peer::kong) {
    const auto answer = m_ends.answer(Peer::kong, question);
    answered(connection, index, question, answer);
    return;
  }
  m_crew.run([this, connection, index, round = m_round, question = std::move(question)] {
    m_loop.post([this, connection, index, round, question, answer = m_ends.answer(Peer::docker, question)] {
      if (round == m_round) {
        answered(connection, index, question, answer);
      }
    });
  });
}

void FaultProxy::answered(const Held& connection, int index, const Question& question, Answer answer) {
  m_ends.answered(index, question);
  if (m_plan.kill_at == index) {
    m_hit.push_back(fmt::format("{}: killed after {}", index, m_requests.at(static_cast<std::size_t>(index))));
    m_ends.kill();
    gone(connection);
    return;
  }
  if (!connection->stream->is_open()) {
    return;
  }
  const bool head_only = question.method == "HEAD";
  if (is_fault_at(index, question)) {
    send(connection, spoiled(m_plan.faults.at(index), question, std::move(answer), head_only));
    return;
  }
  // Nobody notices a door that is shut while the connection before is kept.
  const bool keep = !m_plan.closes_door();
  send(connection,
       {.bytes = sandbox::written(answer, head_only, keep), .end = keep ? Spoiled::End::good : Spoiled::End::closed});
  close_doors_before(index + 1);
}

void FaultProxy::send(const Held& connection, const Spoiled& what) {
  if (what.drips) {
    drip(connection, what.bytes);
    return;
  }
  connection->stream->send(what.bytes);
  if (what.filler > 0) {
    connection->stream->send(std::string(what.filler, ' '));
  }
  switch (what.end) {
    case Spoiled::End::stays_open:
      break;
    case Spoiled::End::good:
      done(connection);
      break;
    case Spoiled::End::closed:
      connection->stream->close_when_sent();
      break;
    case Spoiled::End::reset: {
      const linger at_once{.l_onoff = 1, .l_linger = 0};
      ::setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      gone(connection);
      break;
    }
  }
}

void FaultProxy::drip(const Held& connection, const std::string& bytes) {
  if (bytes.empty() || !connection->stream->is_open()) {
    return;
  }
  connection->stream->send(bytes.substr(0, 1));
  m_loop.after(k_drop, [this, weak = std::weak_ptr(connection), rest = bytes.substr(1)] {
    if (const auto self = weak.lock()) {
      drip(self, rest);
    }
  });
}

void FaultProxy::done(const Held& connection) {
  connection->busy = false;
  if (!connection->reader.is_empty()) {
    received(connection);
  }
}

void FaultProxy::gone(const Held& connection) {
  connection->stream->close();
  m_connections.erase(connection);
}

void FaultProxy::drop_all() {
  for (const auto& connection : std::exchange(m_connections, {})) {
    connection->stream->close();
  }
}

}  // namespace kscale::faults
