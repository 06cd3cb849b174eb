#include <catch2/catch.hpp>

#include "tools/cli/terminal_log.hpp"

using kscale::cli::log_line;
using kscale::control::Level;

TEST_CASE("a log line names the tool and how bad it is") {
  CHECK(log_line("kscale-auto", Level::error, "no answer") == "kscale-auto: error: no answer\n");
  CHECK(log_line("kscale-auto", Level::warning, "drift") == "kscale-auto: warning: drift\n");
  CHECK(log_line("kscale-auto", Level::notice, "größer") == "kscale-auto: größer\n");
}

TEST_CASE("what a peer has put into a message makes no second line and reaches no terminal") {
  CHECK(log_line("kscale-auto", Level::error, "target 'x\nkscale-auto: all is well\x1b[2J\xc2\x9b': no") ==
        "kscale-auto: error: target 'x\\x0akscale-auto: all is well\\x1b[2J\\xc2\\x9b': no\n");
  const std::string long_text(5000, 'y');
  CHECK(log_line("kscale-auto", Level::step, long_text) == "kscale-auto: " + long_text + "\n");
}
