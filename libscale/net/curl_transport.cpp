#include "libscale/net/curl_transport.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include <curl/curl.h>
#include <fcntl.h>
#include <poll.h>

#include "libscale/base/printable.hpp"

namespace kscale::net {

namespace {

constexpr std::size_t k_max_head = std::size_t{64} * 1024;  ///< of all header sections of an answer together
constexpr std::chrono::milliseconds k_queue_pause{5};       ///< before another try at a full queue
constexpr std::chrono::milliseconds k_stop_grace{700};      ///< for the answer to a change when we are told to stop
constexpr long k_kept_connections = 512;                    ///< an engine is asked about hundreds of containers at once

struct EasyCleanup {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiCleanup {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListCleanup {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyCleanup>;
using Multi = std::unique_ptr<CURLM, MultiCleanup>;
using List = std::unique_ptr<curl_slist, ListCleanup>;

void check(CURLcode code) {
  if (code != CURLE_OK) {
    throw std::runtime_error(fmt::format("libcurl: {}", curl_easy_strerror(code)));
  }
}

void check(CURLMcode code) {
  if (code != CURLM_OK) {
    throw std::runtime_error(fmt::format("libcurl: {}", curl_multi_strerror(code)));
  }
}

void append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) {
    throw std::bad_alloc();
  }
  std::ignore = list.release();
  list.reset(longer);
}

/// What has arrived of one answer, within its bounds.
struct Incoming {
  enum class Bound { kept, head, body };

  Response response;
  std::size_t max_body = 0;
  std::size_t head_bytes = 0;
  bool head_ended = false;
  Bound broken = Bound::kept;

  /// One line of a header section. A new status line begins a new section, that of an answer that replaces the one
  /// before (100 Continue); lines after the body are trailers and not kept.
  bool take_head_line(std::string_view line) {
    head_bytes += line.size();
    if (head_bytes > k_max_head) {
      broken = Bound::head;
      return false;
    }
    line = line.substr(0, line.find_last_not_of("\r\n") + 1);
    if (line.starts_with("HTTP/")) {
      response.headers.clear();
      head_ended = false;
    } else if (line.empty()) {
      head_ended = true;
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos && !head_ended) {
      const auto value = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
      const auto end = std::max(line.find_last_not_of(" \t") + 1, value);
      response.headers.emplace_back(line.substr(0, colon), line.substr(value, end - value));
    }
    return true;
  }

  bool take_body(std::string_view piece) {
    if (piece.size() > max_body - response.body.size()) {
      broken = Bound::body;
      return false;
    }
    response.body.append(piece);
    return true;
  }
};

// An exception cannot pass through libcurl, so out of memory ends the program in these two.
std::size_t on_head_line(char* data, std::size_t size, std::size_t count, void* incoming) noexcept {
  return static_cast<Incoming*>(incoming)->take_head_line({data, size * count}) ? size * count : 0;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* incoming) noexcept {
  return static_cast<Incoming*>(incoming)->take_body({data, size * count}) ? size * count : 0;
}

/// No program that we start may hold a connection of ours.
int on_socket(void* /*unused*/, curl_socket_t socket, curlsocktype /*purpose*/) noexcept {
  fcntl(socket, F_SETFD, FD_CLOEXEC);
  return CURL_SOCKOPT_OK;
}

/// One request under way. The request is lent and must outlive the call.
struct Call {
  const Request& request;
  std::size_t place;  ///< among the requests of its `send_all`
  Easy easy;
  List headers;
  Incoming incoming;
  std::array<char, CURL_ERROR_SIZE> words{};  ///< libcurl's own account of a failure
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
  std::chrono::nanoseconds queued{};  ///< from the begin to this attempt
};

void set_method_and_body(CURL* easy, const Request& request) {
  const bool has_body = !request.body.empty();
  const bool wants_body =
      request.method == Method::post || request.method == Method::put || request.method == Method::patch;
  if (has_body || wants_body) {
    check(curl_easy_setopt(easy, CURLOPT_POST, 1L));
    check(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size())));
    check(curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data()));
  }
  if (request.method == Method::head) {
    check(curl_easy_setopt(easy, CURLOPT_NOBODY, 1L));
  } else {
    check(curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, std::string(name_of(request.method)).c_str()));
    // The length that a HEAD announces is of no body that comes.
    check(curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.max_answer)));
  }
}

void set_headers(Call& call) {
  // libcurl adds these two on its own; a name without a value takes them out.
  append(call.headers, "Expect:");
  bool has_type = false;
  for (const auto* some : {&call.request.to.headers, &call.request.headers}) {
    for (const auto& [name, value] : *some) {
      append(call.headers, value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
      has_type = has_type || curl_strequal(name.c_str(), "Content-Type") != 0;
    }
  }
  if (!has_type) {
    append(call.headers, "Content-Type:");
  }
  check(curl_easy_setopt(call.easy.get(), CURLOPT_HTTPHEADER, call.headers.get()));
}

void set_tls(CURL* easy, const Tls& tls) {
  check(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L));
  check(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L));
  if (!tls.ca_file.empty()) {
    check(curl_easy_setopt(easy, CURLOPT_CAINFO, tls.ca_file.c_str()));
    check(curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr));  // else the system's authorities would do as well
  }
  if (!tls.client_cert_file.empty()) {
    check(curl_easy_setopt(easy, CURLOPT_SSLCERT, tls.client_cert_file.c_str()));
  }
  if (!tls.client_key_file.empty()) {
    check(curl_easy_setopt(easy, CURLOPT_SSLKEY, tls.client_key_file.c_str()));
  }
  check(curl_easy_setopt(easy, CURLOPT_KEYPASSWD, ""));  // else a locked key would be asked for on the terminal
}

/// The time that is left of the deadline.
std::chrono::milliseconds time_left(const Call& call) {
  return call.request.deadline - std::chrono::duration_cast<std::chrono::milliseconds>(call.queued);
}

void set_deadline(const Call& call) {
  // Zero would mean no deadline at all.
  const auto left =
      std::clamp<std::chrono::milliseconds::rep>(time_left(call).count(), 1, std::numeric_limits<int>::max());
  check(curl_easy_setopt(call.easy.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(left)));
}

void prepare(Call& call) {
  CURL* easy = call.easy.get();
  const Request& request = call.request;
  check(curl_easy_setopt(easy, CURLOPT_PRIVATE, &call));
  check(curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call.words.data()));
  check(curl_easy_setopt(easy, CURLOPT_URL, (request.to.base_url + request.path).c_str()));
  check(curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L));
  check(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1}));
  check(curl_easy_setopt(easy, CURLOPT_USERAGENT, "kscale/" KSCALE_VERSION));
  check(curl_easy_setopt(easy, CURLOPT_PROXY, ""));
  check(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
  check(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
#if LIBCURL_VERSION_NUM >= 0x075700
  // Else a deadline that passes while a name is resolved would wait for the resolver.
  check(curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L));
#endif
  if (!request.to.unix_socket.empty()) {
    check(curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request.to.unix_socket.c_str()));
  }
  set_deadline(call);
  call.incoming.max_body = request.max_answer;
  check(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head_line));
  check(curl_easy_setopt(easy, CURLOPT_HEADERDATA, &call.incoming));
  check(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body));
  check(curl_easy_setopt(easy, CURLOPT_WRITEDATA, &call.incoming));
  check(curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket));
  set_method_and_body(easy, request);
  set_headers(call);
  set_tls(easy, request.to.tls);
}

bool is_https(const Request& request) {
  return curl_strnequal(request.to.base_url.c_str(), "https://", 8) != 0;
}

/// What no server may be sent.
Status sendable(const Request& request) {
  constexpr std::string_view k_breaks("\r\n\0", 3);
  if (!is_https(request) && curl_strnequal(request.to.base_url.c_str(), "http://", 7) == 0) {
    return fail(Errc::invalid, "'{}' is no http or https address", request.to.shown());
  }
  if ((request.to.base_url + request.path + request.to.unix_socket).find('\0') != std::string::npos) {
    return fail(Errc::invalid, "a zero byte in an address at {}", request.to.shown());
  }
  for (const auto* some : {&request.to.headers, &request.headers}) {
    for (const auto& [name, value] : *some) {
      if ((name + value).find_first_of(k_breaks) != std::string::npos || name.empty()) {
        return fail(Errc::invalid, "a header for {} has no name, or a line break in it", request.to.shown());
      }
    }
  }
  return {};
}

std::string lower_first(std::string text) {
  text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string words_of(const Call& call, CURLcode code) {
  return printable(call.words.front() != '\0' ? call.words.data() : curl_easy_strerror(code));
}

long os_error_of(const Call& call) {
  long os_error = 0;
  check(curl_easy_getinfo(call.easy.get(), CURLINFO_OS_ERRNO, &os_error));
  return os_error;
}

/// Whether more callers wait at a unix socket than it lets wait. connect() then says "try again", of which libcurl
/// makes a failure without a cause.
bool queue_is_full(const Call& call, CURLcode code) {
  return code == CURLE_COULDNT_CONNECT && !call.request.to.unix_socket.empty() && os_error_of(call) == 0;
}

std::string why_not_connected(const Call& call, CURLcode code) {
  const long os_error = os_error_of(call);
  return lower_first(code == CURLE_COULDNT_CONNECT && os_error != 0
                         ? std::generic_category().message(static_cast<int>(os_error))
                         : words_of(call, code));
}

std::string in_seconds(std::chrono::milliseconds span) {
  return span.count() % 1000 == 0 ? fmt::format("{}s", span.count() / 1000) : fmt::format("{}ms", span.count());
}

tl::unexpected<Error> timed_out(const Request& request) {
  return fail(Errc::timed_out, "no answer from {} in {}", request.to.shown(), in_seconds(request.deadline));
}

/// With TLS 1.3 a server refuses our certificate only after the handshake, by an alert; when it closes at once, the
/// alert may be lost.
tl::unexpected<Error> broken_off(const Call& call, CURLcode code) {
  const std::string peer = call.request.to.shown();
  if (is_https(call.request) && call.incoming.head_bytes == 0) {
    if (std::string_view(call.words.data()).find("alert") != std::string_view::npos) {
      return fail(Errc::unauthorized, "TLS with {} failed: {}", peer, words_of(call, code));
    }
    return fail(Errc::unreachable,
                "the connection to {} broke off after the handshake; does it want another certificate?", peer);
  }
  return fail(Errc::unreachable, "the connection to {} broke off", peer);
}

tl::unexpected<Error> too_long(const Call& call) {
  const std::string peer = call.request.to.shown();
  return call.incoming.broken == Incoming::Bound::head
             ? fail(Errc::invalid, "the headers of the answer of {} are longer than {} bytes", peer, k_max_head)
             : fail(Errc::invalid, "the answer of {} is longer than {} bytes", peer, call.request.max_answer);
}

tl::unexpected<Error> failure_of(const Call& call, CURLcode code) {
  const Request& request = call.request;
  const std::string peer = request.to.shown();
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out(request);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return fail(Errc::unreachable, "cannot connect to {}: {}", peer, why_not_connected(call, code));
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return broken_off(call, code);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return fail(Errc::unauthorized, "TLS with {} failed: {}", peer, words_of(call, code));
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_WRITE_ERROR:
      return too_long(call);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return fail(Errc::invalid, "the answer of {} is not HTTP", peer);
    case CURLE_URL_MALFORMAT:
      return fail(Errc::invalid, "not a valid URL at {}", peer);
    default:
      return fail(Errc::failed, "the call to {} failed: {}", peer, lower_first(words_of(call, code)));
  }
}

Result<Response> outcome_of(Call& call, CURLcode code) {
  if (code == CURLE_OUT_OF_MEMORY && !call.incoming.head_ended) {
    // What libcurl says of a header line longer than its own bound.
    call.incoming.broken = Incoming::Bound::head;
    return too_long(call);
  }
  if (code != CURLE_OK) {
    return failure_of(call, code);
  }
  long status = 0;
  curl_off_t elapsed = 0;
  check(curl_easy_getinfo(call.easy.get(), CURLINFO_RESPONSE_CODE, &status));
  check(curl_easy_getinfo(call.easy.get(), CURLINFO_TOTAL_TIME_T, &elapsed));
  Response response = std::move(call.incoming.response);
  response.status = static_cast<int>(status);
  response.elapsed =
      std::chrono::microseconds{elapsed} + std::chrono::duration_cast<std::chrono::microseconds>(call.queued);
  return response;
}

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
