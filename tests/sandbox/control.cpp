#include "tests/sandbox/control.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace kscale::sandbox {

namespace {

Answer told(int status, const std::string& message) {
  return {.status = status,
          .content_type = "application/json",
          .body = json::dump(json::Value::Object{{"message", message}}) + "\n",
          .headers = {}};
}

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc{} && number >= 0 ? std::optional(number) : std::nullopt;
}

}  // namespace

void Control::answer(const Question& question, Server::Reply reply) {
  constexpr std::string_view k_exit = "/exit?";
  if (question.method == "POST" && question.target.starts_with(k_exit)) {
    m_crew.run([this, name = question.target.substr(k_exit.size()), reply = std::move(reply)] {
      const bool ran = m_docker.exit_container(name, 1);
      m_loop.post([ran, reply] { reply(ran ? told(200, "done") : told(404, "no such container runs")); });
    });
    return;
  }
  reply(answer_at_once(question));
}

Answer Control::answer_at_once(const Question& question) {
  if (question.method == "GET" && question.target == "/report") {
    return {.status = 200,
            .content_type = "application/json",
            .body = json::dump(json_of(m_load.report())) + "\n",
            .headers = {}};
  }
  if (question.method != "POST") {
    return told(404, "unknown");
  }
  const auto& path = question.target;
  if (path == "/load") {
    auto shape = parse_shape(question.body);
    if (!shape) {
      return told(400, shape.error().what);
    }
    m_load.start(std::move(*shape));
    return told(200, "load begins");
  }
  if (path == "/load/stop") {
    m_load.stop();
  } else if (path == "/load/reset") {
    m_load.reset();
  } else if (path == "/restart-kong") {
    m_kong.restart();
  } else if (path == "/database/off" || path == "/database/on") {
    m_kong.set_database_reachable(path == "/database/on");
  } else if (path == "/capacity" || path == "/start-up") {
    const auto number = number_of(question.body);
    if (!number || (path == "/capacity" && *number <= 0)) {
      return told(400, fmt::format("'{}' is not a number above zero", question.body));
    }
    if (path == "/capacity") {
      m_behaviour.capacity = *number;
    } else {
      m_behaviour.start_up = std::chrono::milliseconds(static_cast<std::int64_t>(*number));
    }
  } else {
    return told(404, "unknown");
  }
  return told(200, "done");
}

}  // namespace kscale::sandbox
