#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "tests/sandbox/kong/answers.hpp"
#include "tests/sandbox/kong/call.hpp"
#include "tests/sandbox/kong/declarative.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

/// A configuration as it was sent. `text` is nothing when it came as the JSON body itself.
struct Sent {
  std::optional<std::string> text;
  Value direct;
};

bool asked(const Call& call, std::string_view flag) {
  const auto given = call.request.query.find(flag);
  return given != call.request.query.end() && (given->second == "1" || given->second == "true");
}

Answer refused(const ConfigFaults& faults, bool flatten) {
  const auto& fields = flatten ? faults.rest : faults.fields;
  auto body = Value::object();
  body.set("name", "invalid declarative configuration");
  body.set("code", 14);
  body.set("fields", fields);
  if (flatten) {
    body.set("flattened_errors", faults.flattened);
  }
  body.set("message", fmt::format("declarative config is invalid: {}", lua_text(fields)));
  return json_answer(400, body);
}

ConfigFaults not_a_text() {
  ConfigFaults faults;
  faults.rest.set("error",
                  "failed parsing declarative configuration: /usr/local/kong/init.lua:460: bad argument #1 to 'parser' "
                  "(must provide a string argument)");
  faults.fields = faults.rest;
  return faults;
}

tl::expected<Sent, Answer> sent(const Call& call) {
  if (media_type(call.question) == "text/yaml") {
    return Sent{.text = call.question.body, .direct = {}};
  }
  auto body = body_of(call.question);
  if (!body) {
    return tl::unexpected(body.error());
  }
  const auto& config = (*body)["config"];
  if (const auto text = config.as_string()) {
    return Sent{.text = std::string(*text), .direct = {}};
  }
  if (!config.is_null()) {
    return tl::unexpected(refused(not_a_text(), false));
  }
  if (media_type(call.question) != "application/json") {
    return Sent{.text = "", .direct = {}};
  }
  return Sent{.text = std::nullopt, .direct = *std::move(body)};
}

Answer post(const Call& call) {
  const auto given = sent(call);
  if (!given) {
    return given.error();
  }
  if (given->text && given->text->empty()) {
    return message(400, "expected a declarative configuration");
  }
  auto& state = call.state;
  const auto hash = hash_of(given->text ? *given->text : "direct:" + json::dump(given->direct));
  if (given->text && asked(call, "check_hash") && hash == state.configuration_hash) {
    return {.status = 304, .content_type = "", .body = "", .headers = {}};
  }
  const bool flatten = asked(call, "flatten_errors");
  const auto config = given->text ? config_of(*given->text) : given->direct;
  if (!config) {
    return refused(config.error(), flatten);
  }
  auto entities = entities_of(*config, state.reading());
  if (!entities) {
    return refused(entities.error(), flatten);
  }
  if (state.loading) {
    auto busy = message(429, "Currently loading previous configuration");
    busy.headers.emplace_back("Retry-After", "10");
    return busy;
  }
  state.entities = *std::move(entities);
  state.configuration_hash = hash;
  state.publish();
  return json_answer(201, config_summary(state.entities));
}

Answer get(const Call& call) {
  auto body = Value::object();
  body.set("config", config_text(call.state.entities));
  return json_answer(200, body);
}

}  // namespace

Methods config_methods(const Call& call) {
  if (call.state.options.mode == KongMode::database) {
    const auto refusal = [] {
      return message(400, "this endpoint is only available when Kong is configured to not use a database");
    };
    return {{"GET", refusal}, {"POST", refusal}};
  }
  return {{"GET", [call] { return get(call); }}, {"POST", [call] { return post(call); }}};
}

}  // namespace kscale::sandbox
