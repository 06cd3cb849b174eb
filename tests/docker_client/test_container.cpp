#include <catch2/catch.hpp>

#include "libscale/docker/container.hpp"
#include "libscale/docker/timestamp.hpp"

using namespace kscale;
using docker::Attachment;
using docker::Container;
using docker::Health;
using docker::ids_named;
using docker::parse_container;
using docker::PublishedPort;
using docker::State;
using Names = std::vector<std::string>;

namespace {

constexpr const char* k_running = R"({
  "Id": "c52bb845e7ee", "Name": "/shop-1",
  "State": {"Status": "running", "Running": true, "ExitCode": 0, "StartedAt": "2026-11-23T22:12:14.464324867Z",
            "Health": {"Status": "healthy"}},
  "Config": {"Image": "shop:1", "Labels": {"com.docker.compose.service": "shop-1", "empty": ""}},
  "HostConfig": {"NanoCpus": 500000000, "CpuQuota": 0, "CpuPeriod": 0},
  "NetworkSettings": {
    "Ports": {"3020/tcp": [{"HostIp": "127.0.0.1", "HostPort": "3021"}], "9000/tcp": null},
    "Networks": {"shop_net": {"IPAddress": "172.18.0.2"}, "bridge": {"IPAddress": ""}}}})";

Container container_in(std::string_view text) {
  const auto container = parse_container(json::parse(text).value());
  REQUIRE(container.has_value());
  return *container;
}

/// A container with these members besides what every one has.
Container with(const std::string& members) {
  return container_in(R"({"Id":"1","Name":"/a","State":{"Status":"running"},)" + members + '}');
}

Container in_state(const std::string& state) {
  return container_in(R"({"Id":"1","Name":"/a","State":)" + state + '}');
}

}  // namespace

TEST_CASE("a running container is read whole") {
  const auto container = container_in(k_running);
  CHECK(container.id == "c52bb845e7ee");
  CHECK(container.name == "shop-1");
  CHECK(container.image == "shop:1");
  CHECK(container.state == State::running);
  CHECK(container.is_running());
  CHECK(container.health == Health::healthy);
  CHECK(container.exit_code == 0);
  REQUIRE(container.started_at.has_value());
  CHECK(container.started_at->time_since_epoch() == std::chrono::milliseconds(1'795'471'934'464));
  CHECK(container.labels ==
        std::map<std::string, std::string>{{"com.docker.compose.service", "shop-1"}, {"empty", ""}});
  CHECK(container.networks == std::vector<Attachment>{{"shop_net", "172.18.0.2"}, {"bridge", ""}});
  CHECK(container.ports == std::vector<PublishedPort>{{3020, "127.0.0.1", 3021}});
  CHECK(container.cpu_limit == Cores{0.5});
}

TEST_CASE("the network that a container was made in comes first, by its name or its id, whatever it joined later") {
  const auto first = [](const std::string& mode) {
    return with(R"("HostConfig":{"NetworkMode":")" + mode + R"("},"NetworkSettings":{"Networks":{
                  "added": {"IPAddress":"10.0.0.2","NetworkID":"a1"}, "bridge": {"IPAddress":"172.17.0.2","NetworkID":"b2"},
                  "shop_net": {"IPAddress":"172.18.0.2","NetworkID":"c3"}}})")
        .networks.front()
        .network;
  };
  CHECK(first("shop_net") == "shop_net");
  CHECK(first("c3") == "shop_net");
  CHECK(first("bridge") == "bridge");
  CHECK(first("default") == "bridge");
  CHECK(first("gone") == "added");
}

TEST_CASE("a container that was never started has no time of start") {
  const auto container = in_state(R"({"Status":"created","StartedAt":"0001-01-01T00:00:00Z"})");
  CHECK(container.state == State::created);
  CHECK_FALSE(container.is_running());
  CHECK_FALSE(container.started_at.has_value());
  CHECK(container.health == Health::none);
  CHECK(container.ports.empty());
  CHECK(container.networks.empty());
}

TEST_CASE("a container that ended has the code it ended with") {
  const auto container = in_state(R"({"Status":"exited","ExitCode":137})");
  CHECK(container.state == State::exited);
  CHECK(container.exit_code == 137);
  CHECK_FALSE(container.out_of_memory);
  CHECK(in_state(R"({"Status":"exited","ExitCode":137,"OOMKilled":true})").out_of_memory);
}

TEST_CASE("every state and every health has the name that engines use") {
  for (const auto state : {State::created, State::running, State::paused, State::restarting, State::removing,
                           State::exited, State::dead}) {
    CHECK(in_state(fmt::format(R"({{"Status":"{}"}})", name_of(state))).state == state);
  }
  CHECK(in_state(R"({"Status":"levitating"})").state == State::unknown);
  for (const auto health : {Health::none, Health::starting, Health::healthy, Health::unhealthy}) {
    CHECK(in_state(fmt::format(R"({{"Status":"running","Health":{{"Status":"{}"}}}})", name_of(health))).health ==
          health);
  }
}

TEST_CASE("a port that is exposed but not published is left out, and one published twice is there twice") {
  const auto container = with(
      R"("NetworkSettings":{"Ports":{"80/tcp":null,"81/udp":[],"82/tcp":[{"HostIp":"0.0.0.0","HostPort":"8082"},)"
      R"({"HostIp":"::","HostPort":"8082"}],"83/tcp":[{"HostIp":"","HostPort":""}],"x/tcp":[{"HostPort":"1"}],"84x/tcp":[{"HostPort":"8084"}],)"
      R"("85/tcp":[{"HostPort":"8085 "}]}})");
  CHECK(container.ports == std::vector<PublishedPort>{{82, "0.0.0.0", 8082}, {82, "::", 8082}});
}

TEST_CASE("only ports of TCP count") {
  const auto container = with(
      R"("NetworkSettings":{"Ports":{"53/udp":[{"HostIp":"","HostPort":"8053"}],"53/tcp":[{"HostIp":"","HostPort":"8054"}],)"
      R"("54/sctp":[{"HostIp":"","HostPort":"8055"}],"55":[{"HostIp":"","HostPort":"8056"}]}})");
  CHECK(container.ports == std::vector<PublishedPort>{{53, "", 8054}});
}

TEST_CASE("a CPU limit is given as billionths, as quota per period, or not at all") {
  CHECK(with(R"("HostConfig":{"NanoCpus":1500000000})").cpu_limit == Cores{1.5});
  CHECK(with(R"("HostConfig":{"NanoCpus":0,"CpuQuota":50000,"CpuPeriod":200000})").cpu_limit == Cores{0.25});
  CHECK(with(R"("HostConfig":{"CpuQuota":50000,"CpuPeriod":0})").cpu_limit == Cores{0.5});
  CHECK_FALSE(with(R"("HostConfig":{"NanoCpus":0,"CpuQuota":-1})").cpu_limit.has_value());
  CHECK_FALSE(with(R"("HostConfig":{})").cpu_limit.has_value());
}

TEST_CASE("what every engine gives must be there") {
  for (const auto* const text :
       {"{}", "[]", R"({"Id":"1","Name":"/a"})", R"({"Id":"1","State":{"Status":"running"}})",
        R"({"Name":"/a","State":{"Status":"running"}})", R"({"Id":"1","Name":"/a","State":{"Status":null}})"}) {
    CAPTURE(text);
    const auto container = parse_container(json::parse(text).value());
    REQUIRE_FALSE(container.has_value());
    CHECK(container.error() == Error{Errc::invalid, "a container without Id, Name or State.Status"});
  }
}

TEST_CASE("members of another type than expected are taken for missing") {
  const auto container = with(R"("Config":7,"HostConfig":[],"NetworkSettings":{"Ports":[1],"Networks":"none"})");
  CHECK(container.image.empty());
  CHECK(container.ports.empty());
  CHECK(container.networks.empty());
}

TEST_CASE("containers are chosen by the beginning of a name, with or without the slash before it") {
  const auto list = json::parse(R"([{"Id":"1","Names":["/shop-1"]},{"Id":"2","Names":["shop_2"]},
    {"Id":"3","Names":["/my-shop-3"]},{"Id":"4","Names":["/other/alias","/shop-4"]},{"Id":"5","Names":null},
    {"Names":["/shop-6"]},{"Id":"7","Names":["/shop-7","/shop-7b"]}])");
  CHECK(ids_named(list.value(), "shop") == Names{"1", "2", "4", "7"});
  CHECK(ids_named(json::Value(), "shop").empty());
}

TEST_CASE("what a linked container calls another one is no name of that") {
  const auto list = json::parse(R"([{"Id":"1","Names":["/shop-1/db","/db"]},{"Id":"2","Names":["/shop-1"]}])");
  CHECK(ids_named(list.value(), "shop") == Names{"2"});
}

TEST_CASE("a port that is none is not published, and an exit code that does not fit is the nearest") {
  const auto container = with(R"("NetworkSettings":{"Ports":{"65536/tcp":[{"HostPort":"1"}],
    "80/tcp":[{"HostPort":"65536"},{"HostPort":"4294967297"},{"HostPort":"65535"}]}})");
  CHECK(container.ports == std::vector<PublishedPort>{{80, "", 65535}});
  CHECK(in_state(R"({"Status":"exited","ExitCode":4294967296})").exit_code == 2147483647);
  CHECK(in_state(R"({"Status":"exited","ExitCode":-4294967296})").exit_code == -2147483648LL);
}
