#include "tools/cli/signals.hpp"
#include "tools/cli/tool.hpp"
#include "tools/kscale-deploy/command.hpp"
#include "tools/kscale-deploy/session.hpp"

int main(int argc, char** argv) {
  using namespace kscale;
  const auto& usage = deploy::usage();
  return cli::run_tool(usage, KSCALE_VERSION, argc, argv, [&](const cli::Call& call) {
    const auto command = deploy::parse_command(call.line);
    if (!command) {
      return cli::usage_error(usage, command.error());
    }
    cli::Signals signals;
    return cli::flushed(usage, deploy::carry_out(*command, call.loaded.settings, signals));
  });
}
