#include "tests/sandbox/load.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace kscale::sandbox {

namespace {

using json::Value;
using std::chrono::duration_cast;

constexpr std::chrono::milliseconds k_deadline{30'000};

Value milliseconds_json(const std::optional<Milliseconds>& latency) {
  return latency ? Value(std::round(latency->count() * 10) / 10) : Value{};
}

std::string milliseconds_text(const std::optional<Milliseconds>& latency) {
  return latency ? fmt::format("{:.1f} ms", latency->count()) : std::string("-");
}

template <class Key>
Value counts_json(const std::map<Key, std::uint64_t>& counts) {
  Value json = Value::object();
  for (const auto& [key, count] : counts) {
    json.set(fmt::format("{}", key), count);
  }
  return json;
}

}  // namespace

std::uint64_t LoadReport::failed() const {
  std::uint64_t count = no_connection;
  for (const auto& [status, times] : by_status) {
    count += status >= 500 ? times : 0;
  }
  return count;
}

std::optional<Milliseconds> LoadReport::latency(double share) const {
  if (latencies_ms.empty()) {
    return std::nullopt;
  }
  auto sorted = latencies_ms;
  const auto last = static_cast<double>(sorted.size() - 1);
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(std::lround(last * share));
  std::nth_element(sorted.begin(), at, sorted.end());
  return Milliseconds(*at);
}

Value json_of(const LoadReport& report) {
  return Value::Object{
      {"sent", report.sent},
      {"answered", report.answered},
      {"failed", report.failed()},
      {"no_connection", report.no_connection},
      {"in_flight", report.in_flight},
      {"waiting", report.waiting},
      {"running", report.running},
      {"by_status", counts_json(report.by_status)},
      {"by_backend", counts_json(report.by_backend)},
      {"latency_p50_ms", milliseconds_json(report.latency(0.5))},
      {"latency_p95_ms", milliseconds_json(report.latency(0.95))},
      {"latency_max_ms", milliseconds_json(report.latency(1))},
  };
}

std::string text_of(const LoadReport& report) {
  std::string text =
      fmt::format("requests: {} sent, {} answered, {} failed\n", report.sent, report.answered, report.failed());
  for (const auto& [status, count] : report.by_status) {
    text += fmt::format("  {}: {}\n", status, count);
  }
  if (report.no_connection > 0) {
    text += fmt::format("  no answer: {}\n", report.no_connection);
  }
  for (const auto& [backend, count] : report.by_backend) {
    text += fmt::format("  {}: {}\n", backend, count);
  }
  return text + fmt::format("latency: p50 {}, p95 {}, max {}\n", milliseconds_text(report.latency(0.5)),
                            milliseconds_text(report.latency(0.95)), milliseconds_text(report.latency(1)));
}

Load::Load(Loop& loop, Address to, LoadPaths paths, std::size_t connections)
    : m_loop(loop),
      m_to(std::move(to)),
      m_paths(std::move(paths)),
      m_connections(connections),
      m_client(loop, k_deadline) {}

void Load::start(LoadShape shape) {
  if (m_next) {
    m_loop.cancel(*std::exchange(m_next, std::nullopt));
  }
  m_arrivals.emplace(std::move(shape));
  m_began = Loop::now();
  schedule();
}

void Load::stop() {
  if (m_next) {
    m_loop.cancel(*std::exchange(m_next, std::nullopt));
  }
  m_arrivals.reset();
  m_waiting.clear();
  m_client.drop_all();
  m_in_flight = 0;
}

void Load::reset() {
  m_report = {};
}

LoadReport Load::report() const {
  LoadReport report = m_report;
  report.in_flight = m_in_flight;
  report.waiting = m_waiting.size();
  report.running = m_arrivals.has_value() || m_in_flight > 0;
  return report;
}

void Load::schedule() {
  const auto next = m_arrivals->next();
  if (!next) {
    m_arrivals.reset();
    m_next.reset();
    return;
  }
  const auto time = m_began + duration_cast<Loop::Span>(*next);
  m_next = m_loop.at(time, [this, time] { due(time); });
}

void Load::due(Loop::Time time) {
  if (m_in_flight < m_connections) {
    send(time);
  } else {
    m_waiting.push_back(time);
  }
  schedule();
}

void Load::send(Loop::Time due_at) {
  ++m_in_flight;
  ++m_report.sent;
  Message request;
  request.method = "GET";
  const bool is_slow = m_paths.slow_every > 0 && m_report.sent % m_paths.slow_every == 0;
  request.target = is_slow ? m_paths.slow_path : m_paths.path;
  m_client.send(m_to, request, [this, due_at](const Result<Message>& outcome) { finished(due_at, outcome); });
}

void Load::finished(Loop::Time due_at, const Result<Message>& outcome) {
  --m_in_flight;
  if (outcome) {
    ++m_report.answered;
    ++m_report.by_status[outcome->status];
    const auto backend = header_of(outcome->headers, "x-backend");
    if (!backend.empty()) {
      ++m_report.by_backend[std::string(backend)];
    }
    m_report.latencies_ms.push_back(static_cast<float>(Milliseconds(Loop::now() - due_at).count()));
  } else {
    ++m_report.no_connection;
  }
  if (!m_waiting.empty() && m_in_flight < m_connections) {
    const auto next = m_waiting.front();
    m_waiting.pop_front();
    send(next);
  }
}

}  // namespace kscale::sandbox
