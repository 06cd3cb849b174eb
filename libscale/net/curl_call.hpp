#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include <curl/curl.h>

#include "libscale/base/result.hpp"
#include "libscale/net/http.hpp"

// One request through libcurl, from its options to its outcome. For `curl_transport` alone.
namespace kscale::net {

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

/// Throws where libcurl says that it was called wrongly: that is a fault of ours.
void check(CURLcode code);
void check(CURLMcode code);

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
  bool take_head_line(std::string_view line);
  bool take_body(std::string_view piece);
};

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

/// Whether the request is one that can be sent; `invalid` if not.
Status sendable(const Request& request);

/// Sets all of the call's options.
void prepare(Call& call);

/// The time that is left of the deadline.
std::chrono::milliseconds time_left(const Call& call);
/// Lets libcurl end the call when that is over.
void set_deadline(const Call& call);

/// Whether more callers wait at a unix socket than it lets wait. connect() then says "try again", of which libcurl
/// makes a failure without a cause.
bool queue_is_full(const Call& call, CURLcode code);

/// The operating system's error of the last attempt to connect; 0 where there was none.
long os_error_of(const Call& call);

/// What is told of a call whose deadline has passed.
tl::unexpected<Error> timed_out(const Request& request);

/// The answer, or what libcurl's code means for the caller.
Result<Response> outcome_of(Call& call, CURLcode code);

}  // namespace kscale::net
