// A Docker engine that answers whatever it likes: the first byte says what it is asked.

#include "libscale/docker/engine.hpp"

#include "tests/fuzz/hostile_transport.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

template <class T>
void look_at(const Result<T>& outcome) {
  if (!outcome) {
    require_printable(outcome.error().what, "an error of Docker's");
  }
}

template <class T>
void look_at_all(const std::vector<Result<T>>& outcomes, std::size_t count) {
  require(outcomes.size() == count, "each thing that was asked for has its outcome");
  for (const auto& outcome : outcomes) {
    look_at(outcome);
  }
}

void ask(docker::Engine& engine, net::HttpTransport& http, unsigned what) {
  const std::vector<std::string> ids{"c52bb845e7ee", "9a"};
  switch (what % 12) {
    case 0:
      return look_at(engine.find("shop"));
    case 1:
      return look_at(engine.labelled("dev.kscale.deployment", "shop"));
    case 2:
      return look_at(engine.info());
    case 3:
      return look_at(engine.inspect("shop-1"));
    case 4:
      look_at(engine.image_id("registry/shop:1"));
      return look_at(engine.image_defaults("shop"));
    case 5:
      return look_at_all(engine.create({{"shop-1", json::Value::object()}, {"shop-2", json::Value::object()}}), 2);
    case 6:
      return look_at_all(engine.connect_networks({{"net", "shop-1", json::Value::object()}}), 1);
    case 7:
      return look_at_all(engine.start(ids), 2);
    case 8:
      return look_at_all(engine.stop(ids, std::chrono::seconds(10)), 2);
    case 9:
      return look_at_all(engine.remove(ids, docker::AnonymousVolumes::remove, net::Urgency::change), 2);
    case 10:
      look_at(engine.log_tail("shop-1", 10));
      return look_at(engine.logs("shop-1", {.tail = 10, .since = std::chrono::seconds(1'795'471'934)}));
    default:
      look_at(engine.connect());
      look_at(engine.read_stats(http.send(engine.stats_request("shop-1"))));
      return look_at(engine.rename("shop-1", "shop-2"));
  }
}

}  // namespace

void take(std::string_view bytes) {
  const auto what = take_byte(bytes);
  HostileTransport http(bytes);
  docker::Engine engine(http, {.base_url = "http://localhost", .unix_socket = "/var/run/docker.sock"}, std::nullopt,
                        std::chrono::seconds(10));
  ask(engine, http, what);
  ask(engine, http, what);  // also what an engine says that was another a moment ago
}

}  // namespace kscale::fuzz
