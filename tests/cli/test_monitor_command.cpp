#include <catch2/catch.hpp>

#include "tools/cli/options.hpp"
#include "tools/kscale-monitor/command.hpp"

using namespace kscale;
using namespace kscale::monitor;
using namespace std::chrono_literals;
using Action = Command::Action;
using Output = Command::Output;

namespace {

Result<Command> command(const std::vector<std::string>& arguments) {
  return cli::parse_command_line(usage(), arguments).and_then(parse_command);
}

std::string fault(const std::vector<std::string>& arguments) {
  const auto made = command(arguments);
  return made ? "none" : made.error().what;
}

}  // namespace

TEST_CASE("kscale-monitor watches unless it is asked for something else") {
  CHECK(command({})->action == Action::watch);
  CHECK(command({})->output == Output::automatic);
  CHECK(command({"--once", "--json"})->action == Action::once);
  CHECK(command({"--show-history"})->action == Action::history);
  CHECK(command({"--show-history"})->history == 24h * 7);
  CHECK(command({"--report", "x.html", "--history-days", "0.5"})->history == 12h);
  CHECK(command({"--report=x.html"})->report_file == "x.html");
  CHECK(command({"--alert-mode", "--quiet"})->alert_mode);
  CHECK(command({"--alert-mode", "--quiet"})->output == Output::none);
}

TEST_CASE("an export has a file, a format and a size") {
  CHECK_FALSE(command({})->export_file);
  CHECK(command({"--export-to-file"})->export_file == "kong-metrics.json");
  const auto csv = command({"--export-to-file", "--output-file", "m.csv", "--format", "csv", "--export-size", "1MiB"});
  REQUIRE(csv);
  CHECK(csv->export_file == "m.csv");
  CHECK(csv->format == ExportFormat::csv);
  CHECK(csv->export_size == 1'048'576);
  CHECK(fault({"--export-to-file", "--format", "xml"}) == "--format: 'xml' is none of json|csv");
  CHECK(fault({"--export-to-file", "--export-size", "1"}) ==
        "--export-size: '1' is not a size of at least 65536 bytes, such as 64MiB");
  CHECK(fault({"--export-to-file", "--output-file", ""}) == "--output-file: no name of a file");
  CHECK(fault({"--output-file", "m.json"}) == "--output-file is of no use without --export-to-file");
}

TEST_CASE("options of kscale-monitor that do not go together are named") {
  CHECK(fault({"--once", "--show-history"}) == "--once and --show-history do not go together");
  CHECK(fault({"--plain", "--json"}) == "--plain and --json do not go together");
  CHECK(fault({"--csv"}) == "--csv is of no use without --show-history");
  CHECK(fault({"--history-days", "3"}) == "--history-days is of no use without --show-history or --report");
  CHECK(fault({"--report", "x.html", "--json"}) == "--json is of no use with --report");
  CHECK(fault({"--show-history", "--alert-mode"}) == "--alert-mode is of no use with --show-history");
  CHECK(fault({"--report", ""}) == "--report: no name of a file");
  CHECK(fault({"--show-history", "--history-days", "0"}) == "--history-days: '0' is not a number from 0.01 to 3650");
  CHECK(fault({"now"}) == "unexpected argument 'now'");
}
