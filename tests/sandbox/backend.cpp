#include "tests/sandbox/backend.hpp"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "libscale/net/json.hpp"
#include "tests/sandbox/server.hpp"
#include "tests/sandbox/stream.hpp"

namespace kscale::sandbox {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::uint64_t k_own_memory = 48ULL * 1024 * 1024;
constexpr std::uint64_t k_memory_of_request = 96ULL * 1024;
constexpr double k_core = 1e9;  // in NanoCpus

double cores_of(const ContainerSpec& spec) {
  const auto nano = spec.body["HostConfig"]["NanoCpus"].as_number().value_or(0);
  return nano > 0 ? std::min(1.0, nano / k_core) : 1.0;
}

/// The N of `/slow?ms=N`.
milliseconds asked_wait(std::string_view target) {
  constexpr std::string_view k_parameter = "/slow?ms=";
  const auto at = target.find(k_parameter);
  int wait = 0;
  if (at != std::string_view::npos) {
    const auto number = target.substr(at + k_parameter.size());
    std::from_chars(number.data(), number.data() + number.size(), wait);
  }
  return milliseconds(wait);
}

/// What the loop and the container share; it lives until both are done with it.
struct Process {
  Process(Loop& the_loop, const BackendBehaviour& how) : loop(the_loop), behaviour(how) {}

  Loop& loop;
  const BackendBehaviour& behaviour;
  std::string instance;
  double cores = 1;

  // Of the loop.
  std::unique_ptr<Server> server;
  Loop::Time free_at{};
  bool draining = false;
  bool frozen = false;
  std::vector<std::pair<Message, Server::Reply>> held;

  // Read from anywhere.
  std::atomic<std::int64_t> cpu_ns{0};
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> waiting{0};
  std::atomic<std::uint64_t> served{0};
  std::atomic<bool> is_up{false};

  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;
  bool dropped = false;

  void end();
};

void Process::end() {
  if (server) {
    server->drop_all();
    server.reset();
  }
  held.clear();
  is_up = false;
  const std::lock_guard lock(mutex);
  ended = true;
  changed.notify_all();
}

Answer served_answer(const std::string& instance) {
  return {.status = 200,
          .content_type = "application/json; charset=utf-8",
          .body = json::dump(json::Value::Object{{"instance", instance}}),
          .headers = {{"x-backend", instance}}};
}

void serve(const std::shared_ptr<Process>& process, Message request, Server::Reply reply) {
  if (process->frozen) {
    process->held.emplace_back(std::move(request), std::move(reply));
    return;
  }
  process->received += 200 + request.body.size();
  const auto now = Loop::now();
  const auto begin = std::max(now, process->free_at);
  if (begin - now > process->behaviour.longest_wait) {
    reply({.status = 503,
           .content_type = "application/json; charset=utf-8",
           .body = R"({"message":"too many requests wait"})",
           .headers = {{"x-backend", process->instance}}});
    return;
  }
  const double capacity = process->behaviour.capacity;
  const auto of_the_core = duration_cast<nanoseconds>(std::chrono::duration<double>(1 / capacity));
  process->free_at = begin + duration_cast<nanoseconds>(of_the_core / process->cores);
  const auto done = process->free_at + process->behaviour.service_time + asked_wait(request.target);
  ++process->waiting;
  process->loop.at(done, [weak = std::weak_ptr(process), of_the_core, reply = std::move(reply)] {
    const auto self = weak.lock();
    if (!self || !self->server) {
      return;
    }
    --self->waiting;
    ++self->served;
    self->cpu_ns += of_the_core.count();
    const auto answer = served_answer(self->instance);
    self->sent += 200 + answer.body.size();
    reply(answer);
    if (self->draining && self->server->in_flight() == 0) {
      self->end();
    }
  });
}

class Backend final : public Workload {
 public:
  Backend(Loop& loop, const BackendBehaviour& behaviour) : m_process(std::make_shared<Process>(loop, behaviour)) {}

  ~Backend() override {
    m_process->loop.post([process = m_process] { process->end(); });
  }

  Status start(const ContainerSpec& spec, Now /*now*/) override {
    std::shared_ptr<Descriptor> socket;
    if (!spec.ports.empty()) {
      auto bound = bound_socket(spec.ports.front().host_port);
      if (!bound) {
        return fail(bound.error().code, "127.0.0.1:{}", spec.ports.front().host_port);
      }
      socket = std::make_shared<Descriptor>(std::move(*bound));
    }
    m_process->instance = spec.variable("INSTANCE_ID");
    m_process->cores = cores_of(spec);
    m_process->loop.post([process = m_process, socket, start_up = m_process->behaviour.start_up.load()] {
      process->loop.after(start_up, [process, socket] { come_up(process, socket); });
    });
    return {};
  }

  int stop(seconds grace) override {
    const bool gently = grace > seconds(0) && !m_process->behaviour.impolite;
    m_process->loop.post([process = m_process, gently] {
      if (gently && process->server && process->server->in_flight() > 0) {
        process->draining = true;
        process->server->close_door();
      } else {
        process->end();
      }
    });
    std::unique_lock lock(m_process->mutex);
    const auto has_ended = [this] { return m_process->ended; };
    // A whole day stands for ever: the clocks cannot add the longest span.
    if (!m_process->changed.wait_for(lock, std::min<seconds>(std::max(grace, seconds(1)), std::chrono::hours(24)),
                                     has_ended)) {
      m_process->dropped = true;
      m_process->loop.post([process = m_process] { process->end(); });
      m_process->changed.wait(lock, has_ended);
    }
    if (grace == seconds(0) || m_process->dropped) {
      return 137;
    }
    return m_process->behaviour.impolite ? 143 : 0;
  }

  WorkloadUsage usage(Now /*now*/) override {
    return {.cpu = nanoseconds(m_process->cpu_ns.load()),
            .memory = {k_own_memory + m_process->waiting.load() * k_memory_of_request},
            .received = {m_process->received.load()},
            .sent = {m_process->sent.load()}};
  }

  void freeze() override {
    m_process->loop.post([process = m_process] { process->frozen = true; });
  }

  void thaw() override {
    m_process->loop.post([process = m_process] {
      process->frozen = false;
      for (auto& [request, reply] : std::exchange(process->held, {})) {
        serve(process, std::move(request), std::move(reply));
      }
    });
  }

  std::string health() override { return m_process->is_up ? "healthy" : "starting"; }

  std::string log() override {
    return m_process->is_up ? fmt::format("listening on port 3020\nserved {} requests\n", m_process->served.load())
                            : std::string("starting\n");
  }

 private:
  static void come_up(const std::shared_ptr<Process>& process, const std::shared_ptr<Descriptor>& socket) {
    {
      const std::lock_guard lock(process->mutex);
      if (process->ended) {
        return;
      }
    }
    const std::weak_ptr<Process> weak = process;
    process->server = std::make_unique<Server>(process->loop, [weak](Message request, Server::Reply reply) {
      if (const auto self = weak.lock()) {
        serve(self, std::move(request), std::move(reply));
      }
    });
    if (socket) {
      process->server->listen(std::move(*socket));
    }
    process->is_up = true;
  }

  std::shared_ptr<Process> m_process;
};

}  // namespace

WorkloadFactory backends(Loop& loop, const BackendBehaviour& behaviour) {
  return [&loop, &behaviour](const ContainerSpec&) { return std::make_unique<Backend>(loop, behaviour); };
}

}  // namespace kscale::sandbox
