#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "libscale/control/autoscaler.hpp"
#include "tests/fakes/fake_machine.hpp"
#include "tests/fakes/temp_dir.hpp"

namespace kscale::control {

/// What a person may do to an instance, as the call to Docker.
struct ByHand {
  std::string method;
  std::string path;  ///< behind the container's name
};

inline const std::vector<ByHand> k_by_hand{
    {"DELETE", "?force=true"}, {"POST", "/restart"}, {"POST", "/pause"}, {"POST", "/kill"}, {"POST", "/stop"}};

/// A deployment with its autoscaler, which can be ended and begun again as a process can.
struct Scaler {
  explicit Scaler(sandbox::KongMode mode = sandbox::KongMode::database, int instances = 3) : machine(mode, instances) {
    settings.state_dir = (dir / "state").string();
    settings.history_log = (dir / "scaling.log").string();
    begin();
  }

  void begin() {
    autoscaler.reset();
    records.reset();
    auto opened = Records::open(
        settings, [](const std::string&) { return std::nullopt; }, machine.clock, log);
    REQUIRE(opened);
    records = std::make_unique<Records>(std::move(*opened));
    autoscaler = std::make_unique<Autoscaler>(settings, machine.world(), *records, log, [](const CheckReport&) {});
  }

  CheckReport check() const {
    auto report = autoscaler->check();
    REQUIRE(report);
    return std::move(*report);
  }

  /// A check each interval; the last report.
  CheckReport checks(int count) {
    for (int i = 1; i < count; ++i) {
      check();
      machine.clock.forward(settings.check_interval);
    }
    return check();
  }

  void refuse_to_delete_targets() {
    machine.http.fate = [](int, const net::Request& request) {
      const bool deletes = request.method == net::Method::del && request.to.base_url == "http://kong:8001";
      return deletes ? fakes::Fate::failed : fakes::Fate::arrives;
    };
  }

  void load(double cores) { machine.behaviour->cpu = Cores{cores}; }
  int running() { return static_cast<int>(machine.running().size()); }

  fakes::TempDir dir;
  fakes::FakeMachine machine;
  Settings settings = fakes::FakeMachine::settings();
  std::vector<std::string> said;
  Log log{[this](Level level, std::string_view text) {
    if (level != Level::step) {
      said.emplace_back(text);
    }
  }};
  std::unique_ptr<Records> records;
  std::unique_ptr<Autoscaler> autoscaler;
};

}  // namespace kscale::control
