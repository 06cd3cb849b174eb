#include "libscale/net/curl_transport.hpp"

#include <algorithm>
#include <utility>

#include <poll.h>

#include "libscale/net/curl_call.hpp"

namespace kscale::net {

namespace {

constexpr std::chrono::milliseconds k_queue_pause{5};   ///< before another try at a full queue
constexpr std::chrono::milliseconds k_stop_grace{700};  ///< for the answer to a change when we are told to stop
constexpr long k_kept_connections = 512;                ///< an engine is asked about hundreds of containers at once

}  // namespace

/// The connections and handles that are kept between calls.
class CurlConnections {
 public:
  explicit CurlConnections(int stop_fd) : m_stop_fd(stop_fd) {
    static const CURLcode k_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    check(k_ready);
    m_multi.reset(curl_multi_init());
    if (m_multi == nullptr) {
      throw std::bad_alloc();
    }
    check(curl_multi_setopt(m_multi.get(), CURLMOPT_MAXCONNECTS, k_kept_connections));
  }

  CURLM* multi() const { return m_multi.get(); }
  int stop_fd() const { return m_stop_fd; }

  bool told_to_stop() const {
    pollfd stop{.fd = m_stop_fd, .events = POLLIN, .revents = 0};  // poll passes over a negative descriptor
    return poll(&stop, 1, 0) > 0;
  }

  Easy take_handle() {
    if (m_idle.empty()) {
      Easy easy(curl_easy_init());
      return easy != nullptr ? std::move(easy) : throw std::bad_alloc();
    }
    Easy easy = std::move(m_idle.back());
    m_idle.pop_back();
    return easy;
  }

  void give_back(Easy easy) {
    curl_easy_reset(easy.get());
    m_idle.push_back(std::move(easy));
  }

 private:
  int m_stop_fd;
  Multi m_multi;
  std::vector<Easy> m_idle;
};

namespace {

/// The calls of one `send_all`.
class Batch {
 public:
  Batch(CurlConnections& connections, const std::vector<Request>& requests)
      : m_connections(connections), m_requests(requests), m_results(requests.size()), m_calls(requests.size()) {}
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() {
    for (const auto& call : m_calls) {
      if (call != nullptr) {
        curl_multi_remove_handle(m_connections.multi(), call->easy.get());
      }
    }
  }

  std::vector<Result<Response>> run() {
    for (std::size_t place = 0; place < m_requests.size(); ++place) {
      begin(place);
    }
    int running = 0;
    do {
      heed_stop();
      try_again();
      check(curl_multi_perform(m_connections.multi(), &running));
      m_sent = true;
      collect();
      if (running > 0 || !m_queued.empty()) {
        pause();
      }
    } while (running > 0 || !m_queued.empty());
    return std::move(m_results);
  }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  void begin(std::size_t place) {
    const Request& request = m_requests[place];
    if (const auto status = sendable(request); !status) {
      m_results[place] = tl::unexpected(status.error());
      return;
    }
    auto call = std::make_unique<Call>(Call{.request = request, .place = place, .easy = m_connections.take_handle()});
    prepare(*call);
    check(curl_multi_add_handle(m_connections.multi(), call->easy.get()));
    m_calls[place] = std::move(call);
  }

  /// Gives up what is to be given up by now, if we were told to stop.
  void heed_stop() {
    if (!m_grace_end && m_connections.told_to_stop()) {
      m_grace_end = std::chrono::steady_clock::now() + k_stop_grace;
      give_up(Urgency::interruptible);
      for (const std::size_t place : m_queued) {
        give_up_unsent(place);
      }
      if (!m_sent) {
        give_up(Urgency::change);
      }
    }
    if (m_grace_end && std::chrono::steady_clock::now() >= *m_grace_end) {
      give_up(Urgency::change);
    }
  }

  void give_up(Urgency urgency) {
    for (const auto& call : m_calls) {
      if (call != nullptr && call->request.urgency == urgency) {
        end(*call, interrupted());
      }
    }
  }

  void give_up_unsent(std::size_t place) {
    if (m_calls[place] != nullptr && m_calls[place]->request.urgency == Urgency::change) {
      end(*m_calls[place], interrupted());
    }
  }

  static tl::unexpected<Error> interrupted() { return fail(Errc::interrupted, "interrupted"); }

  /// Waits for something to happen, or for the time to look by oneself.
  void pause() {
    std::chrono::milliseconds longest = m_queued.empty() ? std::chrono::milliseconds{1000} : k_queue_pause;
    if (m_grace_end) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*m_grace_end - std::chrono::steady_clock::now());
      longest = left.count() > 0 ? std::min(longest, left) : longest;
    }
    curl_waitfd stop{.fd = m_connections.stop_fd(), .events = CURL_WAIT_POLLIN, .revents = 0};
    const bool watch = !m_grace_end && stop.fd >= 0;
    check(curl_multi_poll(m_connections.multi(), &stop, watch ? 1 : 0, static_cast<int>(longest.count()), nullptr));
  }

  void collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(m_connections.multi(), &left)) {
      if (message->msg == CURLMSG_DONE) {
        const CURLcode code = message->data.result;
        void* call = nullptr;
        check(curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call));
        conclude(*static_cast<Call*>(call), code);
      }
    }
  }

  void conclude(Call& call, CURLcode code) {
    if (queue_is_full(call, code)) {
      curl_multi_remove_handle(m_connections.multi(), call.easy.get());
      m_queued.push_back(call.place);
      if (m_grace_end) {
        give_up_unsent(call.place);
      }
    } else {
      end(call, outcome_of(call, code));
    }
  }

  void try_again() {
    for (const std::size_t place : std::exchange(m_queued, {})) {
      if (m_calls[place] == nullptr) {
        continue;  // interrupted meanwhile
      }
      Call& call = *m_calls[place];
      call.queued = std::chrono::steady_clock::now() - call.begun;
      if (time_left(call).count() <= 0) {
        end(call, timed_out(call.request));
      } else {
        set_deadline(call);
        check(curl_multi_add_handle(m_connections.multi(), call.easy.get()));
      }
    }
  }

  void end(Call& call, Result<Response> result) {
    // libcurl keeps the error number of a connection that failed, even through a reset, and it would be taken for that
    // of a later call.
    const bool is_clean = result.has_value() && os_error_of(call) == 0;
    m_results[call.place] = std::move(result);
    const auto ended = std::move(m_calls[call.place]);
    curl_multi_remove_handle(m_connections.multi(), ended->easy.get());
    if (is_clean) {
      m_connections.give_back(std::move(ended->easy));
    }
  }

  CurlConnections& m_connections;
  const std::vector<Request>& m_requests;
  std::vector<Result<Response>> m_results;
  std::vector<std::unique_ptr<Call>> m_calls;  ///< at the place of its request; null once it has ended
  std::vector<std::size_t> m_queued;           ///< places of calls that found a full queue and try again
  bool m_sent = false;                         ///< whether anything can have gone out
  std::optional<SteadyTime> m_grace_end;       ///< once we were told to stop
};

}  // namespace

CurlTransport::CurlTransport(int stop_fd) : m_connections(std::make_unique<CurlConnections>(stop_fd)) {}

CurlTransport::~CurlTransport() = default;

std::vector<Result<Response>> CurlTransport::send_all(const std::vector<Request>& requests) {
  return Batch(*m_connections, requests).run();
}

}  // namespace kscale::net
