#include <catch2/catch.hpp>

#include "tools/cli/options.hpp"
#include "tools/kscale-deploy/command.hpp"

using namespace kscale;
using namespace kscale::deploy;
using namespace std::chrono_literals;

namespace {

Result<Command> command(const std::vector<std::string>& arguments) {
  return cli::parse_command_line(usage(), arguments).and_then(parse_command);
}

std::string fault(const std::vector<std::string>& arguments) {
  const auto made = command(arguments);
  return made ? "none" : made.error().what;
}

}  // namespace

TEST_CASE("each action of the help is understood, and no other") {
  for (const auto& action : usage().actions) {
    CAPTURE(action.name);
    CHECK(command(action.name == "scale" ? std::vector<std::string>{"scale", "3"} : std::vector{action.name}));
  }
  CHECK(fault({"frobnicate"}) == "'frobnicate' is no action");
  CHECK(fault({}).starts_with("no action: one of start, stop, "));
}

TEST_CASE("an option goes with the actions that it is for, before or behind them") {
  CHECK(command({"start", "--instances", "4", "--include-kong"})->instances == 4);
  CHECK(command({"--tail=7", "logs", "kong", "--follow", "--since", "10m"})->since == 600s);
  CHECK(command({"logs", "kong"})->subject == "kong");
  CHECK(command({"logs"})->tail == 50);
  CHECK(command({"pause", "90s"})->span == 90s);
  CHECK_FALSE(command({"pause"})->span.has_value());
  CHECK(command({"history", "--history-days", "2"})->days == 48h);
  CHECK(command({"restart", "--wait-timeout", "2m", "--json"})->wait_timeout == 2min);
  CHECK(fault({"scale", "3", "--tail", "5"}) == "--tail is of no use with scale");
  CHECK(fault({"status", "--force"}) == "--force is of no use with status");
}

TEST_CASE("scale needs a number that can be one") {
  CHECK(command({"scale", "5"})->instances == 5);
  CHECK(command({"scale", "--instances", "5"})->instances == 5);
  CHECK(command({"scale", "5", "--instances", "5"})->instances == 5);
  CHECK(fault({"scale", "3", "--instances", "5"}) ==
        "scale 3 and --instances 5 contradict each other: give one of them");
  CHECK(fault({"scale"}) == "scale: to how many? kscale-deploy scale N");
  CHECK(fault({"scale", "0"}) == "scale: '0' is not a whole number from 1 to 1000");
  CHECK(fault({"scale", "many"}) == "scale: 'many' is not a whole number from 1 to 1000");
  CHECK(fault({"scale", "5", "6"}) == "unexpected argument '6'");
  CHECK(fault({"stop", "5"}) == "unexpected argument '5'");
}

TEST_CASE("a bad value names its option") {
  CHECK(fault({"logs", "--tail", "x"}) == "--tail: 'x' is not a whole number from 0 to 1000000");
  CHECK(fault({"deploy", "--image", ""}) == "--image: names no image; to build one, leave the option out");
  CHECK(fault({"deploy", "--image="}) == "--image: names no image; to build one, leave the option out");
  CHECK(command({"deploy", "--image", "shop:2"})->image == "shop:2");
  CHECK(fault({"pause", "soon"}).starts_with("pause: 'soon' is not a span"));
  CHECK(fault({"scale", "3", "--wait-timeout", "never"}).starts_with("--wait-timeout: 'never' is not a span"));
}

TEST_CASE("a switch that is given as false is not given") {
  CHECK(command({"cleanup", "--yes"})->yes);
  CHECK_FALSE(command({"cleanup", "--yes=false", "--force=false"})->yes);
  CHECK_FALSE(command({"cleanup", "--yes=false", "--force=false"})->force);
  for (const std::string no : {"0", "f", "F", "False"}) {
    CAPTURE(no);
    CHECK_FALSE(command({"cleanup", "--yes=" + no})->yes);
    CHECK_FALSE(command({"cleanup", "--force=" + no})->force);
  }
  CHECK(command({"cleanup", "--yes=1"})->yes);
  CHECK_FALSE(command({"cleanup", "--yes=no"}));
}
