#include "libscale/docker/engine.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "libscale/base/number.hpp"
#include "libscale/base/printable.hpp"
#include "libscale/base/text.hpp"

namespace kscale::docker {

namespace {

/// The minor number of the newest version 1.x whose shapes kscale knows.
constexpr unsigned k_newest_minor = 51;

/// Of a short answer: a ping, or one reading of a container.
constexpr std::size_t k_max_short_answer = std::size_t{1024} * 1024;

/// What the engine said went wrong: the `message` of its JSON, or its plain text. A page of HTML is that of a proxy
/// before it, and says no more than its status.
std::string words_of(const net::Response& answer) {
  const auto parsed = json::parse(answer.body);
  const auto words = parsed ? (*parsed)["message"].text_or("") : answer.body;
  const auto message = trimmed(words);
  const bool says_nothing = message.empty() || message.starts_with('<');
  return says_nothing ? fmt::format("status {}", answer.status) : printable(message);
}

Errc kind_of(int status, std::string_view words) {
  const auto says = [words](std::string_view text) { return words.find(text) != std::string_view::npos; };
  // A taken port comes as 500, and from Podman a taken name as well.
  if (status == 409 || says("port is already allocated") || says("address already in use") || says("already in use")) {
    return Errc::conflict;
  }
  if (status == 404) {
    return Errc::not_found;
  }
  if (status == 400) {
    return Errc::refused;
  }
  if (status == 401 || status == 403) {
    return Errc::unauthorized;
  }
  return status == 503 ? Errc::busy : Errc::failed;
}

/// The body of a good answer; else the engine's words. 304 says that it was so already.
Result<std::string> body_of(const Result<net::Response>& answer) {
  if (!answer) {
    return tl::unexpected(answer.error());
  }
  if ((answer->status >= 200 && answer->status < 300) || answer->status == 304) {
    return answer->body;
  }
  const auto words = words_of(*answer);
  return fail(kind_of(answer->status, words), "Docker: {}", words);
}

/// Whether the engine refuses the version that it is spoken to in. Source: moby, api/server/middleware/version.go.
bool refuses_version(const net::Response& answer) {
  return answer.status == 400 && words_of(answer).find("client version") != std::string::npos;
}

Result<json::Value> json_of(const Result<net::Response>& answer) {
  const auto body = body_of(answer);
  if (!body) {
    return tl::unexpected(body.error());
  }
  return json::parse(*body);
}

/// The same failure for each of so many things that `what` was to be done with.
template <class T>
std::vector<Result<T>> all_failed(std::size_t count, std::string_view what, const Error& error) {
  std::vector<Result<T>> outcomes(count, wrap(error, "{}", what));
  return outcomes;
}

/// Whether what was to be removed is not there, or the engine removes it already, as it does by itself after --rm.
bool is_gone_or_goes(const Error& error) {
  return error.code == Errc::not_found || error.what.find("is already in progress") != std::string::npos;
}

}  // namespace

Engine::Engine(net::HttpTransport& http, net::Endpoint endpoint, std::optional<std::string> api_version,
               std::chrono::milliseconds deadline)
    : m_http(http),
      m_endpoint(std::move(endpoint)),
      m_given_version(std::move(api_version)),
      m_version(m_given_version),
      m_deadline(deadline) {}

net::Request Engine::request(net::Method method, std::string path, net::Urgency urgency) const {
  net::Request request;
  request.to = m_endpoint;
  request.method = method;
  request.path = m_version ? fmt::format("/v{}{}", *m_version, path) : std::move(path);
  request.deadline = m_deadline;
  request.urgency = urgency;
  return request;
}

void Engine::notice(const Result<net::Response>& answer) {
  if (answer && refuses_version(*answer)) {
    m_connected = false;
  }
}

std::vector<Result<net::Response>> Engine::send_all(const std::vector<net::Request>& requests) {
  auto answers = m_http.send_all(requests);
  for (const auto& answer : answers) {
    notice(answer);
  }
  return answers;
}

Result<net::Response> Engine::send(const net::Request& request) {
  auto answer = m_http.send(request);
  notice(answer);
  return answer;
}

Status Engine::connect(net::Urgency urgency) {
  if (m_connected) {
    return {};
  }
  net::Request ping;
  ping.to = m_endpoint;
  ping.path = "/_ping";
  ping.deadline = m_deadline;
  ping.max_answer = k_max_short_answer;
  ping.urgency = urgency;
  const auto answer = m_http.send(ping);
  if (!answer) {
    return tl::unexpected(answer.error());
  }
  if (answer->status != 200) {
    return fail(kind_of(answer->status, {}), "Docker at {} answered {} to a ping", m_endpoint.shown(), answer->status);
  }
  const auto version =
      m_given_version ? m_given_version : agreed_version(answer->header("Api-Version").value_or(std::string_view()));
  if (!version) {
    return fail(Errc::invalid, "{} does not answer as a Docker engine", m_endpoint.shown());
  }
  m_version = version;
  m_system_counter = answer->header("Libpod-Api-Version") ? SystemCounter::ignored : SystemCounter::trusted;
  m_connected = true;
  return {};
}

Result<net::Response> Engine::ask(net::Method method, std::string path, net::Urgency urgency) {
  if (auto connected = connect(urgency); !connected) {
    return tl::unexpected(connected.error());
  }
  return send(request(method, std::move(path), urgency));
}

Result<EngineInfo> Engine::info() {
  const auto answer = json_of(ask(net::Method::get, "/info"));
  if (!answer) {
    return wrap(answer.error(), "ask for the engine's data");
  }
  EngineInfo info;
  if (const auto memory = (*answer)["MemTotal"].as_uint(); memory && *memory > 0) {
    info.host_memory = Bytes{*memory};
  }
  return info;
}

Result<json::Value> Engine::list(const json::Value& filters, std::string_view what, net::Urgency urgency) {
  const auto path = "/containers/json?all=true&filters=" + net::escaped(json::dump(filters));
  auto found = json_of(ask(net::Method::get, path, urgency));
  if (!found) {
    return wrap(found.error(), "list containers {}", what);
  }
  if (!found->is_array()) {
    return fail(Errc::invalid, "list containers {}: the answer is no list", what);
  }
  // One that is passed over would be taken for gone.
  if (!std::ranges::all_of(found->items(), [](const json::Value& entry) { return entry["Id"].is_string(); })) {
    return fail(Errc::invalid, "list containers {}: an entry has no id", what);
  }
  return found;
}

Result<std::vector<Container>> Engine::read_listed(const json::Value& filters, const IdsOf& ids_of,
                                                   std::string_view what, net::Urgency urgency) {
  // One that was removed since it was listed is not in the next list. One that still is must not be taken for gone,
  // though it was not found: it would lose its target while it serves.
  constexpr int k_tries = 3;
  for (int tries = 1;; ++tries) {
    const auto listed = list(filters, what, urgency);
    if (!listed) {
      return tl::unexpected(listed.error());
    }
    auto found = inspect_all(ids_of(*listed), what, urgency);
    if (found || found.error().code != Errc::not_found) {
      return found;
    }
    if (tries == k_tries) {
      return fail(Errc::failed, "{}, though it is listed", found.error().what);
    }
  }
}

Result<std::vector<Container>> Engine::inspect_all(const std::vector<std::string>& ids, std::string_view what,
                                                   net::Urgency urgency) {
  std::vector<net::Request> requests;
  requests.reserve(ids.size());
  std::set<std::string_view> known;
  for (const auto& id : ids) {
    // One that is listed twice is there once all the same.
    if (known.insert(id).second) {
      requests.push_back(request(net::Method::get, fmt::format("/containers/{}/json", net::escaped(id)), urgency));
    }
  }
  std::vector<Container> found;
  for (const auto& answer : send_all(requests)) {
    auto container = json_of(answer).and_then(parse_container);
    if (!container) {
      return wrap(container.error(), "inspect containers {}", what);
    }
    found.push_back(std::move(*container));
  }
  return found;
}

Result<std::vector<Container>> Engine::find(std::string_view prefix, net::Urgency urgency) {
  const auto what = fmt::format("named '{}'", printable(prefix));
  json::Value filters;
  filters.at("name").push_back(prefix);
  return read_listed(
      filters, [prefix](const json::Value& list) { return ids_named(list, prefix); }, what, urgency);
}

Result<std::vector<Container>> Engine::labelled(std::string_view label, std::string_view value) {
  const auto wanted = fmt::format("{}={}", label, value);
  const auto what = fmt::format("labelled '{}'", printable(wanted));
  json::Value filters;
  filters.at("label").push_back(wanted);
  return read_listed(
      filters, [&](const json::Value& list) { return ids_labelled(list, label, value); }, what,
      net::Urgency::interruptible);
}

Result<Container> Engine::inspect(std::string_view id) {
  const auto answer = inspection(id);
  return answer ? parse_container(*answer) : tl::unexpected(answer.error());
}

Result<json::Value> Engine::inspection(std::string_view id) {
  auto answer = json_of(ask(net::Method::get, fmt::format("/containers/{}/json", net::escaped(id))));
  if (!answer) {
    return wrap(answer.error(), "inspect container {}", printable(id));
  }
  return answer;
}

Result<json::Value> Engine::image(std::string_view name) {
  std::string path;  // the slashes inside a name stay
  for (std::string_view rest = name; !rest.empty();) {
    const auto part = rest.substr(0, rest.find('/'));
    path += '/' + net::escaped(part);
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  auto answer = json_of(ask(net::Method::get, fmt::format("/images{}/json", path)));
  if (!answer) {
    return wrap(answer.error(), "inspect image '{}'", printable(name));
  }
  return answer;
}

Result<std::string> Engine::image_id(std::string_view name) {
  return image(name).map([](const json::Value& inspection) { return inspection["Id"].text_or(""); });
}

Result<json::Value> Engine::image_defaults(std::string_view name) {
  return image(name).map([](const json::Value& inspection) { return inspection["Config"]; });
}

net::Request Engine::stats_request(std::string_view id) const {
  auto stats =
      request(net::Method::get, fmt::format("/containers/{}/stats?stream=false&one-shot=true", net::escaped(id)));
  stats.max_answer = k_max_short_answer;
  return stats;
}

Result<std::optional<Stats>> Engine::read_stats(const Result<net::Response>& answer) {
  notice(answer);
  const auto body = body_of(answer);
  return body ? parse_stats(*body, m_system_counter) : tl::unexpected(body.error());
}

std::vector<Result<std::string>> Engine::create(const std::vector<NewContainer>& containers) {
  if (auto connected = connect(net::Urgency::change); !connected) {
    return all_failed<std::string>(containers.size(), "create container", connected.error());
  }
  std::vector<net::Request> requests;
  requests.reserve(containers.size());
  for (const auto& container : containers) {
    auto create =
        request(net::Method::post, "/containers/create?name=" + net::escaped(container.name), net::Urgency::change);
    create.headers.emplace_back("Content-Type", "application/json");
    create.body = json::dump(container.body);
    requests.push_back(std::move(create));
  }
  std::vector<Result<std::string>> ids;
  for (const auto& answer : send_all(requests)) {
    auto created = json_of(answer);
    if (!created) {
      ids.emplace_back(wrap(created.error(), "create container"));
    } else if (const auto id = (*created)["Id"].as_string()) {
      ids.emplace_back(std::string(*id));
    } else {
      ids.emplace_back(fail(Errc::invalid, "create container: the answer has no Id"));
    }
  }
  return ids;
}

std::vector<Status> Engine::all_done(const std::vector<net::Request>& requests, std::string_view what) {
  std::vector<Status> outcomes;
  outcomes.reserve(requests.size());
  for (const auto& answer : send_all(requests)) {
    const auto body = body_of(answer);
    outcomes.emplace_back(body ? Status{} : wrap(body.error(), "{}", what));
  }
  return outcomes;
}

std::vector<Status> Engine::connect_networks(const std::vector<NetworkConnection>& connections) {
  if (auto connected = connect(net::Urgency::change); !connected) {
    return all_failed<void>(connections.size(), "connect the container to its network", connected.error());
  }
  std::vector<net::Request> requests;
  requests.reserve(connections.size());
  for (const auto& connection : connections) {
    auto attach = request(net::Method::post, fmt::format("/networks/{}/connect", net::escaped(connection.network)),
                          net::Urgency::change);
    attach.headers.emplace_back("Content-Type", "application/json");
    json::Value body;
    body.set("Container", connection.container);
    body.set("EndpointConfig", connection.endpoint);
    attach.body = json::dump(body);
    requests.push_back(std::move(attach));
  }
  return all_done(requests, "connect the container to its network");
}

std::vector<Status> Engine::start(const std::vector<std::string>& ids, net::Urgency urgency) {
  if (auto connected = connect(urgency); !connected) {
    return all_failed<void>(ids.size(), "start container", connected.error());
  }
  std::vector<net::Request> requests;
  requests.reserve(ids.size());
  for (const auto& id : ids) {
    requests.push_back(request(net::Method::post, fmt::format("/containers/{}/start", net::escaped(id)), urgency));
  }
  return all_done(requests, "start container");
}

std::vector<Status> Engine::stop(const std::vector<std::string>& ids, std::chrono::seconds grace,
                                 net::Urgency urgency) {
  if (auto connected = connect(urgency); !connected) {
    return all_failed<void>(ids.size(), "stop container", connected.error());
  }
  std::vector<net::Request> requests;
  requests.reserve(ids.size());
  for (const auto& id : ids) {
    auto stop =
        request(net::Method::post, fmt::format("/containers/{}/stop?t={}", net::escaped(id), grace.count()), urgency);
    stop.deadline += grace;
    requests.push_back(std::move(stop));
  }
  return all_done(requests, "stop container");
}

std::vector<Status> Engine::remove(const std::vector<std::string>& ids, AnonymousVolumes volumes,
                                   net::Urgency urgency) {
  return remove(ids, volumes == AnonymousVolumes::remove ? "force=true&v=true" : "force=true", urgency);
}

std::vector<Status> Engine::remove_stopped(const std::vector<std::string>& ids, net::Urgency urgency) {
  return remove(ids, "v=true", urgency);
}

std::vector<Status> Engine::remove(const std::vector<std::string>& ids, std::string_view query, net::Urgency urgency) {
  if (auto connected = connect(urgency); !connected) {
    return all_failed<void>(ids.size(), "remove container", connected.error());
  }
  std::vector<net::Request> requests;
  requests.reserve(ids.size());
  for (const auto& id : ids) {
    requests.push_back(request(net::Method::del, fmt::format("/containers/{}?{}", net::escaped(id), query), urgency));
  }
  auto outcomes = all_done(requests, "remove container");
  for (auto& outcome : outcomes) {
    if (!outcome && is_gone_or_goes(outcome.error())) {
      outcome = {};
    }
  }
  return outcomes;
}

Status Engine::rename(std::string_view id, std::string_view name, net::Urgency urgency) {
  if (auto connected = connect(urgency); !connected) {
    return wrap(connected.error(), "rename container");
  }
  const auto path = fmt::format("/containers/{}/rename?name={}", net::escaped(id), net::escaped(name));
  return all_done({request(net::Method::post, path, urgency)}, "rename container").front();
}

Result<std::vector<LogLine>> Engine::logs(std::string_view id, const LogRange& range) {
  const auto since = range.since.value_or(std::chrono::nanoseconds{0});
  auto path = fmt::format("/containers/{}/logs?stdout=true&stderr=true&timestamps=true", net::escaped(id));
  if (range.tail) {
    path += fmt::format("&tail={}", *range.tail);
  }
  if (range.since) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(since);
    path += fmt::format("&since={}.{:09}", whole.count(), (since - whole).count());
  }
  const auto body = body_of(ask(net::Method::get, path));
  if (!body) {
    return wrap(body.error(), "read the log of container {}", printable(id));
  }
  auto lines = parse_log(*body);
  // Podman reads the time as a floating-point number, which knows no nanoseconds.
  std::erase_if(lines, [since](const LogLine& line) { return line.at < since; });
  return lines;
}

Result<std::string> Engine::log_tail(std::string_view id, int lines) {
  const auto found = logs(id, {.tail = lines});
  if (!found) {
    return tl::unexpected(found.error());
  }
  std::string text;
  for (const auto& line : *found) {
    text += line.text + '\n';
  }
  return text;
}

std::optional<std::string> agreed_version(std::string_view engines) {
  const auto dot = std::min(engines.find('.'), engines.size());
  const auto major = number_in<unsigned>(engines.substr(0, dot));
  const auto minor = number_in<unsigned>(engines.substr(std::min(dot + 1, engines.size())));
  if (!major || !minor) {
    return std::nullopt;
  }
  return fmt::format("{}.{}", *major, *major == 1 ? std::min(*minor, k_newest_minor) : *minor);
}

}  // namespace kscale::docker
