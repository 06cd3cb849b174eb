#include "tests/sandbox/client.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace kscale::sandbox {

struct Client::Exchange {
  Address to;
  std::string bytes;
  bool head_only = false;
  Done done;
  Loop::Timer deadline;
  std::shared_ptr<Stream> stream;
  MessageReader reader{MessageReader::Kind::response};
  bool reused = false;
};

Client::~Client() {
  drop_all();
}

void Client::send(const Address& to, const Message& request, Done done) {
  auto exchange = std::make_shared<Exchange>();
  exchange->to = to;
  exchange->bytes = written(request, fmt::format("{}:{}", to.ip, to.port));
  exchange->head_only = request.method == "HEAD";
  exchange->done = std::move(done);
  exchange->deadline = m_loop.after(m_deadline, [this, weak = std::weak_ptr(exchange)] {
    if (const auto self = weak.lock()) {
      self->stream->close();
      finish(self,
             fail(Errc::timed_out, "no answer from {}:{} in {} ms", self->to.ip, self->to.port, m_deadline.count()));
    }
  });
  m_under_way.insert(exchange);
  send_on(exchange, false);
}

void Client::send_on(const std::shared_ptr<Exchange>& exchange, bool fresh) {
  auto& idle = m_idle[exchange->to];
  exchange->reused = !fresh && !idle.empty();
  if (exchange->reused) {
    exchange->stream = std::move(idle.back());
    idle.pop_back();
  } else {
    exchange->stream = connect_to(m_loop, exchange->to);
  }
  exchange->reader = MessageReader(MessageReader::Kind::response);
  exchange->reader.expect_no_body(exchange->head_only);
  const std::weak_ptr<Exchange> weak = exchange;
  const auto received_bytes = [this, weak](std::string_view bytes) {
    if (const auto self = weak.lock()) {
      self->reader.add(bytes);
      received(self, false);
    }
  };
  const auto ended = [this, weak] {
    if (const auto self = weak.lock()) {
      received(self, true);
    }
  };
  if (exchange->reused) {
    exchange->stream->listen(received_bytes, ended);
  } else {
    exchange->stream->open(received_bytes, ended);
  }
  exchange->stream->send(exchange->bytes);
}

void Client::received(const std::shared_ptr<Exchange>& exchange, bool ended) {
  const bool answered = !exchange->reader.is_empty();
  auto message = exchange->reader.next(ended);
  if (message) {
    const bool keeps = message->keep_alive && !ended && exchange->reader.is_empty();
    if (keeps) {
      keep(exchange->to, exchange->stream);
    } else {
      exchange->stream->close();
    }
    finish(exchange, std::move(*message));
  } else if (exchange->reader.is_broken()) {
    exchange->stream->close();
    finish(exchange, fail(Errc::failed, "{}:{} does not speak HTTP", exchange->to.ip, exchange->to.port));
  } else if (ended) {
    if (exchange->reused && !answered) {
      send_on(exchange, true);
    } else {
      broke_off(exchange);
    }
  }
}

void Client::broke_off(const std::shared_ptr<Exchange>& exchange) {
  const auto& [ip, port] = exchange->to;
  finish(exchange, exchange->stream->was_connected()
                       ? fail(Errc::failed, "{}:{} closed the connection before it had answered", ip, port)
                       : fail(Errc::unreachable, "no connection to {}:{}", ip, port));
}

void Client::finish(const std::shared_ptr<Exchange>& exchange, Result<Message> outcome) {
  m_loop.cancel(exchange->deadline);
  m_under_way.erase(exchange);
  exchange->done(std::move(outcome));
}

void Client::keep(const Address& address, const std::shared_ptr<Stream>& stream) {
  const std::weak_ptr<Stream> weak = stream;
  const auto leave = [this, address, weak] {
    auto& idle = m_idle[address];
    std::erase_if(idle, [&](const auto& each) { return each == weak.lock(); });
  };
  // A peer that speaks without being asked has lost its way.
  stream->listen(
      [leave, weak](std::string_view) {
        if (const auto self = weak.lock()) {
          self->close();
        }
        leave();
      },
      leave);
  m_idle[address].push_back(stream);
}

void Client::drop_all() {
  for (const auto& exchange : m_under_way) {
    m_loop.cancel(exchange->deadline);
    exchange->stream->close();
  }
  m_under_way.clear();
  m_idle.clear();
}

}  // namespace kscale::sandbox
