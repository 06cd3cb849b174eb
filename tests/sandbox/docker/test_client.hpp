#pragma once

#include <string>
#include <utility>

#include "libscale/base/clock.hpp"
#include "libscale/net/json.hpp"
#include "tests/sandbox/docker/docker.hpp"

namespace kscale::sandbox {

/// A clock that only moves when it is told or waited on.
class HandClock final : public Clock {
 public:
  Now now() override { return m_now; }

  Waited wait(std::chrono::nanoseconds span) override {
    move(span);
    return Waited::whole;
  }

  void move(std::chrono::nanoseconds span) {
    m_now.instant += span;
    m_now.wall += std::chrono::duration_cast<std::chrono::milliseconds>(span);
  }

 private:
  Now m_now{.instant = Instant{std::chrono::hours(1)}, .wall = WallTime{std::chrono::milliseconds(1'795'476'124'443)}};
};

inline Answer get(Docker& docker, std::string target) {
  return docker.answer({.method = "GET", .target = std::move(target), .headers = {}, .body = {}});
}

inline Answer post(Docker& docker, std::string target, std::string body = {}) {
  return docker.answer({.method = "POST",
                        .target = std::move(target),
                        .headers = {{"Content-Type", "application/json"}},
                        .body = std::move(body)});
}

inline Answer del(Docker& docker, std::string target) {
  return docker.answer({.method = "DELETE", .target = std::move(target), .headers = {}, .body = {}});
}

inline json::Value json_of(const Answer& answer) {
  return json::parse(answer.body).value_or(json::Value{});
}

inline std::string message_of(const Answer& answer) {
  return json_of(answer)["message"].text_or("");
}

}  // namespace kscale::sandbox
