#include "tools/kscale-deploy/command.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "libscale/base/printable.hpp"
#include "libscale/control/value.hpp"

namespace kscale::deploy {

namespace {

using namespace std::chrono_literals;

/// An action, its name, and the options that it takes besides those that all take.
struct Entry {
  Action action;
  std::string_view name;
  std::vector<std::string_view> options;
  std::size_t most_words;  ///< behind its name
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all{
      {Action::start, "start", {"instances", "include-kong", "include-database"}, 0},
      {Action::stop, "stop", {"all"}, 0},
      {Action::restart, "restart", {"all-at-once", "include-kong"}, 0},
      {Action::scale, "scale", {"instances"}, 1},
      {Action::status, "status", {}, 0},
      {Action::logs, "logs", {"tail", "follow", "since"}, 1},
      {Action::health, "health", {}, 0},
      {Action::deploy, "deploy", {"instances", "image"}, 0},
      {Action::cleanup, "cleanup", {"force"}, 0},
      {Action::history, "history", {"history-days"}, 0},
      {Action::pause, "pause", {}, 1},
      {Action::resume, "resume", {}, 0},
  };
  return all;
}

bool is_for_all(std::string_view option) {
  constexpr std::array<std::string_view, 7> k_for_all{"json", "quiet",   "yes",        "wait-timeout",
                                                      "help", "version", "show-config"};
  return std::ranges::find(k_for_all, option) != k_for_all.end();
}

/// Takes values of options, and keeps the first fault.
class Taker {
 public:
  explicit Taker(const cli::CommandLine& line) : m_line(line) {}

  template <class Value, class Parse>
  void take(std::string_view option, Value& value, const Parse& parse) {
    const auto text = m_line.value(option);
    if (!text || !m_fault) {
      return;
    }
    auto parsed = parse(*text);
    if (parsed) {
      value = *parsed;
    } else {
      m_fault = wrap(parsed.error(), "--{}", option);
    }
  }

  const Status& outcome() const { return m_fault; }

 private:
  const cli::CommandLine& m_line;
  Status m_fault;
};

Result<std::chrono::seconds> seconds_in(std::string_view text) {
  return control::parse_span(text, 1s, 1s, 24h * 365).map([](std::chrono::milliseconds span) {
    return std::chrono::ceil<std::chrono::seconds>(span);
  });
}

Result<int> instances_in(std::string_view text) {
  return control::parse_whole(text, 1, 1000);
}

/// An empty one is a variable that is not set, and no wish to build instead.
Result<std::string> image_in(std::string_view text) {
  return text.empty() ? fail(Errc::invalid, "names no image; to build one, leave the option out")
                      : Result<std::string>(std::string(text));
}

Status take_options(const cli::CommandLine& line, Command& command) {
  command.include_kong = line.has("include-kong");
  command.include_database = line.has("include-database");
  command.all = line.has("all");
  command.all_at_once = line.has("all-at-once");
  command.follow = line.has("follow");
  command.force = line.has("force");
  command.yes = line.has("yes");
  command.json = line.has("json");
  command.quiet = line.has("quiet");
  Taker taker(line);
  taker.take("instances", command.instances, instances_in);
  taker.take("image", command.image, image_in);
  taker.take("tail", command.tail, [](std::string_view text) { return control::parse_whole(text, 0, 1'000'000); });
  taker.take("since", command.since, seconds_in);
  taker.take("history-days", command.days, [](std::string_view text) {
    return control::parse_whole(text, 1, 3650).map([](int days) { return std::chrono::hours(24 * days); });
  });
  taker.take("wait-timeout", command.wait_timeout,
             [](std::string_view text) { return control::parse_span(text, 1s, 1s, 24h); });
  return taker.outcome();
}

/// The word behind the action.
Status take_word(const std::string& word, Command& command) {
  if (command.action == Action::scale) {
    const auto count = instances_in(word);
    if (!count) {
      return wrap(count.error(), "scale");
    }
    if (command.instances.value_or(*count) != *count) {
      return fail(Errc::invalid, "scale {} and --instances {} contradict each other: give one of them", *count,
                  *command.instances);
    }
    command.instances = *count;
  } else if (command.action == Action::pause) {
    const auto span = seconds_in(word);
    if (!span) {
      return wrap(span.error(), "pause");
    }
    command.span = *span;
  } else {
    command.subject = word;
  }
  return {};
}

}  // namespace

const cli::Usage& usage() {
  static const cli::Usage all{
      .tool = "kscale-deploy",
      .summary = "Starts, scales, renews and shows the containers behind a Kong gateway.",
      .options = {{"instances", "how many instances (start, deploy: at least; default: min-instances)", "N"},
                  {"include-kong", "start, restart: also Kong and what else stands in the compose file"},
                  {"include-database", "start: also Kong's database"},
                  {"all", "stop: also Kong and what else stands in the compose file"},
                  {"all-at-once", "restart: all together, though nobody serves meanwhile"},
                  {"image", "deploy: this image, instead of building one", "IMAGE"},
                  {"tail", "logs: the last N lines of each container (50)", "N"},
                  {"follow", "logs: go on as lines come"},
                  {"since", "logs: those of the last SPAN, such as 10m", "SPAN"},
                  {"history-days", "history: of the last N days (7)", "N"},
                  {"force", "cleanup: also volumes and orphans"},
                  {"yes", "ask nothing"},
                  {"json", "print JSON"},
                  {"quiet", "tell only what is wrong"},
                  {"wait-timeout", "how long to wait for readiness, Kong and the lock", "SPAN"},
                  {"show-config", "print each setting and where it comes from, and end"}},
      .actions = {{"start", "", "run at least N instances"},
                  {"stop", "", "stop all instances, and pause the autoscaler"},
                  {"restart", "", "restart the instances one after the other, without losing a request"},
                  {"scale", "N", "run N instances; with the present number: mend the targets"},
                  {"status", "", "show Kong, instances, targets and autoscaler"},
                  {"logs", "[WHOSE]", "show logs: of backend (the default), kong, a service or an instance"},
                  {"health", "", "check Kong, its database, each instance and the proxy"},
                  {"deploy", "", "build, and replace the instances one after the other"},
                  {"cleanup", "", "remove all instances and the Compose project"},
                  {"history", "", "show what was scaled, when and why"},
                  {"pause", "[SPAN]", "let the autoscaler change nothing, for SPAN or until resume"},
                  {"resume", "", "let it go on"}},
      .meanings = {{"dry-run", "print the steps, but change nothing"},
                   {"verbose", "of no effect: the steps are told unless --quiet is given"}}};
  return all;
}

Result<Command> parse_command(const cli::CommandLine& line) {
  if (line.words.empty()) {
    return fail(Errc::invalid,
                "no action: one of start, stop, restart, scale, status, logs, health, deploy, cleanup, "
                "history, pause, resume");
  }
  const auto entry = std::ranges::find(entries(), line.words.front(), &Entry::name);
  if (entry == entries().end()) {
    return fail(Errc::invalid, "'{}' is no action", printable(line.words.front()));
  }
  for (const auto& option : line.options) {
    if (!is_for_all(option.name) && std::ranges::find(entry->options, option.name) == entry->options.end()) {
      return fail(Errc::invalid, "--{} is of no use with {}", option.name, entry->name);
    }
  }
  if (line.words.size() > 1 + entry->most_words) {
    return fail(Errc::invalid, "unexpected argument '{}'", printable(line.words[1 + entry->most_words]));
  }
  Command command{.action = entry->action};
  if (auto taken = take_options(line, command); !taken) {
    return tl::unexpected(taken.error());
  }
  if (line.words.size() > 1) {
    if (auto taken = take_word(line.words[1], command); !taken) {
      return tl::unexpected(taken.error());
    }
  }
  if (command.action == Action::scale && !command.instances) {
    return fail(Errc::invalid, "scale: to how many? kscale-deploy scale N");
  }
  return command;
}

}  // namespace kscale::deploy
