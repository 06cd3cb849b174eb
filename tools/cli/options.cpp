#include "tools/cli/options.hpp"

#include <algorithm>

#include <cxxopts.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "libscale/base/environment.hpp"

namespace kscale::cli {

namespace {

std::string help_on(const control::Key& key, const Usage& usage) {
  const auto own = std::ranges::find(usage.meanings, key.name, &Meaning::setting);
  return own != usage.meanings.end() ? own->help : std::string(key.help);
}

cxxopts::Options options_of(const Usage& usage) {
  cxxopts::Options options(usage.tool, usage.summary);
  options.set_width(100);
  options.custom_help(usage.actions.empty() ? "[OPTION...]" : "ACTION [ARGUMENT] [OPTION...]");
  options.positional_help("");
  for (const auto& one : usage.options) {
    if (one.argument.empty()) {
      options.add_options()(one.name, one.help);
    } else {
      options.add_options()(one.name, one.help, cxxopts::value<std::string>(), one.argument);
    }
  }
  options.add_options()("config", "read the settings from FILE", cxxopts::value<std::string>(), "FILE");
  options.add_options()("help", "show this help");
  options.add_options()("version", "show the version");
  for (const auto& key : control::keys()) {
    if (key.scope != control::Key::Scope::all && key.scope != usage.scope) {
      continue;
    }
    const std::string name(key.name);
    const auto help = help_on(key, usage);
    if (key.argument.empty()) {
      options.add_options("Settings")(name, help);
    } else {
      options.add_options("Settings")(name, help, cxxopts::value<std::string>(), std::string(key.argument));
    }
  }
  return options;
}

bool is_setting(const std::string& name) {
  return std::ranges::find(control::keys(), name, &control::Key::name) != control::keys().end();
}

std::vector<std::string> names_in_environment() {
  std::vector<std::string> names;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

std::string help_on(const std::vector<Action>& actions) {
  std::string text;
  for (const auto& action : actions) {
    const auto call = action.arguments.empty() ? action.name : action.name + ' ' + action.arguments;
    text += fmt::format("  {:<16}{}\n", call, action.help);
  }
  return text.empty() ? text : '\n' + text;
}

/// What was given, as a switch of the tool's own is kept: `true` or `false`, however that was written.
std::string own_value(const Usage& usage, const cxxopts::KeyValue& given) {
  const auto option = std::ranges::find(usage.options, given.key(), &Option::name);
  const bool is_switch = option == usage.options.end() || option->argument.empty();
  return is_switch ? (given.as<bool>() ? "true" : "false") : given.value();
}

}  // namespace

bool CommandLine::has(std::string_view name) const {
  return value(name).value_or("false") != "false";
}

std::optional<std::string> CommandLine::value(std::string_view name) const {
  // From the end: of an option that is given more than once the last one counts, as with the settings.
  const auto found = std::find_if(options.rbegin(), options.rend(), [&](const auto& one) { return one.name == name; });
  return found != options.rend() ? std::optional(found->value) : std::nullopt;
}

Result<CommandLine> parse_command_line(const Usage& usage, const std::vector<std::string>& arguments) try {
  std::vector<const char*> argv{usage.tool.c_str()};
  for (const auto& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  auto options = options_of(usage);
  const auto parsed = options.parse(static_cast<int>(argv.size()), argv.data());
  if (!parsed.unmatched().empty() && usage.actions.empty()) {
    return fail(Errc::invalid, "unexpected argument '{}'", parsed.unmatched().front());
  }
  CommandLine command_line;
  command_line.words = parsed.unmatched();
  for (const auto& given : parsed.arguments()) {
    if (given.key() == "config") {
      command_line.config = given.value();
    } else if (is_setting(given.key())) {
      command_line.flags.push_back({given.key(), given.value()});
    } else {
      command_line.options.push_back({given.key(), own_value(usage, given)});
    }
  }
  return command_line;
} catch (const cxxopts::exceptions::exception& fault) {
  return fail(Errc::invalid, "{}", fault.what());
}

std::string help_text(const Usage& usage) {
  auto text = options_of(usage).help();
  text.insert(text.find("\n\n") + 1, help_on(usage.actions));
  return text +
         "\nSettings come from the defaults, then kscale.yml, then the environment (KSCALE_MIN_INSTANCES and so on),\n"
         "then the options. The key of Kong's Admin API comes from KSCALE_KONG_TOKEN or from kong-token-file.\n";
}

control::Sources sources_for(const CommandLine& command_line) {
  control::Sources sources{.environment = process_environment(), .variables = names_in_environment()};
  if (command_line.config) {
    sources.file = *command_line.config;
  }
  sources.usual_files = {"kscale.yml", "/etc/kscale/kscale.yml"};
  sources.flags = command_line.flags;
  return sources;
}

}  // namespace kscale::cli
