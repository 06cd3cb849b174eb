#pragma once

#include <string>
#include <utility>

#include "libscale/net/json.hpp"
#include "tests/sandbox/docker/docker.hpp"

namespace kscale::sandbox {

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
