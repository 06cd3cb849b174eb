#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "tests/sandbox/kong/answers.hpp"
#include "tests/sandbox/kong/call.hpp"
#include "tests/sandbox/kong/paging.hpp"
#include "tests/sandbox/kong/schema.hpp"

namespace kscale::sandbox {
namespace {

/// Reads of the kinds that can only be written by a configuration here.
Methods listing_methods(const Call& call) {
  const auto& segments = call.request.segments;
  const auto kind = segments[0];
  const auto readable = {"services", "routes", "plugins", "consumers"};
  if (std::ranges::find(readable, kind) == readable.end() || segments.size() > 2) {
    return {};
  }
  if (segments.size() == 1) {
    return {{"GET", [call, kind] {
               const auto page = page_by_cursor(call.request, call.state.entities.of(kind), call.state.options.mode);
               return page ? json_answer(200, *page) : page.error();
             }}};
  }
  return {{"GET", [call, kind] {
             const auto* entity = std::as_const(call.state.entities).find(kind, call.request.segments[1]);
             return entity != nullptr ? json_answer(200, *entity) : not_found();
           }}};
}

}  // namespace

Methods admin_methods(const Call& call) {
  const auto& segments = call.request.segments;
  auto& state = call.state;
  if (segments.empty()) {
    return {{"GET", [&state] { return json_answer(200, root_of(state.node())); }}};
  }
  const auto& first = segments[0];
  if (segments.size() == 1 && first == "status") {
    return {{"GET", [&state] { return json_answer(200, status_of(state.node())); }}};
  }
  if (segments.size() == 1 && first == "metrics") {
    return {{"GET", [&state] {
               return Answer{.status = 200,
                             .content_type = "text/plain; charset=UTF-8",
                             .body = state.counters.exposition(state.gauges(), state.measured()),
                             .headers = {}};
             }}};
  }
  if (segments.size() == 1 && first == "config") {
    return config_methods(call);
  }
  if (first != "upstreams") {
    return listing_methods(call);
  }
  if (segments.size() <= 2) {
    return upstream_methods(call);
  }
  if (segments[2] == "targets") {
    return target_methods(call);
  }
  return segments.size() == 3 && segments[2] == "health" ? health_methods(call) : Methods{};
}

Answer unsupported_without_database(std::string_view verb, std::string_view kind) {
  return named_error(405, "operation unsupported", 12,
                     fmt::format("cannot {} '{}' entities when not using a database", verb, kind));
}

}  // namespace kscale::sandbox
