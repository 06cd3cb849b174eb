#include <catch2/catch.hpp>

#include "libscale/fleet/blueprint.hpp"

using namespace kscale;
using namespace kscale::fleet;

namespace {

constexpr const char* k_sibling = R"({
  "Id": "d18dce8f7bae88ead52610050af9dfe8531dfe4f9f990f21fba10306c8377184",
  "Name": "/street-noshery-backend-2",
  "Config": {
    "Hostname": "d18dce8f7bae",
    "Image": "backend:latest",
    "Env": ["NODE_ENV=production", "PORT=3020", "INSTANCE_ID=backend-2", "PUBLIC_PORT=3021", "OTHER=backend-22"],
    "Cmd": ["serve", "--name=backend-2"],
    "ExposedPorts": {"3020/tcp": {}},
    "Healthcheck": {"Test": ["CMD", "true"]},
    "MacAddress": "02:42:ac:12:00:03",
    "Labels": {"com.docker.compose.service": "backend-2", "com.docker.compose.container-number": "1",
               "com.docker.compose.project": "noshery", "com.docker.compose.replace": "x"}
  },
  "HostConfig": {
    "Binds": ["/data/backend-2:/data", "/etc/shared:/etc/shared:ro"],
    "Memory": 268435456, "NanoCpus": 500000000,
    "PortBindings": {"3020/tcp": [{"HostIp": "127.0.0.1", "HostPort": "3021"}],
                     "9229/tcp": [{"HostIp": "", "HostPort": ""}]},
    "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
    "NetworkMode": "noshery_net"
  },
  "NetworkSettings": {"Networks": {
    "noshery_net": {"Aliases": ["backend-2", "street-noshery-backend-2", "d18dce8f7bae"], "IPAddress": "172.18.0.3",
                    "IPAMConfig": {"IPv4Address": "172.18.0.3"}},
    "metrics_net": {"Aliases": ["d18dce8f7bae"], "IPAddress": "172.19.0.3"}
  }}
})";

const Identity k_four{.prefix = "street-noshery-backend", .number = 4, .container_port = 3020, .host_port_base = 3019};

Blueprint blueprint(const Overrides& overrides = {}) {
  return like_sibling(*json::parse(k_sibling), 2, "backend:latest", k_four, overrides);
}

std::vector<std::string> texts(const json::Value& list) {
  std::vector<std::string> all;
  for (const auto& item : list.items()) {
    all.push_back(item.text_or("?"));
  }
  return all;
}

}  // namespace

TEST_CASE("a new instance is its sibling under another number") {
  const auto made = blueprint();
  const auto& body = made.container.body;
  CHECK(made.container.name == "street-noshery-backend-4");
  CHECK(body["Image"] == json::Value("backend:latest"));
  CHECK(texts(body["Env"]) == std::vector<std::string>{"NODE_ENV=production", "PORT=3020", "INSTANCE_ID=backend-4",
                                                       "PUBLIC_PORT=3023", "OTHER=backend-22"});
  CHECK(texts(body["Cmd"]) == std::vector<std::string>{"serve", "--name=backend-4"});
  CHECK(texts(body["HostConfig"]["Binds"]) ==
        std::vector<std::string>{"/data/backend-4:/data", "/etc/shared:/etc/shared:ro"});
  CHECK(body["HostConfig"]["RestartPolicy"]["Name"] == json::Value("unless-stopped"));
  CHECK(body["HostConfig"]["Memory"].as_int() == 268435456);
  CHECK(body["Healthcheck"]["Test"].items().size() == 2);
}

TEST_CASE("the port that the program listens on stays, also where the sibling publishes it under the same number") {
  // The first instance at the defaults: 3019 + 1 is the container's own port.
  auto first = *json::parse(k_sibling);
  first.at("HostConfig").at("PortBindings").at("3020/tcp").elements()[0].set("HostPort", "3020");
  const auto body = like_sibling(first, 1, "backend:latest", k_four, {}).container.body;
  CHECK(texts(body["Env"])[1] == "PORT=3020");
  CHECK(body["HostConfig"]["PortBindings"]["3020/tcp"].items()[0]["HostPort"] == json::Value("3023"));
}

TEST_CASE("fixed host ports move by the difference of the numbers, chosen ones stay chosen") {
  const auto ports = blueprint().container.body["HostConfig"]["PortBindings"];
  CHECK(ports["3020/tcp"].items()[0]["HostPort"] == json::Value("3023"));
  CHECK(ports["3020/tcp"].items()[0]["HostIp"] == json::Value("127.0.0.1"));
  CHECK(ports["9229/tcp"].items()[0]["HostPort"] == json::Value(""));
}

TEST_CASE("a host port that cannot move any further is Docker's to refuse") {
  auto last = *json::parse(k_sibling);
  last.at("HostConfig").at("PortBindings").at("3020/tcp").elements()[0].set("HostPort", "2147483647");
  last.at("Config").at("Env").push_back("PUBLIC=2147483647");
  const auto body = like_sibling(last, 2, "backend:latest", k_four, {}).container.body;
  CHECK(body["HostConfig"]["PortBindings"]["3020/tcp"].items()[0]["HostPort"] == json::Value("2147483649"));
  CHECK(texts(body["Env"]).back() == "PUBLIC=2147483649");
}

TEST_CASE("labels are copied in a time that grows with their number only") {
  auto many = *json::parse(k_sibling);
  json::Value::Object labels;
  for (int n = 0; n < 100'000; ++n) {
    labels.emplace_back(std::to_string(n), "backend-2");
  }
  many.at("Config").set("Labels", labels);  // by pairs, these would take minutes
  const auto copied = like_sibling(many, 2, "backend:latest", k_four, {}).container.body["Labels"];
  CHECK(copied.members().size() == 100'002);
  CHECK(copied["99999"] == json::Value("backend-4"));
}

TEST_CASE("what Docker chose for the sibling is not taken over") {
  const auto made = blueprint();
  const auto& body = made.container.body;
  CHECK(body["Hostname"] == json::Value(""));
  CHECK_FALSE(body.has("MacAddress"));
  const auto& endpoint = body["NetworkingConfig"]["EndpointsConfig"]["noshery_net"];
  CHECK(texts(endpoint["Aliases"]) == std::vector<std::string>{"backend-4", "street-noshery-backend-4"});
  CHECK_FALSE(endpoint.has("IPAMConfig"));
}

TEST_CASE("only the first network is given at creation, the others are joined later") {
  const auto made = blueprint();
  CHECK(made.container.body["NetworkingConfig"]["EndpointsConfig"].members().size() == 1);
  REQUIRE(made.more_networks.size() == 1);
  CHECK(made.more_networks[0].first == "metrics_net");
  CHECK(made.more_networks[0].second["Aliases"].items().empty());
}

TEST_CASE("what a sibling in Docker's default network joined besides is joined too") {
  for (const auto* const mode : {"default", "bridge"}) {
    auto sibling = *json::parse(k_sibling);
    sibling.at("HostConfig").set("NetworkMode", mode);
    sibling.at("NetworkSettings").at("Networks").set("bridge", *json::parse(R"({"IPAddress": "172.17.0.2"})"));
    const auto made = like_sibling(sibling, 2, "backend:latest", k_four, {});
    CHECK_FALSE(made.container.body.has("NetworkingConfig"));
    REQUIRE(made.more_networks.size() == 2);
    CHECK(made.more_networks[0].first == "noshery_net");
    CHECK(made.more_networks[1].first == "metrics_net");
  }
}

TEST_CASE("labels carry Compose's marks and kscale's own") {
  const auto body = blueprint().container.body;
  const auto& labels = body["Labels"];
  CHECK(labels["com.docker.compose.service"] == json::Value("backend-4"));
  CHECK(labels["com.docker.compose.container-number"] == json::Value("1"));
  CHECK(labels["com.docker.compose.project"] == json::Value("noshery"));
  CHECK_FALSE(labels.has("com.docker.compose.replace"));
  CHECK(labels["dev.kscale.deployment"] == json::Value("street-noshery-backend"));
  CHECK(labels["dev.kscale.instance"] == json::Value("4"));
}

TEST_CASE("a service that Compose scales is counted on by its container number") {
  auto sibling = *json::parse(k_sibling);
  sibling.set("Name", "/noshery_backend_2");
  sibling.at("Config").at("Labels").set("com.docker.compose.service", "backend");
  sibling.at("Config").at("Labels").set("com.docker.compose.container-number", "2");
  const auto made = like_sibling(sibling, 2, "backend:latest", {"noshery_backend", 4, 3020, 3019}, {});
  CHECK(made.container.name == "noshery_backend_4");
  CHECK(made.container.body["Labels"]["com.docker.compose.container-number"] == json::Value("4"));
}

TEST_CASE("the settings go before what the sibling has") {
  const auto body = blueprint({.image = "backend:2",
                               .environment = {{"NODE_ENV", "test"}, {"SHARD", "s{N}"}},
                               .command = std::vector<std::string>{"run"},
                               .labels = {{"team", "shop"}},
                               .restart = "always"})
                        .container.body;
  CHECK(body["Image"] == json::Value("backend:2"));
  CHECK(texts(body["Env"]) == std::vector<std::string>{"PORT=3020", "INSTANCE_ID=backend-4", "PUBLIC_PORT=3023",
                                                       "OTHER=backend-22", "NODE_ENV=test", "SHARD=s4"});
  CHECK(texts(body["Cmd"]) == std::vector<std::string>{"run"});
  CHECK(body["Labels"]["team"] == json::Value("shop"));
  CHECK(body["HostConfig"]["RestartPolicy"]["Name"] == json::Value("always"));
}

TEST_CASE("without a sibling the settings must name an image") {
  CHECK(from_settings(k_four, {}).error().what ==
        "no container named 'street-noshery-backend-N' to copy from: start one, or name an image under 'instance:' in "
        "kscale.yml");
  const auto made = from_settings(k_four, {.image = "backend:1", .network = "noshery_net"});
  REQUIRE(made);
  CHECK(made->container.name == "street-noshery-backend-4");
  CHECK(made->container.body["HostConfig"]["PortBindings"]["3020/tcp"].items()[0]["HostPort"] == json::Value("3023"));
  CHECK(made->container.body["HostConfig"]["NetworkMode"] == json::Value("noshery_net"));
}

TEST_CASE("a word is replaced only where it stands alone") {
  CHECK(with_word_replaced("backend-2", "backend-2", "backend-4") == "backend-4");
  CHECK(with_word_replaced("/x/backend-2/y-backend-2", "backend-2", "backend-4") == "/x/backend-4/y-backend-4");
  CHECK(with_word_replaced("backend-22 mybackend-2", "backend-2", "backend-4") == "backend-22 mybackend-2");
}

TEST_CASE("what a container has only from its image comes from the new image") {
  const auto config = *json::parse(R"({
    "Image": "old", "Cmd": ["old"], "Entrypoint": ["/mine"], "WorkingDir": "/srv", "User": "",
    "Env": ["PATH=/bin", "VERSION=1", "PORT=3020"], "Labels": {"version": "1", "team": "shop"},
    "ExposedPorts": {"80/tcp": {}, "3020/tcp": {}}})");
  const auto defaults = *json::parse(R"({
    "Cmd": ["old"], "Entrypoint": null, "WorkingDir": "/srv", "User": "", "Env": ["PATH=/bin", "VERSION=1"],
    "Labels": {"version": "1"}, "ExposedPorts": {"80/tcp": {}}})");
  const auto own = without_defaults(config, defaults);
  CHECK_FALSE(own.has("Cmd"));
  CHECK_FALSE(own.has("WorkingDir"));
  CHECK(texts(own["Entrypoint"]) == std::vector<std::string>{"/mine"});
  CHECK(texts(own["Env"]) == std::vector<std::string>{"PORT=3020"});
  CHECK_FALSE(own["Labels"].has("version"));
  CHECK(own["Labels"]["team"] == json::Value("shop"));
  CHECK(own["ExposedPorts"].members().size() == 1);
}

TEST_CASE("limits are asked for by the names that engines take, also where Podman tells others") {
  auto sibling = *json::parse(k_sibling);
  sibling.at("HostConfig").set("Ulimits", *json::parse(R"([{"Name": "RLIMIT_NOFILE", "Soft": 1, "Hard": 2},
                                                           {"Name": "nproc", "Soft": 3, "Hard": 4}])"));
  const auto made = like_sibling(sibling, 2, "backend:latest", k_four, {});
  CHECK(json::dump(made.container.body["HostConfig"]["Ulimits"]) ==
        R"([{"Name":"nofile","Soft":1,"Hard":2},{"Name":"nproc","Soft":3,"Hard":4}])");
}
