#include <catch2/catch.hpp>

#include "tools/cli/exit_status.hpp"
#include "tools/cli/options.hpp"

using namespace kscale;
using namespace kscale::cli;

namespace {

const Usage k_usage{
    .tool = "kscale-test", .summary = "Tests.", .options = {{"once", "check once"}, {"tail", "so many lines", "N"}}};

}  // namespace

TEST_CASE("settings, the file and the tool's own switches are told apart") {
  const auto line = parse_command_line(
      k_usage, {"--once", "--min-instances=2", "--max-instances", "9", "--config", "x.yml", "--dry-run"});
  REQUIRE(line);
  CHECK(line->has("once"));
  CHECK_FALSE(line->has("json"));
  CHECK(line->config == "x.yml");
  REQUIRE(line->flags.size() == 3);
  CHECK(line->flags[0].name == "min-instances");
  CHECK(line->flags[0].value == "2");
  CHECK(line->flags[1].value == "9");
  CHECK(line->flags[2].name == "dry-run");
  CHECK(line->flags[2].value == "true");
}

TEST_CASE("what the tool does not know is an error that names it") {
  CHECK(parse_command_line(k_usage, {"--frobnicate"}).error().what.find("frobnicate") != std::string::npos);
  CHECK(parse_command_line(k_usage, {"scale"}).error().what == "unexpected argument 'scale'");
  CHECK(parse_command_line(k_usage, {"--min-instances"}).error().code == Errc::invalid);
}

TEST_CASE("a tool with actions takes words among its options, and shows the actions in its help") {
  auto usage = k_usage;
  usage.actions = {{"scale", "N", "run N instances"}, {"status", "", "show what runs"}};
  const auto line = parse_command_line(usage, {"--tail", "5", "scale", "--once", "7"});
  REQUIRE(line);
  CHECK_FALSE(parse_command_line(usage, {"--once=false"})->has("once"));
  CHECK(line->words == std::vector<std::string>{"scale", "7"});
  CHECK(line->value("tail") == "5");
  CHECK_FALSE(line->value("since").has_value());
  CHECK(help_text(usage).find("\n  scale N         run N instances\n") != std::string::npos);
}

TEST_CASE("help tells of a setting what it does in this tool") {
  auto usage = k_usage;
  CHECK(help_text(usage).find(" --dry-run                 decide, but change nothing\n") != std::string::npos);
  usage.meanings = {{"dry-run", "record nothing"}};
  const auto help = help_text(usage);
  CHECK(help.find(" --dry-run                 record nothing\n") != std::string::npos);
  CHECK(help.find(" --verbose                 tell each step\n") != std::string::npos);
}

TEST_CASE("of an option that is given more than once the last one counts") {
  const auto line = parse_command_line(
      k_usage, {"--tail", "1", "--once", "--config=a.yml", "--tail=30", "--once=false", "--config", "b.yml"});
  REQUIRE(line);
  CHECK(line->value("tail") == "30");
  CHECK_FALSE(line->has("once"));
  CHECK(line->config == "b.yml");
}

TEST_CASE("the exit status tells what kind of failure it was") {
  CHECK(exit_for({Errc::unreachable, ""}) == Exit::unreachable);
  CHECK(exit_for({Errc::timed_out, ""}) == Exit::unreachable);
  CHECK(exit_for({Errc::locked, ""}) == Exit::locked);
  CHECK(exit_for({Errc::interrupted, ""}) == Exit::interrupted);
  CHECK(exit_for({Errc::unauthorized, ""}) == Exit::failed);
  CHECK(exit_for({Errc::not_found, ""}) == Exit::failed);
  CHECK(exit_for({Errc::unsupported, ""}) == Exit::failed);
}

TEST_CASE("in a set-up, what is wrong or cannot be done is how the tool was called") {
  CHECK(exit_for_set_up({Errc::invalid, ""}) == Exit::usage);
  CHECK(exit_for_set_up({Errc::unsupported, ""}) == Exit::usage);
  CHECK(exit_for_set_up({Errc::not_found, ""}) == Exit::failed);
  CHECK(exit_for_set_up({Errc::unreachable, ""}) == Exit::unreachable);
}
