#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/sandbox/options.hpp"
#include "tests/sandbox/setup.hpp"

namespace kscale::sandbox {

TEST_CASE("without options but the directory it is the machine of the original project") {
  const auto options = parse_options({"--dir", "/run/sandbox"}).value();
  CHECK(options.machine.directory == "/run/sandbox");
  CHECK(options.machine.mode == KongMode::database);
  CHECK(options.machine.with_docker);
  CHECK(options.machine.setup.container_name(1) == "street-noshery-backend-1");
  CHECK(options.machine.setup.target(1) == "street-noshery-backend-1:3020");
  CHECK(options.machine.setup.host_port(1) == 3020);
  CHECK_FALSE(options.load);
}

TEST_CASE("options change the machine") {
  const auto options =
      parse_options({"--dir=/x", "--mode=dbless", "--propagation", "250", "--address", "host", "--host-port-base",
                     "4000", "--load", "5:1", "--capacity", "12.5", "--impolite", "--token-header", "Kong-Admin-Token"})
          .value();
  CHECK(options.machine.mode == KongMode::dbless);
  CHECK(options.machine.propagation == std::chrono::milliseconds(250));
  CHECK(options.machine.setup.target(2) == "127.0.0.1:4002");
  CHECK(options.machine.capacity == 12.5);
  CHECK(options.machine.impolite);
  CHECK(options.machine.token_header == "Kong-Admin-Token");
  CHECK(options.load->size() == 1);
}

TEST_CASE("what cannot be meant is refused by name") {
  const auto refused = [](const std::vector<std::string>& arguments) { return parse_options(arguments).error().what; };
  CHECK(refused({}) == "--dir is missing");
  CHECK(refused({"--dir=/x", "--mode=cassandra"}) == "--mode: 'cassandra' is neither database nor dbless");
  CHECK(refused({"--dir=/x", "--address=ip"}) == "--address: 'ip' is neither name nor host");
  CHECK(refused({"--dir=/x", "--capacity=0"}) == "--capacity must be above zero");
  CHECK(refused({"--dir=/x", "more"}) == "unexpected argument 'more'");
}

TEST_CASE("the first container is what docker-compose makes of it") {
  const auto body = container_body(Setup{}, 2);
  CHECK(body["Labels"]["com.docker.compose.service"].text_or("") == "backend-2");
  CHECK(body["HostConfig"]["RestartPolicy"]["Name"].text_or("") == "unless-stopped");
  CHECK(body["HostConfig"]["PortBindings"]["3020/tcp"].items().front()["HostPort"].text_or("") == "3021");
  CHECK(body["NetworkingConfig"]["EndpointsConfig"].has("backend_street_noshery_kong-network"));
}

}  // namespace kscale::sandbox
