#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>

#include <catch2/catch.hpp>

#include "libscale/control/settings.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using namespace kscale::control;
using namespace std::chrono_literals;

namespace {

struct Layers {
  fakes::TempDir dir;
  std::map<std::string, std::string> environment;
  Sources sources;

  void file(const std::string& text) {
    std::ofstream(dir / "kscale.yml") << text;
    sources.file = dir / "kscale.yml";
  }

  Result<LoadedSettings> load() {
    sources.environment = [this](const std::string& name) {
      const auto found = environment.find(name);
      return found != environment.end() ? std::optional(found->second) : std::nullopt;
    };
    sources.variables.clear();
    for (const auto& [name, value] : environment) {
      sources.variables.push_back(name);
    }
    return load_settings(sources);
  }

  /// The error, with the file's folder taken off.
  std::string error() {
    const auto loaded = load();
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == Errc::invalid);
    auto text = loaded.error().what;
    const auto folder = dir.path().string() + "/";
    if (const auto at = text.find(folder); at != std::string::npos) {
      text.erase(at, folder.size());
    }
    return text;
  }
};

}  // namespace

TEST_CASE("the defaults are those of the original scripts") {
  Layers layers;
  const auto loaded = layers.load();
  REQUIRE(loaded);
  const auto& s = loaded->settings;
  CHECK(s.rules == policy::Rules{});
  CHECK(s.check_interval == 30s);
  CHECK(s.kong_url == "http://localhost:8001");
  CHECK(s.deployment.upstream == "street-noshery-upstream");
  CHECK(s.history_log == "/tmp/kong_scaling_history.log");
  CHECK(loaded->origins.at("min-instances") == "default");
}

TEST_CASE("flags go before the environment, that before the file, that before the defaults") {
  Layers layers;
  layers.file("min_instances: 2\nmax_instances: 9\ncheck_interval: 10\n");
  layers.environment = {{"MAX_INSTANCES", "8"}, {"CHECK_INTERVAL", "20"}, {"KSCALE_CHECK_INTERVAL", "21"}};
  layers.sources.flags = {{"check-interval", "22s"}};
  const auto loaded = layers.load();
  REQUIRE(loaded);
  CHECK(loaded->settings.rules.min_instances == 2);
  CHECK(loaded->settings.rules.max_instances == 8);
  CHECK(loaded->settings.check_interval == 22s);
  CHECK(loaded->origins.at("min-instances").ends_with("kscale.yml:1"));
  CHECK(loaded->origins.at("max-instances") == "MAX_INSTANCES");
  CHECK(loaded->origins.at("check-interval") == "--check-interval");
}

TEST_CASE("kscale's own variables go before those of the original scripts") {
  Layers layers;
  layers.environment = {{"MIN_INSTANCES", "2"}, {"KSCALE_MIN_INSTANCES", "4"}, {"DRY_RUN", "true"}};
  const auto loaded = layers.load();
  REQUIRE(loaded);
  CHECK(loaded->settings.rules.min_instances == 4);
  CHECK(loaded->settings.dry_run);
}

TEST_CASE("what is wrong is named, with its place") {
  Layers layers;
  layers.file("min_instances: 2\nmin_instanses: 3\n");
  CHECK(layers.error() == "kscale.yml:2: unknown key 'min_instanses'; did you mean min-instances?");
  layers.file("min_instances: -1\n");
  CHECK(layers.error() == "kscale.yml:1: min-instances: '-1' is not a whole number from 1 to 1000");
  layers.file("min_instances: [1]\n");
  CHECK(layers.error() == "kscale.yml:1: min-instances: must be a single value");
  layers.file("min_instances: 3\n  x: [\n");
  CHECK(layers.error().starts_with("kscale.yml:2: not valid YAML"));
  layers.file("min_instances: 3\nx: " + std::string(300'000, '['));
  CHECK(layers.error() == "kscale.yml:2: nested too deeply: settings are three levels deep at most");
  layers.file("- 1\n");
  CHECK(layers.error() == "kscale.yml: must hold lines such as 'min_instances: 3'");
  layers.file("instance: {imag: x}\n");
  CHECK(layers.error() ==
        "kscale.yml:1: instance.imag is unknown; known are image, environment, command, labels, network and restart");
  layers.sources.file = layers.dir / "missing.yml";
  CHECK(layers.error().find("missing.yml") != std::string::npos);
}

TEST_CASE("a bad value in the environment or on the command line is named as well") {
  Layers layers;
  layers.environment = {{"KSCALE_MIN_INSTANSES", "3"}};
  CHECK(layers.error() == "unknown environment variable KSCALE_MIN_INSTANSES");
  layers.environment = {{"COOLDOWN_PERIOD", "soon"}};
  CHECK(layers.error() ==
        "COOLDOWN_PERIOD: cooldown-period: 'soon' is not a span from 0s to 86400s, such as 30s or 5m");
  layers.environment.clear();
  layers.sources.flags = {{"kong-url", "localhost:8001"}};
  CHECK(layers.error() == "--kong-url: kong-url: 'localhost:8001' is not an address such as http://localhost:8001");
  layers.sources.flags = {{"kong-url", "http://admin:secret@localhost:8001"}};
  CHECK(layers.error().find("secret") == std::string::npos);
  layers.sources.flags = {{"target-address", "dns"}};
  CHECK(layers.error() == "--target-address: target-address: 'dns' is none of name|ip|host");
  layers.sources.flags = {{"min-instances", "7"}};
  CHECK(layers.error() == "min-instances 7 is more than max-instances 6");
}

TEST_CASE("no control character of a setting reaches the terminal") {
  Layers layers;
  layers.file("upstream: \"a\\e[2Jb\"\n");
  CHECK(layers.error() ==
        "kscale.yml:1: upstream: 'a\\x1b[2Jb' is no name: letters, digits, '_', '.' and '-' are allowed");
  for (const auto* const path : {"a", "/a b", "/a\\r\\nHost: b", "/ä"}) {
    layers.file(fmt::format("health_path: \"{}\"\n", path));
    CHECK(layers.error().find("is no path: it must begin with '/', and blanks are written as %20") !=
          std::string::npos);
  }
  layers.file("cpu_basis: \"\\a\"\n");
  CHECK(layers.error() == "kscale.yml:1: cpu-basis: '\\x07' is none of core|limit");
  layers.file("state_dir: \"/tmp/\\e[2J\"\ninstance:\n  image: \"a\\tb\"\n");
  const auto loaded = layers.load();
  REQUIRE(loaded);
  const auto text = shown(*loaded);
  CHECK(text.find("/tmp/\\x1b[2J") != std::string::npos);
  CHECK(text.find("a\\x09b") != std::string::npos);
  CHECK(std::ranges::none_of(text, [](unsigned char c) { return c < ' ' && c != '\n'; }));
}

TEST_CASE("the key of the Admin API is read, and never shown") {
  Layers layers;
  layers.environment = {{"KSCALE_KONG_TOKEN", "planted-secret"}};
  auto loaded = layers.load();
  REQUIRE(loaded);
  CHECK(loaded->settings.kong_token == "planted-secret");
  CHECK(shown(*loaded).find("planted-secret") == std::string::npos);
  layers.environment.clear();
  std::ofstream(layers.dir / "token") << "from-file\n";
  layers.sources.flags = {{"kong-token-file", (layers.dir / "token").string()}};
  loaded = layers.load();
  REQUIRE(loaded);
  CHECK(loaded->settings.kong_token == "from-file");
  CHECK(shown(*loaded).find("from-file") == std::string::npos);
}

TEST_CASE("addresses that are secrets are read, and never shown") {
  Layers layers;
  layers.file("webhook_url: https://hooks.example/planted-secret\n");
  layers.environment = {{"KSCALE_SLACK_URL", "https://me:planted-secret@slack.example?planted-secret"}};
  layers.sources.flags = {{"alertmanager-url", "http://am:9093/planted-secret"}};
  const auto loaded = layers.load();
  REQUIRE(loaded);
  CHECK(loaded->settings.alerting.webhook_url == "https://hooks.example/planted-secret");
  CHECK(loaded->settings.alerting.slack_url == "https://me:planted-secret@slack.example?planted-secret");
  CHECK(loaded->settings.alerting.alertmanager_url == "http://am:9093/planted-secret");
  const auto text = shown(*loaded);
  CHECK(text.find("planted-secret") == std::string::npos);
  CHECK(text.find(" https://hooks.example/... ") != std::string::npos);
  CHECK(text.find(" https://slack.example/... ") != std::string::npos);
  CHECK(text.find(" http://am:9093/... ") != std::string::npos);
}

TEST_CASE("credentials in Docker's address are not shown") {
  Layers layers;
  layers.sources.flags = {{"docker-host", "tcp://me:planted-secret@docker.example:2375"}};
  const auto loaded = layers.load();
  REQUIRE(loaded);
  CHECK(loaded->settings.docker_host == "tcp://me:planted-secret@docker.example:2375");  // to be refused by who uses it
  const auto text = shown(*loaded);
  CHECK(text.find("planted-secret") == std::string::npos);
  CHECK(text.find(" tcp://docker.example:2375 ") != std::string::npos);
}

TEST_CASE("an address that is a secret is in no error") {
  const std::string bad = "hooks.example/planted-secret";
  const std::string what = "not an address such as https://example.org/hook";
  for (const std::string key : {"webhook-url", "slack-url", "alertmanager-url"}) {
    CAPTURE(key);
    Layers layers;
    layers.sources.flags = {{key, bad}};
    CHECK(layers.error() == fmt::format("--{}: {}: {}", key, key, what));
    layers.sources.flags.clear();
    auto name = key;
    std::ranges::replace(name, '-', '_');
    layers.file(fmt::format("{}: {}\n", name, bad));
    CHECK(layers.error() == fmt::format("kscale.yml:1: {}: {}", key, what));
    layers.file(fmt::format("{}: [{}]\n", name, bad));
    CHECK(layers.error() == fmt::format("kscale.yml:1: {}: must be a single value", key));
    layers.sources.file.reset();
    auto variable = "KSCALE_" + name;
    std::ranges::transform(variable, variable.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    layers.environment = {{variable, bad}};
    CHECK(layers.error() == fmt::format("{}: {}: {}", variable, key, what));
  }
}

TEST_CASE("the block for new instances is read") {
  Layers layers;
  layers.file(
      "instance:\n  image: backend:2\n  environment: {PORT: 3020, SHARD: 's{N}'}\n  command: [node, server.js]\n"
      "  labels: {team: shop}\n  network: shop_net\n  restart: always\n");
  const auto loaded = layers.load();
  REQUIRE(loaded);
  const auto& o = loaded->settings.deployment.overrides;
  CHECK(o.image == "backend:2");
  CHECK(o.environment == std::map<std::string, std::string>{{"PORT", "3020"}, {"SHARD", "s{N}"}});
  CHECK(o.command == std::vector<std::string>{"node", "server.js"});
  CHECK(o.network == "shop_net");
  CHECK(o.restart == "always");
  const auto text = shown(*loaded);
  CHECK(text.find("instance.image         backend:2 ") != std::string::npos);
  CHECK(text.find("instance.environment   SHARD ") != std::string::npos);
  CHECK(text.find("s{N}") == std::string::npos);  // an environment may hold secrets
}

TEST_CASE("every key shows what it was set to") {
  // What --show-config prints can be given back.
  Layers layers;
  const auto loaded = layers.load();
  REQUIRE(loaded);
  for (const auto& key : keys()) {
    CAPTURE(key.name);
    Settings again;
    const auto value = key.show(loaded->settings);
    if (!value.empty()) {
      CHECK(key.set(again, value));
      CHECK(key.show(again) == value);
    }
  }
}
