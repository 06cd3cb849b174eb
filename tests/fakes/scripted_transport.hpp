#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "libscale/net/http.hpp"

namespace kscale::fakes {

/// A peer that was told beforehand what it will be asked, in which order, and what to answer. Anything else that is
/// asked fails the test.
class ScriptedTransport final : public net::HttpTransport {
 public:
  /// The next request must be `asked`, "GET /status".
  void expect(std::string asked, Result<net::Response> answer) {
    m_script.emplace_back(std::move(asked), std::move(answer));
  }
  void expect(std::string asked, int status, std::string body = {}, std::vector<net::Header> headers = {}) {
    expect(std::move(asked), net::Response{.status = status, .headers = std::move(headers), .body = std::move(body)});
  }

  std::vector<Result<net::Response>> send_all(const std::vector<net::Request>& requests) override {
    if (!requests.empty()) {
      batches.push_back(requests.size());
    }
    std::vector<Result<net::Response>> answers;
    for (const auto& request : requests) {
      REQUIRE_FALSE(m_script.empty());
      CHECK(fmt::format("{} {}", name_of(request.method), request.path) == m_script.front().first);
      answers.push_back(std::move(m_script.front().second));
      m_script.pop_front();
      sent.push_back(request);
    }
    return answers;
  }

  bool is_done() const { return m_script.empty(); }

  std::vector<net::Request> sent;
  std::vector<std::size_t> batches;  ///< how many requests went out together, call by call

 private:
  std::deque<std::pair<std::string, Result<net::Response>>> m_script;
};

}  // namespace kscale::fakes
