#include <utility>

#include <fmt/format.h>

#include "tests/sandbox/kong/answers.hpp"
#include "tests/sandbox/kong/call.hpp"
#include "tests/sandbox/kong/paging.hpp"
#include "tests/sandbox/kong/schema.hpp"
#include "tests/sandbox/kong/stamps.hpp"
#include "tests/sandbox/kong/uuid.hpp"
#include "tests/sandbox/kong/validate.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

const Kind& upstreams() {
  return *kind_of("upstreams");
}

bool without_database(const Call& call) {
  return call.state.options.mode == KongMode::dbless;
}

Answer name_taken(const std::string& name) {
  auto fields = Value::object();
  fields.set("name", name);
  return named_error(409, "unique constraint violation", 5,
                     fmt::format("UNIQUE violation detected on '{{name=\"{}\"}}'", name), fields);
}

bool is_taken(const Call& call, const Value& upstream) {
  const auto* other = std::as_const(call.state.entities).find("upstreams", upstream["name"].text_or(""));
  return other != nullptr && id_of(*other) != id_of(upstream);
}

Answer list(const Call& call) {
  const auto page = page_by_cursor(call.request, call.state.entities.of("upstreams"), call.state.options.mode);
  return page ? json_answer(200, *page) : page.error();
}

Answer one(const Call& call) {
  const auto* upstream = std::as_const(call.state.entities).find("upstreams", call.request.segments[1]);
  return upstream != nullptr ? json_answer(200, *upstream) : not_found();
}

/// Keeps an upstream that was found well, under its id or a new one.
Answer kept(const Call& call, Value upstream, int status) {
  if (upstream["id"].is_null()) {
    upstream.set("id", uuid_v4(call.state.random));
  }
  if (is_taken(call, upstream)) {
    return name_taken(upstream["name"].text_or(""));
  }
  stamp(upstreams(), upstream, call.state.clock.now().wall);
  call.state.entities.put("upstreams", upstream);
  call.state.publish();
  return json_answer(status, upstream);
}

Answer create(const Call& call) {
  const auto given = body_of(call.question);
  if (!given) {
    return given.error();
  }
  const auto faults = faults_of(upstreams(), *given, Origin::posted, call.state.options.plugins);
  if (!faults.members().empty()) {
    return schema_violation(faults);
  }
  if (without_database(call)) {
    return unsupported_without_database("create", "upstreams");
  }
  return kept(call, with_defaults(upstreams(), *given), 201);
}

/// PUT replaces: what is not given goes back to its default.
Answer replace(const Call& call) {
  auto given = body_of(call.question);
  if (!given) {
    return given.error();
  }
  const auto& named = call.request.segments[1];
  const auto* old = std::as_const(call.state.entities).find("upstreams", named);
  given->set(is_uuid(named) ? "id" : "name", named);
  const auto faults = faults_of(upstreams(), *given, Origin::posted, call.state.options.plugins);
  if (!faults.members().empty()) {
    return schema_violation(faults);
  }
  if (without_database(call)) {
    return unsupported_without_database("create or update", "upstreams");
  }
  if (old != nullptr) {
    given->set("id", id_of(*old));
    given->set("created_at", (*old)["created_at"]);
  }
  return kept(call, with_defaults(upstreams(), *given), 200);
}

Value changed(Value entity, const Value& changes) {
  for (const auto& [key, value] : changes.members()) {
    const bool deeper = value.is_object() && entity[key].is_object();
    entity.set(key, deeper ? changed(entity[key], value) : value);
  }
  return entity;
}

Answer change(const Call& call) {
  const auto given = body_of(call.question);
  if (!given) {
    return given.error();
  }
  const auto* old = std::as_const(call.state.entities).find("upstreams", call.request.segments[1]);
  if (old == nullptr) {
    return not_found();
  }
  const auto faults = faults_of(upstreams(), *given, Origin::patched, call.state.options.plugins);
  if (!faults.members().empty()) {
    return schema_violation(faults);
  }
  if (without_database(call)) {
    return unsupported_without_database("update", "upstreams");
  }
  return kept(call, changed(*old, *given), 200);
}

Answer remove(const Call& call) {
  const auto* upstream = std::as_const(call.state.entities).find("upstreams", call.request.segments[1]);
  if (upstream == nullptr) {
    return no_content();
  }
  if (without_database(call)) {
    return unsupported_without_database("remove", "upstreams");
  }
  call.state.entities.erase("upstreams", id_of(*upstream));
  call.state.publish();
  return no_content();
}

Answer health(const Call& call) {
  const auto* upstream = std::as_const(call.state.entities).find("upstreams", call.request.segments[1]);
  if (upstream == nullptr) {
    return not_found();
  }
  // The balancer learns of an upstream, and of a target, later than the Admin API.
  const auto& view = call.state.proxy_view();
  const auto* balanced = view.find("upstreams", id_of(*upstream));
  const auto targets = call.state.entities.targets_of(id_of(*upstream));
  const auto asked = call.request.query.find("balancer_health");
  const bool whole = asked != call.request.query.end() && asked->second == "1";
  if (whole) {
    auto body = Value::object();
    if (balanced != nullptr) {
      const Health known(*balanced, call.state.unhealthy, call.state.options.resolve);
      body.set("data", known.summary(view.targets_of(id_of(*balanced))));
    }
    body.set("next", Value());
    body.set("node_id", call.state.node_id);
    return json_answer(200, body);
  }
  auto page = page_by_position(call.request, targets);
  if (!page) {
    return page.error();
  }
  for (auto& target : page->at("data").elements()) {
    const auto* seen = view.find("targets", id_of(target));
    if (balanced != nullptr && seen != nullptr) {
      const Health known(*balanced, call.state.unhealthy, call.state.options.resolve);
      target.set("health", known.state_of(*seen));
      target.set("data", known.data_of(*seen));
    }
  }
  page->set("node_id", call.state.node_id);
  return json_answer(200, *page);
}

}  // namespace

Methods upstream_methods(const Call& call) {
  if (call.request.segments.size() == 1) {
    return {{"GET", [call] { return list(call); }}, {"POST", [call] { return create(call); }}};
  }
  return {{"GET", [call] { return one(call); }},
          {"PUT", [call] { return replace(call); }},
          {"PATCH", [call] { return change(call); }},
          {"DELETE", [call] { return remove(call); }}};
}

Methods health_methods(const Call& call) {
  return {{"GET", [call] { return health(call); }}};
}

}  // namespace kscale::sandbox
