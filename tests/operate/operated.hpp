#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "libscale/operate/operator.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace kscale::operate {

/// An operator on a machine in this process, without a compose file.
struct Operated {
  explicit Operated(sandbox::KongMode mode = sandbox::KongMode::database, int instances = 3)
      : machine(mode, instances) {
    settings.state_dir = (dir / "state").string();
    settings.history_log = (dir / "scaling.log").string();
    auto opened = control::Records::open(
        settings, [](const std::string&) { return std::nullopt; }, machine.clock, log, "kscale-deploy");
    REQUIRE(opened);
    records.emplace(std::move(*opened));
    op.emplace(settings, machine.world(), *records, nullptr, log);
  }

  Situation situation(Operator::Kong kong = Operator::Kong::needed) {
    auto seen = op->observe(kong);
    REQUIRE(seen);
    return std::move(*seen);
  }

  Plan stop_plan() { return plan_stop(settings.deployment, situation(Operator::Kong::may_be_absent), false); }

  Plan cleanup_plan() { return plan_cleanup(situation(Operator::Kong::may_be_absent), false); }

  /// Kong is out of reach for so many requests to it.
  void take_kong_away(int requests) {
    machine.http.fate = [left = requests](int, const net::Request& request) mutable {
      return request.to.base_url == "http://kong:8001" && left-- > 0 ? fakes::Fate::lost : fakes::Fate::arrives;
    };
  }

  bool has_told_that_targets_stay() const {
    return std::ranges::any_of(said, [](const auto& line) { return line.ends_with("; its targets stay"); });
  }

  ActionReport scale(int wanted) {
    return op->carry_out(plan_scale(settings.deployment, situation(), wanted), fmt::format("scale {}", wanted));
  }

  ActionReport deploy(const std::string& image) {
    return op->carry_out(plan_deploy(settings.deployment, situation(), {.image = image}), "deploy");
  }

  std::string image_of(const std::string& name) {
    return json::parse(machine.docker.answer({.target = "/containers/" + name + "/json"}).body)
        .value()["Config"]["Image"]
        .text_or("");
  }

  fakes::TempDir dir;
  fakes::FakeMachine machine;
  control::Settings settings = fakes::FakeMachine::settings();
  std::vector<std::string> said;
  control::Log log{[this](control::Level, std::string_view text) { said.emplace_back(text); }};
  std::optional<control::Records> records;
  std::optional<Operator> op;
};

/// Of the three instances that there are at first.
inline const std::vector<std::string> k_three_targets{"127.0.0.1:3020 100", "127.0.0.1:3021 100", "127.0.0.1:3022 100"};

}  // namespace kscale::operate
