#include "libscale/kong/admin.hpp"

#include <algorithm>
#include <limits>
#include <random>

#include "libscale/base/number.hpp"
#include "libscale/base/printable.hpp"
#include "libscale/kong/declarative.hpp"
#include "libscale/metrics/rate.hpp"

namespace kscale::kong {

namespace {

using std::chrono::seconds;

/// How often a call is made when Kong keeps saying "later", and the longest wait between two of them.
constexpr int k_tries = 4;
constexpr seconds k_longest_wait{15};

/// Kong's page size is at most 1000; more pages than this are a loop.
constexpr int k_most_pages = 1000;
constexpr std::size_t k_most_entries = 100'000;
/// The pages of one list take no longer than so many calls may.
constexpr int k_longest_list = 3;
constexpr std::size_t k_max_status = std::size_t{1024} * 1024;  ///< bytes of an answer of `/status`

constexpr auto* k_has_database = "Kong keeps its configuration in a database";

bool asks_for_patience(const net::Response& answer) {
  return answer.status == 429 || answer.status == 503;
}

/// How to read before a change of that urgency: a read that is given up has changed nothing.
net::Urgency reading_before(net::Urgency change) {
  return change == net::Urgency::to_the_end ? change : net::Urgency::interruptible;
}

bool is_good(const net::Response& answer) {
  return answer.status >= 200 && answer.status < 300;
}

/// What went wrong in Kong's words. Its errors are JSON, but for a wrong content type, which gives HTML.
std::string words_of(const net::Response& answer) {
  const auto parsed = json::parse(answer.body);
  const auto message = parsed ? (*parsed)["message"].text_or("") : std::string();
  return message.empty() ? fmt::format("status {}", answer.status) : printable(message);
}

tl::unexpected<Error> failure(const net::Response& answer) {
  switch (answer.status) {
    case 401:
    case 403:
      return fail(Errc::unauthorized, "Kong wants another key: {}", words_of(answer));
    case 404:
      return fail(Errc::not_found, "Kong: {}", words_of(answer));
    case 405:
      return fail(Errc::unsupported, "Kong: {}", words_of(answer));
    case 409:
      return fail(Errc::conflict, "Kong: {}", words_of(answer));
    case 429:
    case 503:
      return fail(Errc::busy, "Kong: {}", words_of(answer));
    default:
      return fail(answer.status < 500 ? Errc::refused : Errc::failed, "Kong: {}", words_of(answer));
  }
}

/// The wait that the answer asks for, at least a second; without a word of Kong's, that. `busy` when it is too long.
Result<seconds> wait_asked_by(const net::Response& answer) {
  const auto text = answer.header("Retry-After").value_or("1");
  const auto digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
  const auto count = digits.empty() ? 1 : number_in<int>(digits).value_or(std::numeric_limits<int>::max());
  if (seconds{count} > k_longest_wait) {
    return fail(Errc::busy, "Kong asks to come back in {}s", printable(digits, 20));
  }
  return std::max(seconds{count}, seconds{1});
}

/// A random UUID. Source: RFC 4122, version 4.
std::string new_uuid() {
  std::random_device random;
  const auto word = [&random] { return random() & 0xffffU; };
  return fmt::format("{:04x}{:04x}-{:04x}-4{:03x}-{:04x}-{:04x}{:04x}{:04x}", word(), word(), word(), word() & 0xfffU,
                     (word() & 0x3fffU) | 0x8000U, word(), word(), word());
}

std::string targets_path(std::string_view upstream) {
  return fmt::format("/upstreams/{}/targets", net::escaped(upstream));
}

std::optional<double> count_in(const json::Value& value) {
  const auto count = value.as_number();
  return count && metrics::is_count(*count) ? count : std::nullopt;
}

template <class T>
Result<std::vector<T>> parse_all(const std::vector<json::Value>& entries, Result<T> (*parse)(const json::Value&)) {
  std::vector<T> all;
  all.reserve(entries.size());
  for (const auto& entry : entries) {
    auto one = parse(entry);
    if (!one) {
      return tl::unexpected(one.error());
    }
    all.push_back(std::move(*one));
  }
  return all;
}

}  // namespace

std::string_view name_of(Mode mode) {
  return mode == Mode::database ? "database" : "DB-less";
}

Result<NodeStatus> parse_status(const json::Value& answer) {
  const auto& server = answer["server"];
  const auto& hash = answer["configuration_hash"];
  if (!server.is_object() || (!hash.is_string() && !answer["database"].is_object())) {
    return fail(Errc::invalid, "the answer is not Kong's status");
  }
  NodeStatus status;
  status.total_requests = count_in(server["total_requests"]);
  status.active_connections = count_in(server["connections_active"]);
  if (hash.is_string()) {
    status.mode = Mode::dbless;
    status.configuration_hash = hash.text_or("");
    status.configured = hash.text_or("").find_first_not_of('0') != std::string::npos;
  } else {
    status.database_reachable = answer["database"]["reachable"].as_bool().value_or(true);
  }
  return status;
}

Admin::Admin(net::HttpTransport& http, Clock& clock, net::Endpoint endpoint, std::chrono::milliseconds deadline)
    : m_http(http), m_clock(clock), m_endpoint(std::move(endpoint)), m_deadline(deadline) {}

net::Request Admin::request(net::Method method, std::string path, net::Urgency urgency) const {
  net::Request request;
  request.to = m_endpoint;
  request.method = method;
  request.path = std::move(path);
  request.deadline = m_deadline;
  request.urgency = urgency;
  return request;
}

Result<net::Response> Admin::call(const net::Request& request) {
  for (int tries = 1;; ++tries) {
    auto answer = m_http.send(request);
    if (!answer || !asks_for_patience(*answer) || tries == k_tries) {
      return answer;
    }
    if (const auto waited = wait_as_asked(*answer, request.urgency); !waited) {
      return tl::unexpected(waited.error());
    }
  }
}

Status Admin::wait_as_asked(const net::Response& answer, net::Urgency urgency) {
  const auto span = wait_asked_by(answer);
  if (!span) {
    return tl::unexpected(span.error());
  }
  if (urgency == net::Urgency::to_the_end) {
    m_clock.wait_to_the_end(*span);
  } else if (m_clock.wait(*span) == Waited::interrupted) {
    return fail(Errc::interrupted, "interrupted");
  }
  return {};
}

Result<json::Value> Admin::get(std::string path, net::Urgency urgency) {
  const auto answer = call(request(net::Method::get, std::move(path), urgency));
  if (!answer) {
    return tl::unexpected(answer.error());
  }
  return is_good(*answer) ? json::parse(answer->body) : Result<json::Value>(failure(*answer));
}

Result<std::vector<json::Value>> Admin::all_pages(std::string path, net::Urgency urgency) {
  std::vector<json::Value> entries;
  const auto longest = k_longest_list * m_deadline;
  const auto end = m_clock.now().instant + longest;
  for (int pages = 0; pages < k_most_pages; ++pages) {
    if (m_clock.now().instant > end && urgency != net::Urgency::to_the_end) {
      return fail(Errc::timed_out, "Kong's pages take longer than {:g}s",
                  std::chrono::duration<double>(longest).count());
    }
    const auto page = get(std::move(path), urgency);
    if (!page) {
      return tl::unexpected(page.error());
    }
    const auto& data = (*page)["data"];
    // Lua writes an empty list as {} here and there.
    if (!data.is_array() && !(data.is_object() && data.members().empty())) {
      return fail(Errc::invalid, "the answer of Kong has no list in 'data'");
    }
    if (data.items().size() > k_most_entries - entries.size()) {
      return fail(Errc::invalid, "Kong lists more than {} entries", k_most_entries);
    }
    entries.insert(entries.end(), data.items().begin(), data.items().end());
    const auto next = (*page)["next"].as_string();
    if (!next) {
      return entries;
    }
    if (!net::is_path(*next)) {
      return fail(Errc::invalid, "what Kong names as the next page is no path");
    }
    path = *next;
  }
  return fail(Errc::invalid, "Kong's pages do not end");
}

net::Request Admin::status_request() const {
  auto status = request(net::Method::get, "/status", net::Urgency::interruptible);
  status.max_answer = k_max_status;
  return status;
}

Result<NodeStatus> Admin::read_status(const Result<net::Response>& answer) {
  if (!answer) {
    return wrap(answer.error(), "Kong's status");
  }
  if (answer->status == 404) {
    return fail(Errc::invalid, "what answers at {} is not Kong's Admin API: it has no /status", m_endpoint.shown());
  }
  if (!is_good(*answer)) {
    const auto failed = failure(*answer);
    return wrap(failed.value(), "Kong's status from {}", m_endpoint.shown());
  }
  auto status = json::parse(answer->body).and_then(parse_status);
  if (!status) {
    return wrap(status.error(), "Kong's status from {}", m_endpoint.shown());
  }
  m_mode = status->mode;
  return status;
}

Result<NodeStatus> Admin::status(net::Urgency urgency) {
  auto asked = status_request();
  asked.urgency = urgency;
  return read_status(call(asked));
}

Result<std::string> Admin::version(net::Urgency urgency) {
  const auto root = get("/", urgency);
  if (!root) {
    return wrap(root.error(), "Kong's version from {}", m_endpoint.shown());
  }
  const auto version = (*root)["version"].as_string();
  if (!version || version->empty()) {
    return fail(Errc::invalid, "Kong's version from {}: the answer names none", m_endpoint.shown());
  }
  return printable(*version);
}

Status Admin::require_service(std::string_view name) {
  const auto answer =
      call(request(net::Method::get, fmt::format("/services/{}", net::escaped(name)), net::Urgency::interruptible));
  if (answer && answer->status == 404) {
    return fail(Errc::not_found, "Kong has no service '{}': its requests cannot be counted; see service",
                printable(name));
  }
  if (answer && !is_good(*answer)) {
    const auto failed = failure(*answer);
    return wrap(failed.value(), "Kong's service '{}'", printable(name));
  }
  return answer ? Status{} : Status(wrap(answer.error(), "Kong's service '{}'", printable(name)));
}

Result<Mode> Admin::mode(net::Urgency urgency) {
  if (!m_mode) {
    if (const auto known = status(urgency); !known) {
      return tl::unexpected(known.error());
    }
  }
  return *m_mode;
}

Error Admin::explained(const Error& error, net::Urgency urgency) {
  if (error.code != Errc::failed && error.code != Errc::not_found) {
    return error;
  }
  const auto now = status(urgency);
  if (!now && now.error().code == Errc::invalid) {
    return now.error();  // Kong's proxy, for one, says 404 to each path that it has no route for
  }
  if (now && !now->database_reachable) {
    return {Errc::busy, "Kong cannot reach its database"};
  }
  if (now && !now->configured) {
    return {Errc::not_found, "Kong has no configuration yet (DB-less)"};
  }
  return error;
}

Result<std::vector<Target>> Admin::targets(std::string_view upstream, net::Urgency urgency) {
  const auto entries = all_pages(targets_path(upstream), urgency);
  if (!entries) {
    const auto error = explained(entries.error(), urgency);
    // The word of Kong's for an upstream that it does not have is "Not found".
    return error == entries.error() && error.code == Errc::not_found
               ? fail(Errc::not_found, "Kong at {} has no upstream '{}'", m_endpoint.shown(), upstream)
               : wrap(error, "targets of '{}'", upstream);
  }
  return parse_all<Target>(*entries, parse_target);
}

Result<std::vector<TargetHealth>> Admin::health(std::string_view upstream, net::Urgency urgency) {
  const auto entries = all_pages(fmt::format("/upstreams/{}/health", net::escaped(upstream)), urgency);
  if (!entries) {
    return wrap(entries.error(), "health of '{}'", upstream);
  }
  return parse_all<TargetHealth>(*entries, parse_target_health);
}

net::Request Admin::metrics_request() const {
  return request(net::Method::get, "/metrics", net::Urgency::interruptible);
}

Result<std::string> Admin::read_metrics(const Result<net::Response>& answer) const {
  if (!answer) {
    return wrap(answer.error(), "Kong's metrics");
  }
  if (answer->status == 404) {
    return fail(Errc::unsupported, "Kong at {} has no /metrics", m_endpoint.shown());
  }
  if (!is_good(*answer)) {
    const auto failed = failure(*answer);
    return wrap(failed.value(), "Kong's metrics");
  }
  return answer->body;
}

Status Admin::change_targets(std::string_view upstream, const std::vector<TargetChange>& changes,
                             net::Urgency urgency) {
  if (changes.empty()) {
    return {};
  }
  const auto how = mode(reading_before(urgency));
  if (!how) {
    return tl::unexpected(how.error());
  }
  auto changed = change_in(*how, upstream, changes, urgency);
  if (!changed && changed.error().code == Errc::unsupported) {
    // Kong may have been started again in the other mode since we asked.
    const auto other = *how == Mode::database ? Mode::dbless : Mode::database;
    auto changed_there = change_in(other, upstream, changes, urgency);
    if (changed_there || changed_there.error().code != Errc::unsupported) {
      m_mode = other;
      return changed_there;
    }
  }
  return changed;
}

Status Admin::remove_targets(std::string_view upstream, const std::vector<std::string>& addresses) {
  std::vector<TargetChange> changes;
  changes.reserve(addresses.size());
  for (const auto& address : addresses) {
    changes.push_back({TargetChange::Kind::remove, address, 0});
  }
  return change_targets(upstream, changes);
}

Status Admin::change_in(Mode mode, std::string_view upstream, const std::vector<TargetChange>& changes,
                        net::Urgency urgency) {
  return mode == Mode::database ? change_in_database(upstream, changes, urgency)
                                : change_configuration(upstream, changes, urgency);
}

Result<net::Response> Admin::change_one(const std::string& path, const TargetChange& change, net::Urgency urgency) {
  const auto one = path + '/' + net::escaped(change.address);
  auto write = change.kind == TargetChange::Kind::remove  ? request(net::Method::del, one, urgency)
               : change.kind == TargetChange::Kind::weigh ? request(net::Method::patch, one, urgency)
                                                          : request(net::Method::post, path, urgency);
  if (change.kind != TargetChange::Kind::remove) {
    json::Value body;
    if (change.kind == TargetChange::Kind::add) {
      body.set("target", change.address);
      body.at("tags").push_back(change.tag);
    }
    body.set("weight", change.weight);
    write.headers.emplace_back("Content-Type", "application/json");
    write.body = json::dump(body);
  }
  return call(write);
}

/// After a 404, which may be Kong's for a target that is gone already, or that of a proxy before Kong for anything.
Status Admin::require_gone(std::string_view upstream, const std::string& address, net::Urgency urgency) {
  const auto left = targets(upstream, reading_before(urgency));
  if (!left && left.error().code != Errc::not_found) {
    return tl::unexpected(left.error());
  }
  const bool is_there = left && std::ranges::find(*left, address, &Target::address) != left->end();
  return is_there ? fail(Errc::failed, "Kong lists target {} of '{}', but its deletion was answered with status 404",
                         address, upstream)
                  : Status{};
}

Status Admin::change_in_database(std::string_view upstream, const std::vector<TargetChange>& changes,
                                 net::Urgency urgency) {
  const auto path = targets_path(upstream);
  for (auto change : changes) {
    auto answer = change_one(path, change, urgency);
    if (answer && answer->status == 409 && change.kind == TargetChange::Kind::add) {
      change.kind = TargetChange::Kind::weigh;
      answer = change_one(path, change, urgency);
    }
    if (!answer) {
      return wrap(answer.error(), "target {} of '{}'", change.address, upstream);
    }
    if (answer->status == 404 && change.kind == TargetChange::Kind::remove) {
      if (auto gone = require_gone(upstream, change.address, urgency); !gone) {
        return gone;
      }
    } else if (!is_good(*answer)) {
      const auto failed = failure(*answer);
      return wrap(failed.value(), "target {} of '{}'", change.address, upstream);
    }
  }
  return {};
}

Status Admin::change_configuration(std::string_view upstream, const std::vector<TargetChange>& changes,
                                   net::Urgency urgency) {
  for (int tries = 1;; ++tries) {
    const auto before = status(reading_before(urgency));
    if (!before) {
      return tl::unexpected(before.error());
    }
    if (before->mode != Mode::dbless) {
      return fail(Errc::unsupported, k_has_database);
    }
    const auto current = configuration(reading_before(urgency));
    if (!current) {
      return tl::unexpected(current.error());
    }
    const auto edited = with_changed_targets(*current, upstream, changes, new_uuid);
    if (!edited) {
      return wrap(edited.error(), "change Kong's configuration");
    }
    // An earlier write that was given up may still be loading, and then what was read is of before it.
    if (*edited == *current && urgency != net::Urgency::to_the_end) {
      return {};
    }
    const auto now = status(reading_before(urgency));
    if (!now) {
      return tl::unexpected(now.error());
    }
    if (now->configuration_hash != before->configuration_hash) {
      if (tries == k_tries) {
        return fail(Errc::busy, "write Kong's configuration: others change it all the time");
      }
      continue;
    }
    auto write = request(net::Method::post, "/config", urgency);
    write.headers.emplace_back("Content-Type", "application/json");
    json::Value body;
    body.set("config", *edited);
    write.body = json::dump(body);
    // Not through call(): after 429 somebody else's configuration is being loaded, and ours must be made from that one.
    const auto written = m_http.send(write);
    if (!written) {
      return wrap(written.error(), "write Kong's configuration");
    }
    if (is_good(*written)) {
      return {};
    }
    if (!asks_for_patience(*written) || tries == k_tries) {
      // Without Kong's words, which may repeat some of the configuration.
      const auto failed = failure(*written);
      return fail(failed.value().code, "write Kong's configuration: Kong answered {}", written->status);
    }
    if (const auto waited = wait_as_asked(*written, urgency); !waited) {
      return wrap(waited.error(), "write Kong's configuration");
    }
  }
}

Result<std::string> Admin::configuration(net::Urgency urgency) {
  const auto current = call(request(net::Method::get, "/config", urgency));
  if (!current) {
    return wrap(current.error(), "Kong's configuration");
  }
  if (!is_good(*current)) {
    // With a database Kong answers 400 here.
    const auto failed = failure(*current);
    return current->status == 400 ? fail(Errc::unsupported, k_has_database)
                                  : wrap(failed.value(), "Kong's configuration");
  }
  const auto answer = json::parse(current->body);
  const auto yaml = answer ? (*answer)["config"].as_string() : std::nullopt;
  if (!yaml) {
    return fail(Errc::invalid, "Kong's configuration: the answer has no text in 'config'");
  }
  return std::string(*yaml);
}

}  // namespace kscale::kong
