// Writes a report on made-up figures to standard output, for tests that look at it in a browser, and for people.

#include <iostream>
#include <map>
#include <string>

#include "libscale/monitor/report.hpp"
#include "tests/monitor/made_up_week.hpp"

using namespace kscale;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  const std::map<std::string, tests::MadeUp> kinds{
      {"week", {}},
      {"hundred", {.min_instances = 24, .max_instances = 100}},
      {"one", {.min_instances = 1, .max_instances = 1, .with_trouble = false}},
      {"hour", {.length = 1h, .with_trouble = false}},
      {"month", {.length = 720h}},
  };
  const std::string kind = argc == 2 ? argv[1] : "";
  if (kind == "empty") {
    auto data = tests::made_up({.with_trouble = false});
    data.fleet.clear();
    data.instances.clear();
    data.events.clear();
    data.summary = monitor::summary_of({}, {}, {}, data.range, data.step, data.summary.bars);
    std::cout << monitor::html_of(data);
    return 0;
  }
  if (!kinds.contains(kind)) {
    std::cerr << "usage: kscale_report_page week|hundred|one|hour|month|empty\n";
    return 2;
  }
  std::cout << monitor::html_of(tests::made_up(kinds.at(kind)));
}
