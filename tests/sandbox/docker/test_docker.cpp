#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "libscale/net/json.hpp"
#include "tests/fakes/hand_clock.hpp"
#include "tests/sandbox/docker/docker.hpp"
#include "tests/sandbox/docker/model.hpp"
#include "tests/sandbox/docker/test_client.hpp"

namespace kscale::sandbox {

namespace {

using json::Value;
using std::chrono::seconds;

struct Host {
  fakes::HandClock clock;
  std::shared_ptr<ModelBehaviour> behaviour = std::make_shared<ModelBehaviour>();
  Docker docker{clock,
                model_workloads(behaviour),
                {.images = {{.name = "shop:1"},
                            {.name = "broken:1", .exits_at_once = 3},
                            {.name = "checked:1", .ports = {"3020/tcp"}, .health_check = true}},
                 .networks = {"shop_net"}}};

  void run(const std::string& name, const std::string& body = R"({"Image":"shop:1"})") {
    REQUIRE(post(docker, "/containers/create?name=" + name, body).status == 201);
    REQUIRE(post(docker, "/containers/" + name + "/start").status == 204);
  }

  Value inspect(const std::string& name) { return json_of(get(docker, "/containers/" + name + "/json")); }
  std::string state(const std::string& name) { return inspect(name)["State"]["Status"].text_or(""); }

  std::vector<std::string> names(const std::string& query) {
    std::vector<std::string> names;
    const auto list = json_of(get(docker, "/containers/json" + query));
    for (const auto& container : list.items()) {
      names.push_back(container["Names"].items().front().text_or(""));
    }
    return names;
  }
};

/// A process that takes its time to stop, until the test lets it go.
struct Gate {
  std::promise<void> reached;
  std::promise<void> opened;
  std::shared_future<void> open = opened.get_future().share();
  std::atomic<bool> first{true};
};

class SlowWorkload final : public Workload {
 public:
  explicit SlowWorkload(Gate& gate) : m_gate(gate) {}
  Status start(const ContainerSpec& /*spec*/, Now /*now*/) override { return {}; }
  int stop(seconds /*grace*/) override {
    if (m_gate.first.exchange(false)) {
      m_gate.reached.set_value();
    }
    m_gate.open.wait();
    return 0;
  }
  WorkloadUsage usage(Now /*now*/) override { return {}; }

 private:
  Gate& m_gate;
};

constexpr auto k_compose_like = R"({
  "Image": "checked:1", "Env": ["PORT=3020", "INSTANCE_ID=backend-1"], "Labels": {"com.docker.compose.project": "shop"},
  "HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}, "NetworkMode": "shop_net", "Memory": 67108864,
    "NanoCpus": 500000000, "Binds": ["/srv/data:/data:ro", "cache:/cache"],
    "PortBindings": {"3020/tcp": [{"HostIp": "", "HostPort": "3020"}]}},
  "NetworkingConfig": {"EndpointsConfig": {"shop_net": {"Aliases": ["backend-1"]}}}})";

}  // namespace

TEST_CASE("inspect gives back what create was told, and where the container is plugged in") {
  Host host;
  host.run("shop-1", k_compose_like);
  const auto shop = host.inspect("shop-1");
  CHECK(shop["Name"].text_or("") == "/shop-1");
  CHECK(shop["Config"]["Image"].text_or("") == "checked:1");
  CHECK(shop["Config"]["Env"].items().size() == 3);
  CHECK(shop["Config"]["Env"].items().front().text_or("") == "PORT=3020");
  CHECK(shop["Config"]["Labels"]["com.docker.compose.project"].text_or("") == "shop");
  CHECK(shop["Config"]["ExposedPorts"].has("3020/tcp"));
  CHECK(shop["HostConfig"]["RestartPolicy"]["Name"].text_or("") == "unless-stopped");
  CHECK(shop["HostConfig"]["NanoCpus"].as_int() == 500'000'000);
  CHECK(shop["HostConfig"]["ShmSize"].as_int() == 67'108'864);
  CHECK(shop["Mounts"].items().size() == 2);
  CHECK(shop["Mounts"].items()[0]["RW"].as_bool() == false);
  CHECK(shop["Mounts"].items()[1]["Type"].text_or("") == "volume");
  const auto& network = shop["NetworkSettings"]["Networks"]["shop_net"];
  CHECK(network["IPAddress"].text_or("") == "172.18.0.2");
  CHECK(network["Aliases"].items().front().text_or("") == "backend-1");
  CHECK(network["Aliases"].items().back().text_or("") == shop["Id"].text_or("").substr(0, 12));
  const auto& bindings = shop["NetworkSettings"]["Ports"]["3020/tcp"];
  CHECK(bindings.items().front()["HostIp"].text_or("") == "0.0.0.0");
  CHECK(bindings.items().front()["HostPort"].text_or("") == "3020");
  CHECK(shop["State"]["Health"]["Status"].text_or("") == "healthy");
  CHECK(shop["State"]["StartedAt"].text_or("") == "2026-11-23T22:14:31.755Z");
  CHECK(shop["State"]["FinishedAt"].text_or("") == "0001-01-01T00:00:00Z");
}

TEST_CASE("what inspect tells of one container makes another like it") {
  Host host;
  host.run("shop-1", k_compose_like);
  const auto shop = host.inspect("shop-1");
  Value body = shop["Config"];
  body.set("HostConfig", shop["HostConfig"]);
  body.at("HostConfig").at("PortBindings").at("3020/tcp").elements().front().set("HostPort", "3021");
  host.run("shop-2", json::dump(body));
  const auto twin = host.inspect("shop-2");
  CHECK(twin["Config"]["Env"] == shop["Config"]["Env"]);
  CHECK(twin["HostConfig"]["Binds"] == shop["HostConfig"]["Binds"]);
  CHECK(twin["NetworkSettings"]["Networks"]["shop_net"]["IPAddress"].text_or("") == "172.18.0.3");
}

TEST_CASE("the list shows running containers, and with all every one, the newest first") {
  Host host;
  host.run("shop-1");
  host.run("shop-2");
  post(host.docker, "/containers/create?name=shop-3", R"({"Image":"shop:1","Labels":{"tier":"web"}})");
  CHECK(host.names("") == std::vector<std::string>{"/shop-2", "/shop-1"});
  CHECK(host.names("?all=1") == std::vector<std::string>{"/shop-3", "/shop-2", "/shop-1"});
  CHECK(host.names(R"(?all=true&filters={"name":["^/shop-[13]$"]})") == std::vector<std::string>{"/shop-3", "/shop-1"});
  CHECK(host.names(R"(?filters={"name":["^shop-1$"]})") == std::vector<std::string>{"/shop-1"});
  CHECK(host.names(R"(?all=1&filters={"label":["tier=web"]})") == std::vector<std::string>{"/shop-3"});
  CHECK(host.names(R"(?filters={"status":{"created":true}})") == std::vector<std::string>{"/shop-3"});
}

TEST_CASE("the list words states as docker ps shows them") {
  Host host;
  host.run("shop-1", R"({"Image":"checked:1"})");
  const auto status = [&] {
    return json_of(get(host.docker, "/containers/json?all=1")).items()[0]["Status"].text_or("");
  };
  CHECK(status() == "Up Less than a second (healthy)");
  host.clock.forward(seconds(5));
  host.behaviour->health = "starting";
  CHECK(status() == "Up 5 seconds (health: starting)");
  post(host.docker, "/containers/shop-1/pause");
  CHECK(status() == "Up 5 seconds (Paused)");
  post(host.docker, "/containers/shop-1/stop");
  host.clock.forward(std::chrono::minutes(3));
  CHECK(status() == "Exited (0) 3 minutes ago");
}

TEST_CASE("the CPU of two one-shot readings comes to what the container uses") {
  Host host;
  host.behaviour->cpu = {1.5};
  host.run("shop-1");
  const auto look = [&] { return json_of(get(host.docker, "/containers/shop-1/stats?stream=false&one-shot=true")); };
  const auto earlier = look();
  host.clock.forward(seconds(10));
  const auto later = look();
  const auto grown = [&](const char* part, const char* name) {
    const auto at = [&](const Value& stats) {
      const auto& cpu = stats["cpu_stats"];
      return *(part == nullptr ? cpu : cpu[part])[name].as_number();
    };
    return at(later) - at(earlier);
  };
  CHECK(grown("cpu_usage", "total_usage") / grown(nullptr, "system_cpu_usage") * 2 == Approx(1.5));
  CHECK(later["precpu_stats"]["cpu_usage"]["total_usage"].as_int() == 0);
  CHECK(later["memory_stats"]["limit"].as_int() == 8LL * 1024 * 1024 * 1024);
  const auto& memory = later["memory_stats"];
  CHECK(*memory["usage"].as_uint() - *memory["stats"]["total_inactive_file"].as_uint() == 32ULL * 1024 * 1024);
}

TEST_CASE("an image that exits at once leaves its container exited, or restarting") {
  Host host;
  host.run("broken-1", R"({"Image":"broken:1"})");
  CHECK(host.state("broken-1") == "exited");
  CHECK(host.inspect("broken-1")["State"]["ExitCode"].as_int() == 3);
  host.run("broken-2", R"({"Image":"broken:1","HostConfig":{"RestartPolicy":{"Name":"unless-stopped"}}})");
  CHECK(host.state("broken-2") == "restarting");
  CHECK(post(host.docker, "/containers/broken-2/stop").status == 204);
  CHECK(host.state("broken-2") == "exited");
}

TEST_CASE("a container that dies stays exited, unless its policy restarts it") {
  Host host;
  host.run("shop-1");
  host.run("shop-2", R"({"Image":"shop:1","HostConfig":{"RestartPolicy":{"Name":"unless-stopped"}}})");
  CHECK(host.docker.exit_container("shop-1", 139));
  CHECK(host.inspect("shop-1")["State"]["ExitCode"].as_int() == 139);
  CHECK(host.docker.exit_container("shop-2", 139));
  CHECK(host.state("shop-2") == "running");
  CHECK(host.inspect("shop-2")["RestartCount"].as_int() == 1);
  CHECK_FALSE(host.docker.exit_container("shop-1", 1));
}

TEST_CASE("a container made anew under its name has another address") {
  Host host;
  host.run("shop-1", k_compose_like);
  CHECK(host.docker.host_port("shop-1", 3020) == 3020);
  CHECK(host.docker.host_port("backend-1", 3020) == 3020);
  CHECK(host.docker.host_port("172.18.0.2", 3020) == 3020);
  CHECK(host.docker.address("shop-1") == "172.18.0.2");
  CHECK(del(host.docker, "/containers/shop-1?force=1&v=1").status == 204);
  CHECK(host.docker.host_port("shop-1", 3020) == std::nullopt);
  host.run("shop-1", k_compose_like);
  CHECK(host.docker.host_port("172.18.0.2", 3020) == std::nullopt);
  CHECK(host.docker.host_port("172.18.0.3", 3020) == 3020);
}

TEST_CASE("a port that was left open is given by the engine") {
  Host host;
  host.run("shop-1", R"({"Image":"shop:1","HostConfig":{"PortBindings":{"3020/tcp":[{"HostPort":""}]}}})");
  CHECK(host.docker.host_port("shop-1", 3020) == 49'153);
  host.run("shop-2", R"({"Image":"shop:1","HostConfig":{"PortBindings":{"3020/tcp":[{"HostPort":"0"}]}}})");
  CHECK(host.docker.host_port("shop-2", 3020) == 49'154);
}

TEST_CASE("connect plugs a container into one more network") {
  Host host;
  host.run("shop-1");
  const auto* const body = R"({"Container":"shop-1","EndpointConfig":{"Aliases":["shop"]}})";
  CHECK(post(host.docker, "/networks/shop_net/connect", body).status == 200);
  CHECK(host.inspect("shop-1")["NetworkSettings"]["Networks"]["shop_net"]["IPAddress"].text_or("") == "172.18.0.2");
  CHECK(message_of(post(host.docker, "/networks/nonet/connect", body)) == "network nonet not found");
}

TEST_CASE("logs come in frames, the last lines only where asked") {
  Host host;
  host.behaviour->log = "one\ntwo\nthree\n";
  host.run("shop-1");
  CHECK(get(host.docker, "/containers/shop-1/logs?stdout=1&stderr=1&tail=2").body ==
        std::string("\1\0\0\0\0\0\0\4two\n\1\0\0\0\0\0\0\6three\n", 26));
  CHECK(get(host.docker, "/containers/shop-1/logs?stdout=1&tail=all").body.size() == 3 * 8 + 14);
  CHECK(message_of(get(host.docker, "/containers/shop-1/logs")) ==
        "Bad parameters: you must choose at least one stream");
}

TEST_CASE("events tell what happened since a second") {
  Host host;
  host.run("shop-1");
  const auto events = get(host.docker, "/events?since=0&until=9999999999").body;
  CHECK(events.find(R"("Action":"create")") != std::string::npos);
  CHECK(events.find(R"("Action":"start")") != std::string::npos);
}

TEST_CASE("the image is known by its name, with or without the tag") {
  Host host;
  CHECK(json_of(get(host.docker, "/images/shop:1/json"))["RepoTags"].items()[0].text_or("") == "shop:1");
  CHECK(message_of(get(host.docker, "/images/shop/json")) == "No such image: shop:latest");
  host.docker.remove_image("shop:1");
  CHECK(get(host.docker, "/images/shop:1/json").status == 404);
}

TEST_CASE("an engine of another age names its versions") {
  fakes::HandClock clock;
  Docker docker(clock, model_workloads(std::make_shared<ModelBehaviour>()),
                {.minimum_version = "1.24", .maximum_version = "1.44", .images = {}, .networks = {}});
  CHECK(get(docker, "/v1.44/_ping").status == 200);
  CHECK(get(docker, "/v1.22/_ping").body ==
        "client version 1.22 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer "
        "version\n");
  CHECK(json_of(get(docker, "/version"))["ApiVersion"].text_or("") == "1.44");
}

TEST_CASE("while one container stops, the others answer, and it is still running") {
  fakes::HandClock clock;
  Gate gate;
  Docker docker(clock, [&](const ContainerSpec&) { return std::make_unique<SlowWorkload>(gate); },
                {.images = {{.name = "shop:1"}}, .networks = {}});
  post(docker, "/containers/create?name=shop-1", R"({"Image":"shop:1"})");
  post(docker, "/containers/shop-1/start");
  std::thread stopping([&] { CHECK(post(docker, "/containers/shop-1/stop").status == 204); });
  gate.reached.get_future().wait();
  CHECK(json_of(get(docker, "/containers/shop-1/json"))["State"]["Running"].as_bool() == true);
  CHECK(del(docker, "/containers/shop-1").status == 409);
  gate.opened.set_value();
  stopping.join();
  CHECK(json_of(get(docker, "/containers/shop-1/json"))["State"]["Running"].as_bool() == false);
}

TEST_CASE("of several removals at once one is done, the others are told so") {
  fakes::HandClock clock;
  Gate gate;
  Docker docker(clock, [&](const ContainerSpec&) { return std::make_unique<SlowWorkload>(gate); },
                {.images = {{.name = "shop:1"}}, .networks = {}});
  post(docker, "/v1.41/containers/create?name=perf-e9", R"({"Image":"shop:1"})");
  post(docker, "/v1.41/containers/perf-e9/start");
  std::thread removing([&] { CHECK(del(docker, "/v1.41/containers/perf-e9?force=1").status == 204); });
  gate.reached.get_future().wait();
  const auto second = del(docker, "/v1.41/containers/perf-e9?force=1");
  CHECK(second.status == 409);
  CHECK(message_of(second) == "removal of container perf-e9 is already in progress");
  gate.opened.set_value();
  removing.join();
}

TEST_CASE("of several creations of one name at once one is done") {
  Host host;
  std::atomic<int> created{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  threads.reserve(3);
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const auto answer = post(host.docker, "/v1.41/containers/create?name=perf-e9", R"({"Image":"shop:1"})");
      created += answer.status == 201 ? 1 : 0;
      refused += answer.status == 409 ? 1 : 0;
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(created == 1);
  CHECK(refused == 2);
}

TEST_CASE("a container can be renamed, and its name be taken by another") {
  fakes::HandClock clock;
  Docker docker(clock, model_workloads(std::make_shared<ModelBehaviour>()), {.images = {{.name = "shop:1"}}});
  CHECK(post(docker, "/containers/create?name=shop-1", R"({"Image":"shop:1"})").status == 201);
  CHECK(post(docker, "/containers/shop-1/rename?name=shop-1.old").status == 204);
  CHECK(post(docker, "/containers/create?name=shop-1", R"({"Image":"shop:1"})").status == 201);
  const auto taken = post(docker, "/containers/shop-1.old/rename?name=shop-1");
  CHECK(taken.status == 409);
  CHECK(message_of(taken).starts_with("Conflict. The container name \"/shop-1\" is already in use"));
  CHECK(get(docker, "/containers/shop-1.old/json").status == 200);
}

}  // namespace kscale::sandbox
