#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "tests/sandbox/kong/address.hpp"
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

const Kind& targets() {
  return *kind_of("targets");
}

bool without_database(const Call& call) {
  return call.state.options.mode == KongMode::dbless;
}

const Value* upstream_of(const Call& call) {
  return std::as_const(call.state.entities).find("upstreams", call.request.segments[1]);
}

/// The target of this upstream that an id or a name means, in the very case it is written.
std::optional<Value> target_of(const Call& call, const Value& upstream, const std::string& named) {
  const auto all = call.state.entities.targets_of(id_of(upstream));
  const auto found = std::ranges::find_if(
      all, [&](const Value& target) { return target["id"] == Value(named) || target["target"] == Value(named); });
  return found != all.end() ? std::optional(*found) : std::nullopt;
}

Answer target_taken(const std::string& target, const std::string& upstream_id) {
  auto upstream = Value::object();
  upstream.set("id", upstream_id);
  auto fields = Value::object();
  fields.set("target", target);
  fields.set("upstream", std::move(upstream));
  const auto text =
      fmt::format(R"(UNIQUE violation detected on '{{target="{}",upstream={{id="{}"}}}}')", target, upstream_id);
  return named_error(409, "unique constraint violation", 5, text, fields);
}

Answer id_taken(const std::string& id) {
  auto fields = Value::object();
  fields.set("id", id);
  return named_error(400, "primary key violation", 3, fmt::format("primary key violation on key '{{id=\"{}\"}}'", id),
                     fields);
}

std::string in_full(const Value& target) {
  const auto address = address_of(target.text_or(""));
  return address ? written(*address) : target.text_or("");
}

Answer list(const Call& call) {
  const auto* upstream = upstream_of(call);
  if (upstream == nullptr) {
    return not_found();
  }
  const auto page = page_by_position(call.request, call.state.entities.targets_of(id_of(*upstream)));
  return page ? json_answer(200, *page) : page.error();
}

Answer list_all(const Call& call) {
  const auto* upstream = upstream_of(call);
  if (upstream == nullptr) {
    return not_found();
  }
  auto all = call.state.entities.targets_of(id_of(*upstream));
  const auto page = page_by_cursor(call.request, std::move(all), call.state.options.mode);
  return page ? json_answer(200, *page) : page.error();
}

Answer one(const Call& call) {
  const auto* upstream = upstream_of(call);
  const auto target = upstream != nullptr ? target_of(call, *upstream, call.request.segments[3]) : std::nullopt;
  return target ? json_answer(200, *target) : not_found();
}

Answer create(const Call& call) {
  auto given = body_of(call.question);
  if (!given) {
    return given.error();
  }
  const auto* upstream = upstream_of(call);
  if (upstream == nullptr) {
    return not_found();
  }
  const auto upstream_id = id_of(*upstream);
  given->erase("upstream");
  const auto faults = faults_of(targets(), *given, Origin::posted, call.state.options.plugins);
  if (!faults.members().empty()) {
    return schema_violation(faults);
  }
  if (without_database(call)) {
    return unsupported_without_database("create", "targets");
  }
  if (given->has("weight") && (*given)["weight"].is_null()) {
    return id_taken(uuid_v4(call.state.random));  // what Kong makes of a null that Postgres refuses
  }
  const auto name = in_full((*given)["target"]);
  if (target_of(call, *upstream, name)) {
    return target_taken(name, upstream_id);
  }
  if ((*given)["id"].is_null()) {
    given->set("id", uuid_v4(call.state.random));
  } else if (call.state.entities.find("targets", id_of(*given)) != nullptr) {
    return id_taken(id_of(*given));
  }
  given->set("target", name);
  given->at("upstream").set("id", upstream_id);
  auto target = with_defaults(targets(), *given);
  stamp(targets(), target, call.state.clock.now().wall);
  call.state.entities.put("targets", target);
  call.state.publish();
  return json_answer(201, target);
}

/// PATCH, and PUT too, which makes no new target.
Answer change(const Call& call) {
  auto given = body_of(call.question);
  if (!given) {
    return given.error();
  }
  const auto* upstream = upstream_of(call);
  auto target = upstream != nullptr ? target_of(call, *upstream, call.request.segments[3]) : std::nullopt;
  if (!target) {
    return not_found();
  }
  given->erase("upstream");
  auto faults = faults_of(targets(), *given, Origin::patched, call.state.options.plugins);
  for (const auto* const field : {"target", "weight"}) {
    if (given->has(field) && (*given)[field].is_null()) {
      faults.set(field, "required field missing");
    }
  }
  if (!faults.members().empty()) {
    return schema_violation(faults);
  }
  if (without_database(call)) {
    return unsupported_without_database("update", "targets");
  }
  for (const auto& [field, value] : given->members()) {
    target->set(field, value);
  }
  stamp(targets(), *target, call.state.clock.now().wall);
  auto stored = *target;
  stored.set("target", in_full(stored["target"]));  // the answer shows a new name as it was given
  const auto other = target_of(call, *upstream, stored["target"].text_or(""));
  if (other && id_of(*other) != id_of(stored)) {
    return target_taken(stored["target"].text_or(""), id_of(*upstream));
  }
  call.state.entities.put("targets", std::move(stored));
  call.state.publish();
  return json_answer(200, *target);
}

Answer remove(const Call& call) {
  const auto* upstream = upstream_of(call);
  const auto target = upstream != nullptr ? target_of(call, *upstream, call.request.segments[3]) : std::nullopt;
  if (!target) {
    return not_found();
  }
  if (without_database(call)) {
    return unsupported_without_database("remove", "targets");
  }
  call.state.entities.erase("targets", id_of(*target));
  call.state.publish();
  return no_content();
}

/// PUT .../healthy and .../unhealthy, with or without one address of the target before the last word.
Answer mark(const Call& call) {
  const auto& segments = call.request.segments;
  const auto* upstream = upstream_of(call);
  const auto target = upstream != nullptr ? target_of(call, *upstream, segments[3]) : std::nullopt;
  if (!target) {
    return not_found();
  }
  if (!has_healthchecks(*upstream)) {
    return message(400, fmt::format("no healthchecker found for {}", (*upstream)["name"].text_or("")));
  }
  const Health health(*upstream, call.state.unhealthy, call.state.options.resolve);
  if (segments.size() == 6 && health.address_text(*target) != segments[4]) {
    return not_found();
  }
  const std::pair which(id_of(*upstream), (*target)["target"].text_or(""));
  if (segments.back() == "unhealthy") {
    call.state.unhealthy.insert(which);
  } else {
    call.state.unhealthy.erase(which);
  }
  return no_content();
}

}  // namespace

Methods target_methods(const Call& call) {
  const auto& segments = call.request.segments;
  if (segments.size() == 3) {
    return {{"GET", [call] { return list(call); }}, {"POST", [call] { return create(call); }}};
  }
  if (segments.size() == 4 && segments[3] == "all") {
    return {{"GET", [call] { return list_all(call); }}};
  }
  if (segments.size() == 4) {
    return {{"GET", [call] { return one(call); }},
            {"PUT", [call] { return change(call); }},
            {"PATCH", [call] { return change(call); }},
            {"DELETE", [call] { return remove(call); }}};
  }
  const bool marks = segments.back() == "healthy" || segments.back() == "unhealthy";
  return segments.size() <= 6 && marks ? Methods{{"PUT", [call] { return mark(call); }}} : Methods{};
}

}  // namespace kscale::sandbox
