#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "tests/operate/operated.hpp"

using namespace kscale;
using namespace kscale::operate;
using namespace std::chrono_literals;
using sandbox::KongMode;
using Names = std::vector<std::string>;
namespace fs = std::filesystem;

namespace {

/// A machine with one instance, where Compose knows the second.
struct Composed {
  /// `end`: how the program ends when it is to start something.
  explicit Composed(const std::string& end) {
    std::ofstream(folder / "docker-compose.yml") << "services:\n"
                                                    "  backend-2: {image: 'shop:1', container_name: shop-2}\n";
    const auto program = folder / "docker-compose";
    std::ofstream(program) << "#!/bin/sh\n"
                              "case \"$*\" in\n"
                              "  version | *'config --profiles') ;;\n"
                              "  *config) cat docker-compose.yml ;;\n"
                              "  *) echo up >begun; "
                           << end << " ;;\nesac\n";
    fs::permissions(program, fs::perms::owner_all);
    docker::ComposeSetup setup{.folder = folder.path(), .docker = {.base_url = "http://localhost"}};
    setup.variables = {{"PATH", (folder.path()).string() + ":/usr/bin:/bin"}};
    auto found = docker::Compose::find(std::move(setup));
    REQUIRE(found);
    REQUIRE(*found);
    compose.emplace(std::move(**found));
    op.emplace(operated.settings, operated.machine.world(), *operated.records, &*compose, operated.log);
  }

  /// What Compose starts is there when somebody next asks Docker; we are told to stop at that moment, or not.
  ActionReport start(bool is_interrupted) {
    auto& http = operated.machine.http;
    const auto seen = op->observe(Operator::Kong::needed);
    REQUIRE(seen);
    const auto plan = plan_start(operated.settings.deployment, *seen, {.instances = 2});
    REQUIRE(plan.steps.front().kind == Step::Kind::start_composed);
    http.fate = [&, came = false](int, const net::Request&) mutable {
      if (!came && fs::exists(folder / "begun")) {
        came = true;
        operated.machine.compose_up(2);
        http.interrupted = is_interrupted;
      }
      return fakes::Fate::arrives;
    };
    auto report = op->carry_out(plan, "start");
    http.fate = nullptr;
    http.interrupted = false;
    return report;
  }

  fakes::TempDir folder;
  Operated operated{KongMode::database, 1};
  std::optional<docker::Compose> compose;
  std::optional<Operator> op;
};

}  // namespace

TEST_CASE("what Compose starts gets into rotation") {
  Composed composed("exit 0");
  CHECK(composed.start(false).status);
  CHECK(composed.operated.machine.running() == Names{"shop-1", "shop-2"});
  CHECK(composed.operated.machine.targets() == Names{"127.0.0.1:3020 100", "127.0.0.1:3021 100"});
}

TEST_CASE("what Compose started and is not ready in time is stopped again") {
  Composed composed("exit 0");
  composed.operated.machine.http.health_status = {{3021, 503}};
  CHECK(composed.start(false).status.error().what.starts_with("shop-2 was not ready in 60s"));
  CHECK(composed.operated.machine.containers() == Names{"shop-1 running", "shop-2 exited"});
  CHECK(composed.operated.machine.targets() == Names{"127.0.0.1:3020 100"});
}

TEST_CASE("a start by Compose that is interrupted, or fails half-way, leaves nothing running") {
  for (const auto& [end, is_interrupted] :
       {std::pair("exit 0", true), std::pair("exit 1", true), std::pair("exit 1", false)}) {
    CAPTURE(end, is_interrupted);
    Composed composed(end);
    CHECK_FALSE(composed.start(is_interrupted).status);
    CHECK(composed.operated.machine.containers() == Names{"shop-1 running", "shop-2 exited"});
    CHECK(composed.operated.machine.targets() == Names{"127.0.0.1:3020 100"});
  }
}
