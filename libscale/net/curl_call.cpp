#include "libscale/net/curl_call.hpp"

#include <algorithm>
#include <cctype>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include <fcntl.h>

#include "libscale/base/printable.hpp"
#include "libscale/base/text.hpp"

namespace kscale::net {

namespace {

constexpr std::size_t k_max_head = std::size_t{64} * 1024;  ///< of all header sections of an answer together

void append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) {
    throw std::bad_alloc();
  }
  std::ignore = list.release();
  list.reset(longer);
}

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

bool is_https(const Request& request) {
  return curl_strnequal(request.to.base_url.c_str(), "https://", 8) != 0;
}

std::string lower_first(std::string text) {
  text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string words_of(const Call& call, CURLcode code) {
  return printable(call.words.front() != '\0' ? call.words.data() : curl_easy_strerror(code));
}

std::string why_not_connected(const Call& call, CURLcode code) {
  const long os_error = os_error_of(call);
  return lower_first(code == CURLE_COULDNT_CONNECT && os_error != 0
                         ? std::generic_category().message(static_cast<int>(os_error))
                         : words_of(call, code));
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

/// Whether any of the request may have reached the peer.
bool was_sent(const Call& call) {
  curl_off_t until_sending = 0;  // the size of the request is not told by all versions
  check(curl_easy_getinfo(call.easy.get(), CURLINFO_PRETRANSFER_TIME_T, &until_sending));
  return until_sending > 0;
}

tl::unexpected<Error> failure_of(const Call& call, CURLcode code) {
  const Request& request = call.request;
  const std::string peer = request.to.shown();
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return was_sent(call)
                 ? timed_out(request)
                 : fail(Errc::unreachable, "cannot connect to {}: no answer in {}", peer, in_seconds(request.deadline));
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

}  // namespace

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

bool Incoming::take_head_line(std::string_view line) {
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
    response.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  return true;
}

bool Incoming::take_body(std::string_view piece) {
  if (piece.size() > max_body - response.body.size()) {
    broken = Bound::body;
    return false;
  }
  response.body.append(piece);
  return true;
}

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

long os_error_of(const Call& call) {
  long os_error = 0;
  check(curl_easy_getinfo(call.easy.get(), CURLINFO_OS_ERRNO, &os_error));
  return os_error;
}

bool queue_is_full(const Call& call, CURLcode code) {
  return code == CURLE_COULDNT_CONNECT && !call.request.to.unix_socket.empty() && os_error_of(call) == 0;
}

tl::unexpected<Error> timed_out(const Request& request) {
  return fail(Errc::timed_out, "no answer from {} in {}", request.to.shown(), in_seconds(request.deadline));
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

}  // namespace kscale::net
