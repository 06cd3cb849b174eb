#include "tests/fuzz/hostile_transport.hpp"

#include <algorithm>
#include <string>

#include "libscale/base/number.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

Result<net::Response> answer_in(std::string_view part) {
  const auto first = part.substr(0, part.find('\n'));
  const auto body = part.substr(std::min(first.size() + 1, part.size()));
  const auto status = first.substr(0, first.find(' '));
  const std::string value(first.substr(std::min(status.size() + 1, first.size())));
  net::Response answer{.status = number_in<int>(status).value_or(200), .body = std::string(body)};
  for (const auto* const name : {"Api-Version", "Retry-After"}) {
    if (!value.empty()) {
      answer.headers.emplace_back(name, value);
    }
  }
  return answer;
}

bool is_clean(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::vector<Result<net::Response>> HostileTransport::send_all(const std::vector<net::Request>& requests) {
  std::vector<Result<net::Response>> answers;
  for (const auto& request : requests) {
    require(request.path.starts_with('/') && is_clean(request.path), "a path goes into a line of HTTP");
    for (const auto& [name, value] : request.headers) {
      require(is_clean(name) && value.find_first_of("\r\n") == std::string::npos, "a header is one line");
    }
    ++m_requests;
    if (m_bytes.empty()) {
      answers.emplace_back(fail(Errc::unreachable, "nobody answers"));
    } else {
      answers.push_back(answer_in(take_part(m_bytes)));
    }
  }
  return answers;
}

}  // namespace kscale::fuzz
