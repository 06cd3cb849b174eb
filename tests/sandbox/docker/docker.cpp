#include "tests/sandbox/docker/docker.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "libscale/net/json.hpp"
#include "tests/sandbox/docker/call.hpp"
#include "tests/sandbox/docker/containers.hpp"
#include "tests/sandbox/docker/filters.hpp"
#include "tests/sandbox/docker/stats.hpp"

namespace kscale::sandbox {

namespace {

using engine::ApiCall;
using engine::ApiVersion;
using engine::Container;
using engine::Containers;
using engine::ContainerState;
using engine::empty_answer;
using engine::Filters;
using engine::inspect_json;
using engine::json_answer;
using engine::Network;
using engine::parse_version;
using engine::refusal;
using engine::StatsSample;
using json::Value;

constexpr std::string_view k_engine = "20.10.24+dfsg1";
constexpr ApiVersion k_json_errors_since{1, 24};
constexpr ApiVersion k_one_shot_since{1, 41};

Answer page_not_found() {
  return refusal(404, "page not found");
}

/// One chunk of output as the engine frames it where there is no terminal: stream, three zeroes, length.
std::string framed(std::string_view text) {
  const auto size = text.size();
  std::string frame = {'\1', '\0', '\0', '\0'};
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    frame.push_back(static_cast<char>((size >> shift) & 0xFFU));
  }
  return frame.append(text);
}

/// The last lines of a text, each with its end.
std::vector<std::string_view> last_lines(std::string_view text, std::string_view count) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    lines.push_back(text.substr(0, std::min(text.size(), line.size() + 1)));
    text.remove_prefix(lines.back().size());
  }
  std::size_t wanted = 0;
  const auto read = std::from_chars(count.data(), count.data() + count.size(), wanted);
  if (!count.empty() && read.ec == std::errc{} && wanted < lines.size()) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(wanted));
  }
  return lines;
}

bool is_named(const Container& container, const engine::NetworkEndpoint& endpoint, std::string_view name) {
  const auto& aliases = endpoint.aliases;
  return container.spec.name == name || std::find(aliases.begin(), aliases.end(), name) != aliases.end();
}

Answer no_such_container(std::string_view name) {
  return refusal(404, fmt::format("No such container: {}", name));
}

}  // namespace

struct Docker::Inside {
  Inside(Clock& the_clock, WorkloadFactory workloads, DockerOptions the_options)
      : clock(the_clock), options(std::move(the_options)), containers(clock, std::move(workloads), options) {}

  Clock& clock;
  DockerOptions options;
  Containers containers;

  std::optional<Answer> refuse_version(const ApiCall& call) const;
  Answer route(const ApiCall& call);
  Answer route_container(const ApiCall& call);
  Answer route_network(const ApiCall& call);

  Answer version() const;
  Answer info();
  Answer list(const ApiCall& call);
  Answer stats(Containers::Lock& lock, const std::shared_ptr<Container>& container, const ApiCall& call);
  Answer logs(const Container& container, const ApiCall& call) const;
  Answer image(const ApiCall& call);
  Answer events(const ApiCall& call);
};

std::optional<Answer> Docker::Inside::refuse_version(const ApiCall& call) const {
  const auto asked = parse_version(call.version);
  if (!asked) {
    return std::nullopt;
  }
  if (*asked > parse_version(options.maximum_version)) {
    return refusal(400, fmt::format("client version {} is too new. Maximum supported API version is {}", call.version,
                                    options.maximum_version));
  }
  if (*asked < parse_version(options.minimum_version)) {
    return refusal(400, fmt::format("client version {} is too old. Minimum supported API version is {}, please upgrade "
                                    "your client to a newer version",
                                    call.version, options.minimum_version));
  }
  return std::nullopt;
}

Answer Docker::Inside::route(const ApiCall& call) {
  const bool reads = call.method == "GET" || call.method == "HEAD";
  const auto& path = call.path;
  const auto is = [&](std::initializer_list<std::string_view> wanted) {
    return std::equal(path.begin(), path.end(), wanted.begin(), wanted.end());
  };
  if (is({"_ping"}) && reads) {
    return {.status = 200,
            .content_type = "text/plain; charset=utf-8",
            .body = call.method == "HEAD" ? "" : "OK",
            .headers = {{"Cache-Control", "no-cache, no-store, must-revalidate"}, {"Pragma", "no-cache"}}};
  }
  if (is({"version"}) && reads) {
    return version();
  }
  if (is({"info"}) && reads) {
    return info();
  }
  if (is({"events"}) && reads) {
    return events(call);
  }
  if (path.size() >= 3 && path.front() == "images" && path.back() == "json" && reads) {
    return image(call);
  }
  if (!path.empty() && path.front() == "containers") {
    return route_container(call);
  }
  if (!path.empty() && path.front() == "networks") {
    return route_network(call);
  }
  return page_not_found();
}

Answer Docker::Inside::route_container(const ApiCall& call) {
  const bool reads = call.method == "GET";
  const bool posts = call.method == "POST";
  const auto& path = call.path;
  Containers::Lock lock(containers.mutex());
  if (path.size() == 2 && path[1] == "json" && reads) {
    return list(call);
  }
  if (path.size() == 2 && path[1] == "create" && posts) {
    return containers.create(call);
  }
  if (path.size() < 2 || path.size() > 3) {
    return page_not_found();
  }
  const auto container = containers.find(path[1]);
  const std::string_view what = path.size() == 3 ? std::string_view(path[2]) : std::string_view{};
  using Handler = Answer (*)(Inside&, Containers::Lock&, const std::shared_ptr<Container>&, const ApiCall&);
  struct Route {
    std::string_view method;
    std::string_view what;
    Handler handler;
  };
  static constexpr std::array<Route, 12> k_routes = {{
      {"GET", "json", [](auto&, auto&, auto& on, auto&) { return json_answer(200, inspect_json(*on)); }},
      {"GET", "stats", [](auto& in, auto& held, auto& on, auto& how) { return in.stats(held, on, how); }},
      {"GET", "logs", [](auto& in, auto&, auto& on, auto& how) { return in.logs(*on, how); }},
      {"POST", "start", [](auto& in, auto&, auto& on, auto&) { return in.containers.start(*on); }},
      {"POST", "stop", [](auto& in, auto& held, auto& on, auto& how) { return in.containers.stop(held, on, how); }},
      {"POST", "restart",
       [](auto& in, auto& held, auto& on, auto& how) { return in.containers.restart(held, on, how); }},
      {"POST", "kill", [](auto& in, auto& held, auto& on, auto& how) { return in.containers.kill(held, on, how); }},
      {"POST", "pause", [](auto& in, auto&, auto& on, auto&) { return in.containers.pause(*on); }},
      {"POST", "unpause", [](auto& in, auto&, auto& on, auto&) { return in.containers.unpause(*on); }},
      {"POST", "rename", [](auto& in, auto&, auto& on, auto& how) { return in.containers.rename(*on, how); }},
      {"POST", "update", [](auto& in, auto&, auto& on, auto& how) { return in.containers.update(*on, how); }},
      {"DELETE", "", [](auto& in, auto& held, auto& on, auto& how) { return in.containers.remove(held, on, how); }},
  }};
  const auto* const route = std::find_if(k_routes.begin(), k_routes.end(), [&](const Route& each) {
    return each.method == call.method && each.what == what;
  });
  if (route == k_routes.end()) {
    return page_not_found();
  }
  return container ? route->handler(*this, lock, container, call) : no_such_container(path[1]);
}

Answer Docker::Inside::route_network(const ApiCall& call) {
  const auto& path = call.path;
  const Containers::Lock lock(containers.mutex());
  const auto described = [](const Network& network) {
    return Value::Object{{"Name", network.name}, {"Id", network.id}, {"Scope", "local"}, {"Driver", network.driver}};
  };
  if (path.size() == 1 && call.method == "GET") {
    Value list = Value::array();
    for (const auto& network : containers.networks()) {
      list.push_back(described(network));
    }
    return json_answer(200, list);
  }
  const bool inspects = path.size() == 2 && call.method == "GET";
  const bool connects = path.size() == 3 && path[2] == "connect" && call.method == "POST";
  if (!inspects && !connects) {
    return page_not_found();
  }
  const Network* network = containers.find_network(path[1]);
  if (network == nullptr) {
    return refusal(404, fmt::format("network {} not found", path[1]));
  }
  return inspects ? json_answer(200, described(*network)) : containers.connect(*network, call);
}

Answer Docker::Inside::version() const {
  return json_answer(200, Value::Object{{"Platform", Value::Object{{"Name", ""}}},
                                        {"Components", Value::array()},
                                        {"Version", k_engine},
                                        {"ApiVersion", options.maximum_version},
                                        {"MinAPIVersion", options.minimum_version},
                                        {"GitCommit", "5d6db84"},
                                        {"GoVersion", "go1.19.8"},
                                        {"Os", "linux"},
                                        {"Arch", "amd64"},
                                        {"KernelVersion", "6.1.0"},
                                        {"BuildTime", "2023-05-18T08:38:34.000000000+00:00"}});
}

Answer Docker::Inside::info() {
  const Containers::Lock lock(containers.mutex());
  const auto& all = containers.all();
  const auto count = [&](auto matches) { return std::int64_t{std::count_if(all.begin(), all.end(), matches)}; };
  const auto paused = count([](const auto& each) { return each->state == ContainerState::paused; });
  const auto running = count([](const auto& each) { return each->is_running(); }) - paused;
  const auto total = static_cast<std::int64_t>(all.size());
  return json_answer(200, Value::Object{{"ID", "SAND:BOX0"},
                                        {"Containers", total},
                                        {"ContainersRunning", running},
                                        {"ContainersPaused", paused},
                                        {"ContainersStopped", total - running - paused},
                                        {"Images", static_cast<std::int64_t>(containers.images().all().size())},
                                        {"Driver", "overlay2"},
                                        {"LoggingDriver", "json-file"},
                                        {"CgroupDriver", "cgroupfs"},
                                        {"CgroupVersion", "1"},
                                        {"KernelVersion", "6.1.0"},
                                        {"OperatingSystem", "Debian GNU/Linux 12 (bookworm)"},
                                        {"OSType", "linux"},
                                        {"Architecture", "x86_64"},
                                        {"NCPU", options.cpus},
                                        {"MemTotal", options.memory.value},
                                        {"DockerRootDir", "/var/lib/docker"},
                                        {"Name", "sandbox"},
                                        {"ServerVersion", k_engine},
                                        {"Swarm", Value::Object{{"NodeID", ""}, {"LocalNodeState", "inactive"}}},
                                        {"LiveRestoreEnabled", false},
                                        {"Warnings", Value{}}});
}

Answer Docker::Inside::list(const ApiCall& call) {
  const auto filters = Filters::parse(call.parameter("filters"));
  if (!filters) {
    return filters.error();
  }
  const auto limit_text = call.parameter("limit");
  std::size_t limit = 0;
  std::from_chars(limit_text.data(), limit_text.data() + limit_text.size(), limit);
  const bool all = call.flag("all") || limit > 0 || filters->asks_for_all();
  const auto now = clock.now().wall;
  Value list = Value::array();
  for (const auto& container : containers.all()) {
    if ((all || container->is_running()) && filters->match(*container)) {
      list.push_back(summary_json(*container, now));
    }
    if (limit > 0 && list.items().size() == limit) {
      break;
    }
  }
  return json_answer(200, list);
}

Answer Docker::Inside::stats(Containers::Lock& lock, const std::shared_ptr<Container>& container, const ApiCall& call) {
  const auto asked = parse_version(call.version);
  const bool stream = call.parameter("stream").empty() || call.flag("stream");
  const bool one_shot = call.flag("one-shot") && (!asked || *asked >= k_one_shot_since);
  if (stream && one_shot) {
    return refusal(400, "cannot have stream=true and one-shot=true");
  }
  std::optional<StatsSample> earlier;
  std::optional<StatsSample> later;
  if (const auto workload = container->workload) {
    const auto sample = [&] {
      const Now now = clock.now();
      return StatsSample{.time = now, .usage = workload->usage(now)};
    };
    if (!one_shot) {
      earlier = sample();
      lock.unlock();
      clock.wait(options.sample_period);
      lock.lock();
    }
    later = sample();
  }
  const Bytes limit{container->spec.body["HostConfig"]["Memory"].as_uint().value_or(0)};
  const engine::StatsHost host{.cpus = options.cpus, .memory = options.memory};
  auto answer =
      json_answer(200, engine::stats_json(container->spec.name, container->spec.id, earlier, later, host, limit));
  if (stream) {
    answer.content_type.clear();  // A stream's header goes out before its first byte.
  }
  return answer;
}

Answer Docker::Inside::logs(const Container& container, const ApiCall& call) const {
  if (!call.flag("stdout") && !call.flag("stderr")) {
    return refusal(400, "Bad parameters: you must choose at least one stream");
  }
  Answer answer = empty_answer(200);
  if (!call.flag("stdout")) {
    return answer;
  }
  const bool terminal = container.spec.body["Tty"].as_bool().value_or(false);
  const auto stamp = call.flag("timestamps") ? engine::rfc3339(clock.now().wall) + " " : std::string{};
  const auto log = container.log();
  for (const auto line : last_lines(log, call.parameter("tail"))) {
    const auto text = stamp + std::string(line);
    answer.body += terminal ? text : framed(text);
  }
  return answer;
}

Answer Docker::Inside::image(const ApiCall& call) {
  const auto name = fmt::format("{}", fmt::join(call.path.begin() + 1, call.path.end() - 1, "/"));
  const Containers::Lock lock(containers.mutex());
  const Image* found = containers.images().find(name);
  return found == nullptr ? refusal(404, "No such image: " + engine::tagged(name))
                          : json_answer(200, inspect_json(*found));
}

Answer Docker::Inside::events(const ApiCall& call) {
  const auto second = [&](std::string_view name, std::int64_t otherwise) {
    const auto text = call.parameter(name);
    std::int64_t number = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  };
  const auto now = std::chrono::floor<std::chrono::seconds>(clock.now().wall.time_since_epoch()).count();
  const auto since = second("since", now);
  const auto until = second("until", now);
  Answer answer = json_answer(200, Value{});
  answer.body.clear();
  const Containers::Lock lock(containers.mutex());
  for (const auto& event : containers.events()) {
    const auto time = event["time"].as_int().value_or(0);
    if (time >= since && time <= until) {
      answer.body += json::dump(event) + "\n";
    }
  }
  return answer;
}

Docker::Docker(Clock& clock, WorkloadFactory workloads, DockerOptions options)
    : m_inside(std::make_unique<Inside>(clock, std::move(workloads), std::move(options))) {}

Docker::~Docker() {
  kill_all();
}

Answer Docker::answer(const Question& question) {
  const ApiCall call = engine::parse_call(question);
  const auto refused = m_inside->refuse_version(call);
  Answer answer = refused ? *refused : m_inside->route(call);
  const auto asked = parse_version(call.version);
  if (answer.status >= 400 && asked && *asked < k_json_errors_since) {
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = json::parse(answer.body).value()["message"].text_or("") + "\n";
  }
  answer.headers.insert(answer.headers.end(), {{"Api-Version", m_inside->options.maximum_version},
                                               {"Docker-Experimental", "false"},
                                               {"Ostype", "linux"},
                                               {"Server", fmt::format("Docker/{} (linux)", k_engine)}});
  return answer;
}

bool Docker::exit_container(std::string_view name, int code) {
  Containers::Lock lock(m_inside->containers.mutex());
  return m_inside->containers.exit(lock, name, code);
}

void Docker::add_image(Image image) {
  const Containers::Lock lock(m_inside->containers.mutex());
  m_inside->containers.images().add(std::move(image));
}

void Docker::remove_image(std::string_view name) {
  const Containers::Lock lock(m_inside->containers.mutex());
  m_inside->containers.images().remove(name);
}

std::optional<std::string> Docker::address(std::string_view container) const {
  const Containers::Lock lock(m_inside->containers.mutex());
  for (const auto& each : m_inside->containers.all()) {
    for (const auto& endpoint : each->endpoints) {
      if (!endpoint.address.empty() && is_named(*each, endpoint, container)) {
        return endpoint.address;
      }
    }
  }
  return std::nullopt;
}

std::optional<std::uint16_t> Docker::host_port(std::string_view container, std::uint16_t port) const {
  const Containers::Lock lock(m_inside->containers.mutex());
  const auto wanted = fmt::format("{}/tcp", port);
  for (const auto& each : m_inside->containers.all()) {
    const bool is_meant = std::any_of(each->endpoints.begin(), each->endpoints.end(), [&](const auto& endpoint) {
      return endpoint.address == container || is_named(*each, endpoint, container);
    });
    if (!is_meant || !each->is_running()) {
      continue;
    }
    for (const auto& published : each->spec.ports) {
      if (published.container_port == wanted) {
        return published.host_port;
      }
    }
  }
  return std::nullopt;
}

void Docker::kill_all() {
  Containers::Lock lock(m_inside->containers.mutex());
  m_inside->containers.kill_all(lock);
}

}  // namespace kscale::sandbox
