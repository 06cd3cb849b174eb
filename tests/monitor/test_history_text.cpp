#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "libscale/monitor/history_text.hpp"
#include "libscale/monitor/trend.hpp"
#include "tests/monitor/history_example.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using monitor::HistoryView;

namespace {

std::string trend(const std::vector<std::optional<double>>& values, double scale) {
  return monitor::sparkline(values, static_cast<int>(values.size()), scale, monitor::Charset::ascii);
}

std::string text_of(const HistoryView& view, std::size_t width = 80) {
  return monitor::text_of(view, {.width = width, .trend = trend});
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    widest = std::max(widest, end - begin);
    begin = end + 1;
  }
  return widest;
}

std::string part_from(const std::string& text, std::string_view header) {
  return text.substr(std::min(text.find(header), text.size()));
}

}  // namespace

TEST_CASE("a history shows figures, instances, and what happened in the order of time") {
  CHECK(text_of(test::history_example()) ==
        "history of 'shop' from 2026-11-24T10:00:00Z to 2026-11-24T10:30:00Z (30m 0s)\n"
        "data for 83% of it, 2 scaling events, 2 alerts\n"
        "\n"
        "DEPLOYMENT     TREND     MEAN     MIN     MAX\n"
        "instances      --+ ##     1.5       1       2\n"
        "CPU            -*# ._   24.0%    2.5%   90.0%\n"
        "memory         ### ##   30.0%   29.5%   31.0%\n"
        "request rate   -*# ._   6.0/s   0.0/s  45.0/s\n"
        "response time  ###  #  8.5 ms  2.0 ms  120 ms\n"
        "errors         ___  _    0.1%    0.0%    1.0%\n"
        "\n"
        "INSTANCE  TREND     CPU    MAX  TREND   MEMORY    MAX  SERVING\n"
        "shop-1    -*# ._  24.0%  90.0%  ### ##   30.0%  31.0%   25m 0s\n"
        "shop-2      # ._  20.0%  90.0%    # ##   30.0%  31.0%  12m 30s\n"
        "\n"
        "TIME (UTC)        INSTANCES    CPU  MEMORY  REQUESTS  RESPONSE  ERRORS\n"
        "2026-11-24 10:00  1          20.0%   30.0%     5.0/s    8.5 ms    0.1%\n"
        "2026-11-24 10:05  1          40.0%   30.0%    10.0/s    8.5 ms    0.1%\n"
        "2026-11-24 10:10  1-2        45.0%   30.0%    11.2/s    8.5 ms    0.1%\n"
        "  ! 2026-11-24T10:10:00Z warning high-cpu: cpu of shop-1 is 91%, above 80%; over after 10m 0s\n"
        "  * 2026-11-24T10:10:30Z 1 -> 2 kscale-auto: cpu 91% > 80%\n"
        "2026-11-24 10:15  no data\n"
        "  ! 2026-11-24T10:16:00Z critical kong-unreachable: no answer from Kong; not over\n"
        "2026-11-24 10:20  2          10.0%   30.0%     2.5/s         -       -\n"
        "  * 2026-11-24T10:20:01Z 2 -> 1 kscale-auto: cpu 10% < 20%; failed: Docker does not answer\n"
        "2026-11-24 10:25  2           5.0%   30.0%     1.2/s    8.5 ms    0.1%\n");
}

TEST_CASE("an instance has served for no longer than it was there, and the range is long") {
  HistoryView view{.deployment = "shop", .range = {test::k_ten + 5min, test::k_ten + 50min}, .step = 20min};
  for (const auto at : {0min, 20min, 40min}) {
    view.fleet.push_back(test::fleet_point(test::k_ten + at, 2, 20));
    view.fleet.back().samples = 40;
    view.instances.push_back(test::instance_point(1, test::k_ten + at, 20));
    view.instances.back().samples = 40;
  }
  view.instances.push_back(test::instance_point(2, test::k_ten + 20min, 20));
  view.instances.back().samples = 6;
  view.instances.push_back(test::instance_point(3, test::k_ten + 20min, 20));
  view.instances.back().samples = 20;
  view.instances.back().serving = {0.5, 0, 1};
  const auto table = part_from(text_of(view), "INSTANCE  ");
  CHECK_THAT(table.substr(0, table.find("\n\n")),
             Catch::Matchers::Matches("INSTANCE .* SERVING\nshop-1 .* 45m 0s\nshop-2 .* 3m 0s\nshop-3 .* 5m 0s"));
}

TEST_CASE("a history of nothing says so, and what would write it") {
  CHECK(text_of(HistoryView{.deployment = "shop", .range = {test::k_ten, test::k_ten + 1h}}) ==
        "no history of 'shop' yet from 2026-11-24T10:00:00Z to 2026-11-24T11:00:00Z: kscale-auto and kscale-monitor "
        "write it while they run\n");
}

TEST_CASE("a history without samples tells what happened") {
  auto view = test::history_example();
  view.fleet.clear();
  view.instances.clear();
  view.events.resize(1);
  view.alerts.clear();
  CHECK(text_of(view) ==
        "history of 'shop' from 2026-11-24T10:00:00Z to 2026-11-24T10:30:00Z (30m 0s)\n"
        "data for 0% of it, 1 scaling event, 0 alerts\n"
        "\n"
        "  * 2026-11-24T10:10:30Z 1 -> 2 kscale-auto: cpu 91% > 80%\n");
}

TEST_CASE("a history of one point shows it, and that nothing came after") {
  HistoryView view{.deployment = "shop", .range = {test::k_ten - 7 * 24h, test::k_ten}, .step = 1min};
  view.fleet = {{.at = test::k_ten - 3min, .instances = {2, 2, 2}}};
  CHECK(text_of(view) ==
        "history of 'shop' from 2026-11-17T10:00:00Z to 2026-11-24T10:00:00Z (7d 0h)\n"
        "data for 0% of it, 0 scaling events, 0 alerts\n"
        "\n"
        "DEPLOYMENT     TREND  MEAN  MIN  MAX\n"
        "instances      #         2    2    2\n"
        "CPU                      -    -    -\n"
        "memory                   -    -    -\n"
        "request rate             -    -    -\n"
        "response time            -    -    -\n"
        "errors                   -    -    -\n"
        "\n"
        "TIME (UTC)        INSTANCES  CPU  MEMORY  REQUESTS  RESPONSE  ERRORS\n"
        "2026-11-24 09:57  2            -       -         -         -       -\n"
        "2026-11-24 09:58  no data\n"
        "2026-11-24 09:59  no data\n");
}

TEST_CASE("a history has at most some 30 steps, whatever its length") {
  HistoryView view{.deployment = "shop", .range = {test::k_ten - 7 * 24h, test::k_ten}, .step = 1h};
  for (auto at = view.range.since; at < view.range.until; at += view.step) {
    view.fleet.push_back(test::fleet_point(at, 2, 40));
  }
  const auto table = part_from(text_of(view), "TIME");
  CHECK(std::ranges::count(table, '\n') == 1 + 29);
  CHECK(table.find("\n2026-11-17 06:00  2 ") != std::string::npos);
  CHECK(table.find("\n2026-11-24 06:00  2 ") != std::string::npos);
}

TEST_CASE("a hundred instances are a hundred rows, within 80 columns") {
  auto view = test::history_example();
  view.deployment = "street-noshery-backend";
  view.events.clear();
  view.alerts.clear();
  view.instances.clear();
  for (int number = 1; number <= 100; ++number) {
    view.instances.push_back(test::instance_point(number, test::k_ten, number));
  }
  const auto text = text_of(view);
  CHECK(widest_line(part_from(text, "DEPLOYMENT")) <= 80);
  CHECK(text.find("street-noshery-backend-1    ") != std::string::npos);
  CHECK(text.find("street-noshery-backend-100  ") != std::string::npos);
  const auto instances = part_from(text, "INSTANCE ");
  CHECK(std::ranges::count(instances.substr(0, instances.find("\n\n") + 1), '\n') == 101);
}

TEST_CASE("trends are as wide as there is room, and left out where there is none") {
  HistoryView view{.deployment = "shop", .range = {test::k_ten, test::k_ten + 24h}, .step = 5min};
  for (auto at = view.range.since; at < view.range.until; at += view.step) {
    view.fleet.push_back(test::fleet_point(at, 2, 40));
    view.instances.push_back(test::instance_point(1, at, 40));
  }
  for (const std::size_t width : {60U, 80U, 120U, 200U}) {
    CAPTURE(width);
    const auto text = part_from(text_of(view, width), "DEPLOYMENT");
    CHECK(widest_line(text.substr(0, text.find("TIME"))) <= width);
    CHECK(text.find("TREND") != std::string::npos);
  }
  CHECK(text_of(view, 36).find("TREND") == std::string::npos);
  CHECK(text_of(view, 0) == text_of(view, 36));
  CHECK(text_of(view, 0) == monitor::text_of(view, {.width = 200, .trend = nullptr}));
}

TEST_CASE("outside text in a history cannot reach the terminal as it is") {
  auto view = test::history_example();
  view.deployment = "shop\x1b[2J";
  view.events[0].reason = "r\x1b[2J\n";
  view.events[1].outcome = "o\x1b[2J\n";
  view.alerts[0].summary = "s\x1b[2J\n";
  view.alerts[1].rule = "u\x1b[2J\n";
  view.alerts[1].severity = "v\x1b[2J\n";
  const auto text = text_of(view);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(std::ranges::count(text, '\n') == std::ranges::count(text_of(test::history_example()), '\n'));
}
