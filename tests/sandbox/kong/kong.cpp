#include "tests/sandbox/kong/kong.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/sandbox/kong/address.hpp"
#include "tests/sandbox/kong/answers.hpp"
#include "tests/sandbox/kong/call.hpp"
#include "tests/sandbox/kong/router.hpp"
#include "tests/sandbox/kong/schema.hpp"
#include "tests/sandbox/kong/state.hpp"

namespace kscale::sandbox {
namespace {

using json::Value;

void add_common_headers(Answer& answer) {
  answer.headers.emplace_back("Access-Control-Allow-Origin", "*");
  answer.headers.emplace_back("X-Kong-Admin-Latency", "0");
  answer.headers.emplace_back("Server", "kong/3.4.2");
}

Answer options_of(const Methods& methods) {
  std::set<std::string_view> names = {"OPTIONS"};
  for (const auto& [name, handler] : methods) {
    names.insert(name);
    if (name == "GET") {
      names.insert("HEAD");
    }
  }
  const auto allowed = fmt::format("{}", fmt::join(names, ", "));
  auto answer = no_content();
  answer.headers = {
      {"Allow", allowed}, {"Access-Control-Allow-Methods", allowed}, {"Access-Control-Allow-Headers", "Content-Type"}};
  return answer;
}

/// What the key-auth plugin says before a route to the Admin API; nothing when the key is right.
std::optional<Answer> keyless(const KongOptions& options, const Question& question) {
  if (options.admin_token.empty()) {
    return std::nullopt;
  }
  const auto given = header(question, options.admin_token_header);
  if (given == options.admin_token) {
    return std::nullopt;
  }
  auto refusal = proxy_message(401, given ? "Invalid authentication credentials" : "No API key found in request");
  if (!given) {
    refusal.headers.emplace_back("WWW-Authenticate", "Key realm=\"kong\"");
  }
  return refusal;
}

Answer answered(KongState& state, const Question& question) {
  const auto request = taken_apart(question.target);
  const auto methods = admin_methods({.state = state, .question = question, .request = request});
  if (methods.empty()) {
    return not_found();
  }
  const auto wanted = question.method == "HEAD" ? std::string_view("GET") : std::string_view(question.method);
  const auto handler = std::ranges::find(methods, wanted, [](const auto& method) { return method.first; });
  if (question.method == "OPTIONS") {
    return options_of(methods);
  }
  if (handler == methods.end()) {
    return message(405, "Method not allowed");
  }
  const bool needs_database = request.path != "/status" && request.path != "/config";
  if (state.options.mode == KongMode::database && !state.database_reachable && needs_database) {
    return message(500, request.segments.empty() ? "An unexpected error happened" : "An unexpected error occurred");
  }
  auto answer = handler->second();
  if (question.method == "HEAD") {
    answer.body.clear();
  }
  return answer;
}

Answer readiness(const KongState& state) {
  if (state.options.mode == KongMode::database) {
    return state.database_reachable ? message(200, "ready") : message(503, "failed to connect to database");
  }
  return state.configuration_hash != k_no_configuration
             ? message(200, "ready")
             : message(503, "no configuration available (empty configuration present)");
}

Status loaded(KongState& state, std::string_view text) {
  const auto config = config_of(text);
  auto entities = config ? entities_of(*config, state.reading()) : tl::unexpected(config.error());
  if (!entities) {
    return fail(Errc::invalid, "declarative config is invalid: {}", lua_text(entities.error().fields));
  }
  if (state.options.mode == KongMode::dbless) {
    state.entities = *std::move(entities);
    state.configuration_hash = hash_of(text);
  } else {
    for (const auto& kind : kinds()) {
      for (auto& entity : entities->of(kind.name)) {
        state.entities.put(kind.name, std::move(entity));
      }
    }
  }
  state.publish_at_once();
  return {};
}

}  // namespace

Kong::Kong(KongOptions options, Clock& clock) : m_state(std::make_unique<KongState>(std::move(options), clock)) {}

Kong::~Kong() = default;

Answer Kong::answer(const Question& question) {
  const std::scoped_lock lock(m_state->mutex);
  ++m_state->requests;
  if (auto refusal = keyless(m_state->options, question)) {
    return *std::move(refusal);
  }
  auto answer = answered(*m_state, question);
  add_common_headers(answer);
  answer.headers.emplace_back("Access-Control-Allow-Credentials", "true");
  return answer;
}

Answer Kong::answer_status(const Question& question) {
  const std::scoped_lock lock(m_state->mutex);
  ++m_state->requests;
  const auto path = taken_apart(question.target).path;
  const bool readable = question.method == "GET" || question.method == "HEAD";
  const bool shared = path == "/status" || path == "/metrics";
  auto answer = !readable && (shared || path == "/status/ready") ? message(405, "Method not allowed")
                : path == "/status/ready"                        ? readiness(*m_state)
                : shared                                         ? answered(*m_state, question)
                                                                 : not_found();
  add_common_headers(answer);
  return answer;
}

Status Kong::load(std::string_view declarative_yaml) {
  const std::scoped_lock lock(m_state->mutex);
  auto outcome = loaded(*m_state, declarative_yaml);
  if (outcome) {
    m_state->declarative_file = std::string(declarative_yaml);
  }
  return outcome;
}

void Kong::restart() {
  const std::scoped_lock lock(m_state->mutex);
  m_state->counters = Counters();
  m_state->requests = 0;
  m_state->turns.clear();
  m_state->unhealthy.clear();
  m_state->loading = false;
  if (m_state->options.mode == KongMode::dbless) {
    m_state->entities = Entities();
    m_state->configuration_hash = k_no_configuration;
    if (m_state->declarative_file) {
      std::ignore = loaded(*m_state, *m_state->declarative_file);  // it was read before
    }
  }
  m_state->publish_at_once();
}

void Kong::set_database_reachable(bool reachable) {
  const std::scoped_lock lock(m_state->mutex);
  m_state->database_reachable = reachable;
}

void Kong::set_loading(bool loading) {
  const std::scoped_lock lock(m_state->mutex);
  m_state->loading = loading;
}

tl::expected<Kong::Peer, Answer> Kong::pick(std::string_view path) {
  const std::scoped_lock lock(m_state->mutex);
  const auto& view = m_state->proxy_view();
  const auto found = routed(view, path);
  if (!found) {
    ++m_state->requests;
    return tl::unexpected(proxy_message(404, "no Route matched with those values"));
  }
  Peer peer{.service = found->service["name"].text_or(id_of(found->service)),
            .route = found->route["name"].text_or(id_of(found->route)),
            .upstream = "",
            .target = "",
            .upstream_path = found->upstream_path};
  const auto host = found->service["host"].text_or("");
  const auto* upstream = view.find("upstreams", host);
  if (upstream == nullptr) {
    peer.target = fmt::format("{}:{}", host, found->service["port"].as_int().value_or(80));
    return peer;
  }
  peer.upstream = host;
  const Health health(*upstream, m_state->unhealthy, m_state->options.resolve);
  const auto targets = view.targets_of(id_of(*upstream));
  std::vector<Turns::Peer> peers;
  for (const auto& target : targets) {
    const bool usable = health.is_usable(target);
    peers.push_back({.id = id_of(target), .weight = usable ? target["weight"].as_int().value_or(0) : 0});
  }
  const auto next = health.is_balancer_healthy(targets) ? m_state->turns[id_of(*upstream)].next(peers) : std::nullopt;
  if (!next) {
    ++m_state->requests;
    m_state->counters.count({.service = peer.service, .route = peer.route, .status = 503, .source = "kong"},
                            m_state->measured());
    return tl::unexpected(proxy_message(503, "failure to get a peer from the ring-balancer"));
  }
  const auto& target = targets[*next]["target"];
  const auto address = address_of(target.text_or(""));
  peer.target = address ? written(*address) : target.text_or("");
  return peer;
}

void Kong::record(const Peer& peer, int status, std::string_view source, std::chrono::microseconds request,
                  std::chrono::microseconds upstream, std::uint64_t bytes_in, std::uint64_t bytes_out) {
  const std::scoped_lock lock(m_state->mutex);
  ++m_state->requests;
  m_state->counters.count({.service = peer.service,
                           .route = peer.route,
                           .status = status,
                           .source = source,
                           .request = std::chrono::floor<std::chrono::milliseconds>(request),
                           .upstream = std::chrono::floor<std::chrono::milliseconds>(upstream),
                           .reached_upstream = !peer.target.empty(),
                           .bytes_in = bytes_in,
                           .bytes_out = bytes_out},
                          m_state->measured());
}

}  // namespace kscale::sandbox
