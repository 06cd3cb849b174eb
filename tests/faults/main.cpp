#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <cxxopts.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "tests/fakes/temp_dir.hpp"
#include "tests/faults/trial.hpp"

namespace {

using namespace kscale::faults;
using kscale::sandbox::KongMode;

struct Options {
  std::string kscale_auto;
  std::string kscale_deploy;
  std::vector<const Operation*> operations;
  std::vector<KongMode> modes;
  std::vector<Kind> kinds;
  std::vector<Kill> kills;
  std::vector<Next> nexts;
  std::optional<int> at;
  unsigned variant = 0;
  int runs = 0;
  unsigned seed = 1;
  unsigned share = 1;
  unsigned workers = 16;
  std::uint16_t ports = 0;
  bool verbose = false;
};

/// A trial, the row of the table that it counts for, and how to give it again.
struct Entry {
  Trial trial;
  std::string row;
  std::string again;
};

struct Row {
  bool may_pass_by = true;  ///< a fault that need not come to pass
  int runs = 0;
  int hit = 0;
  int held = 0;
  std::map<int, int> by_status;
  std::string first_broken;  ///< how to give it again

  /// Now and then a tool makes fewer requests than when they were counted. A fault that often passes by shows nothing.
  bool has_come() const { return may_pass_by || hit * 5 >= runs * 4; }
};

std::string_view name_of(KongMode mode) {
  return mode == KongMode::database ? "database" : "dbless";
}
std::string_view name_of(Kill kill) {
  return kill == Kill::before ? "before" : "after";
}
std::string_view name_of(Next next) {
  return next == Next::check ? "check" : "again";
}

cxxopts::Options described() {
  cxxopts::Options options("kscale-faults",
                           "Runs kscale-auto and kscale-deploy against a stand-in for Docker and Kong, lets a fault "
                           "befall each of their requests in turn, and looks at what holds.");
  options.set_width(100);
  const auto text = [] { return cxxopts::value<std::string>(); };
  const auto number = [](const char* otherwise) { return cxxopts::value<unsigned>()->default_value(otherwise); };
  options.add_options()("auto", "the kscale-auto to run; needed", text(), "FILE")(
      "deploy", "the kscale-deploy to run; needed", text(), "FILE")("operation", "only this one", text(), "NAME")(
      "mode", "only with this Kong: database or dbless", text(), "MODE")("fault", "only this one; 'none': no fault",
                                                                         text(), "NAME")(
      "kill", "kill the tool instead: before the request reaches the peer, or after it has acted", text(),
      "before|after")("next", "what runs after the tool: check or again", text(), "WHAT")(
      "at", "only at this request, counted from 0", cxxopts::value<int>(), "K")(
      "variant", "which byte, which wrong shape; each request has another one", number("0"), "N")(
      "share", "only one trial of so many, other ones with each seed", number("1"), "N")(
      "runs", "instead, so many runs with faults at random", cxxopts::value<int>(), "N")(
      "seed", "of the first of them", number("1"), "S")("workers", "how many run side by side", number("16"), "N")(
      "port-base", "the first port used; each worker takes 20", number("11000"), "PORT")("verbose", "tell of each run")(
      "help", "show this help");
  return options;
}

template <class T, class Find>
std::vector<T> only(const cxxopts::ParseResult& given, const char* option, std::vector<T> all, const Find& find) {
  if (given.count(option) == 0) {
    return all;
  }
  const auto name = given[option].as<std::string>();
  const auto found = find(name);
  if (!found) {
    throw std::runtime_error(fmt::format("--{}: there is no '{}'", option, name));
  }
  return {*found};
}

Options options_of(const cxxopts::ParseResult& given) {
  Options options;
  if (given.count("auto") == 0 || given.count("deploy") == 0) {
    throw std::runtime_error("--auto and --deploy are needed");
  }
  options.kscale_auto = std::filesystem::absolute(given["auto"].as<std::string>()).string();
  options.kscale_deploy = std::filesystem::absolute(given["deploy"].as<std::string>()).string();
  std::vector<const Operation*> all;
  for (const auto& operation : operations()) {
    all.push_back(&operation);
  }
  options.operations = only(given, "operation", all, [](const auto& name) {
    const auto* const found = operation_named(name);
    return found != nullptr ? std::optional(found) : std::nullopt;
  });
  const auto by_name = [](const auto& values) {
    return [&values](const std::string& name) {
      const auto found = std::ranges::find_if(values, [&](auto value) { return name_of(value) == name; });
      return found != values.end() ? std::optional(*found) : std::nullopt;
    };
  };
  const std::vector modes{KongMode::database, KongMode::dbless};
  const std::vector kills{Kill::before, Kill::after};
  const std::vector nexts{Next::check, Next::again};
  options.modes = only(given, "mode", modes, by_name(modes));
  options.nexts = only(given, "next", nexts, by_name(nexts));
  const bool none = given.count("fault") > 0 && given["fault"].as<std::string>() == "none";
  if (given.count("kill") == 0 && !none) {
    options.kinds = only(given, "fault", all_kinds(), kind_named);
  }
  if (given.count("fault") == 0) {
    options.kills = only(given, "kill", kills, by_name(kills));
  }
  if (given.count("at") > 0) {
    options.at = given["at"].as<int>();
  }
  if (given.count("runs") > 0) {
    options.runs = given["runs"].as<int>();
  }
  options.variant = given["variant"].as<unsigned>();
  options.seed = given["seed"].as<unsigned>();
  options.share = std::max(given["share"].as<unsigned>(), 1U);
  options.workers = std::max(given["workers"].as<unsigned>(), 1U);
  options.ports = static_cast<std::uint16_t>(given["port-base"].as<unsigned>());
  options.verbose = given.count("verbose") > 0;
  return options;
}

/// Runs trials side by side, each worker at a place of its own.
class Workers {
 public:
  explicit Workers(const Options& options) : m_options(options), m_thread([this] { m_loop.run(); }) {}
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers() {
    m_loop.stop();
    m_thread.join();
  }

  void carry_out(const std::vector<Entry>& entries, const std::function<void(const Entry&, const Verdict&)>& told) {
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (unsigned worker = 0; worker < std::min<std::size_t>(m_options.workers, entries.size()); ++worker) {
      threads.emplace_back([&, worker] {
        const Place place{.loop = m_loop,
                          .kscale_auto = m_options.kscale_auto,
                          .kscale_deploy = m_options.kscale_deploy,
                          .folder = m_folder.path() / std::to_string(worker),
                          .ports = static_cast<std::uint16_t>(m_options.ports + worker * k_ports_of_place)};
        for (std::size_t i = next++; i < entries.size(); i = next++) {
          const auto verdict = safely(place, entries[i].trial);
          const std::lock_guard lock(mutex);
          told(entries[i], verdict);
        }
      });
    }
    for (auto& thread : threads) {
      thread.join();
    }
  }

 private:
  /// One that cannot be set up counts as broken.
  static Verdict safely(const Place& place, const Trial& trial) {
    try {
      return carried_out(place, trial);
    } catch (const std::exception& fault) {
      Verdict verdict;
      verdict.broken = {fault.what()};
      return verdict;
    }
  }

  const Options& m_options;
  kscale::fakes::TempDir m_folder;
  kscale::sandbox::Loop m_loop;
  std::thread m_thread;
};

std::string command_for(const Trial& trial, unsigned variant) {
  std::string words = fmt::format("--operation {} --mode {}", trial.operation->name, name_of(trial.mode));
  if (trial.plan.kill_at) {
    words += fmt::format(" --kill {} --at {}", name_of(trial.plan.kill), *trial.plan.kill_at);
  } else if (!trial.plan.faults.empty()) {
    const auto& [at, fault] = *trial.plan.faults.begin();
    words += fmt::format(" --fault {} --at {} --variant {}", name_of(fault.kind), at, variant);
  } else {
    words += " --fault none";
  }
  return words + fmt::format(" --next {}", name_of(trial.next));
}

/// How many requests each operation makes when nothing goes wrong.
using Counts = std::map<std::pair<const Operation*, KongMode>, int>;

Counts counted(const Options& options, Workers& workers, Row& row) {
  std::vector<Entry> entries;
  for (const auto* operation : options.operations) {
    for (const auto mode : options.modes) {
      const Trial trial{.operation = operation, .mode = mode};
      entries.push_back({trial, "none", command_for(trial, 0)});
    }
  }
  Counts counts;
  workers.carry_out(entries, [&](const Entry& entry, const Verdict& verdict) {
    counts[{entry.trial.operation, entry.trial.mode}] = static_cast<int>(verdict.requests.size());
    ++row.runs;
    ++row.by_status[verdict.ended.status];
    row.held += verdict.broken.empty() ? 1 : 0;
    if (!verdict.broken.empty() || options.verbose) {
      std::cout << fmt::format("{}: {}\n", entry.again, verdict.broken.empty() ? "held" : verdict.broken.front());
      for (std::size_t i = 0; i < verdict.requests.size(); ++i) {
        std::cout << fmt::format("  {} {}\n", i, verdict.requests[i]);
      }
      std::cout << verdict.account;
    }
  });
  return counts;
}

std::vector<Entry> each_in_turn(const Options& options, const Counts& counts) {
  std::vector<Entry> entries;
  const auto add = [&](const Trial& trial, std::string row, unsigned variant) {
    entries.push_back({trial, std::move(row), command_for(trial, variant)});
  };
  for (const auto& [of, count] : counts) {
    const int first = options.at.value_or(0);
    const int end = options.at ? first + 1 : count;
    for (int at = first; at < end; ++at) {
      for (const auto kind : options.kinds) {
        const auto next = of.first->may_pause() ? options.nexts.back() : options.nexts.front();
        Trial trial{.operation = of.first, .mode = of.second, .next = next};
        const auto variant = options.variant + (options.at ? 0U : static_cast<unsigned>(at) * 7);
        trial.plan.faults[at] = {kind, variant};
        add(trial, std::string(name_of(kind)), variant);
      }
      for (const auto kill : options.kills) {
        for (const auto next : options.nexts) {
          Trial trial{.operation = of.first, .mode = of.second, .next = next};
          trial.plan.kill_at = at;
          trial.plan.kill = kill;
          add(trial, fmt::format("killed {}", name_of(kill)), 0);
        }
      }
    }
  }
  std::vector<Entry> chosen;
  for (std::size_t i = options.seed % options.share; i < entries.size(); i += options.share) {
    chosen.push_back(std::move(entries[i]));
  }
  return chosen;
}

/// Up to three faults, and now and then a kill, anywhere.
Entry at_random(const Options& options, const Counts& counts, unsigned seed) {
  std::mt19937 random(seed);
  const auto one_of = [&](std::size_t count) { return random() % count; };
  const auto& [of, count] = *std::next(counts.begin(), static_cast<std::ptrdiff_t>(one_of(counts.size())));
  Trial trial{.operation = of.first, .mode = of.second, .next = options.nexts.at(one_of(options.nexts.size()))};
  const auto requests = static_cast<std::size_t>(count);
  for (auto faults = 1 + one_of(3); faults > 0; --faults) {
    trial.plan.faults[static_cast<int>(one_of(requests))] = {options.kinds.at(one_of(options.kinds.size())),
                                                             static_cast<unsigned>(random())};
  }
  if (!options.kills.empty() && one_of(4) == 0) {
    trial.plan.kill_at = static_cast<int>(one_of(requests));
    trial.plan.kill = options.kills.at(one_of(options.kills.size()));
  }
  return {trial, fmt::format("at random: {}", of.first->name), fmt::format("--runs 1 --seed {}", seed)};
}

std::string table_of(const std::map<std::string, Row>& rows) {
  std::string text = "| fault | runs | came to pass | exit status | all held |\n| --- | --- | --- | --- | --- |\n";
  for (const auto& [name, row] : rows) {
    std::string statuses;
    for (const auto& [status, count] : row.by_status) {
      statuses += fmt::format("{}{}: {}", statuses.empty() ? "" : ", ", status, count);
    }
    text += fmt::format("| {} | {} | {} | {} | {} |\n", name, row.runs, row.hit, statuses,
                        row.held != row.runs ? fmt::format("no, {}: {}", row.runs - row.held, row.first_broken)
                        : row.has_come()     ? "yes"
                                             : "no, it came to pass too seldom");
  }
  return text;
}

int run(const Options& options) {
  const auto begin = std::chrono::steady_clock::now();
  std::map<std::string, Row> rows;
  Workers workers(options);
  const auto counts = counted(options, workers, rows["none"]);
  std::vector<Entry> entries;
  if (options.runs > 0) {
    for (int i = 0; i < options.runs; ++i) {
      entries.push_back(at_random(options, counts, options.seed + static_cast<unsigned>(i)));
    }
  } else {
    entries = each_in_turn(options, counts);
  }
  workers.carry_out(entries, [&](const Entry& entry, const Verdict& verdict) {
    auto& row = rows[entry.row];
    row.may_pass_by = options.runs > 0 || entry.row == name_of(Kind::number);
    ++row.runs;
    ++row.by_status[verdict.ended.status];
    row.hit += verdict.hit.empty() ? 0 : 1;
    row.held += verdict.broken.empty() ? 1 : 0;
    if (!verdict.broken.empty() && row.first_broken.empty()) {
      row.first_broken = entry.again;
    }
    if (!verdict.broken.empty() || options.verbose) {
      std::cout << "== " << entry.again << "\n";
      for (const auto& what : verdict.broken) {
        std::cout << "broken: " << what << "\n";
      }
      for (const auto& what : verdict.hit) {
        std::cout << "fault at " << what << "\n";
      }
      std::cout << verdict.account << std::flush;
    }
  });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << table_of(rows) << fmt::format("{} runs in {:.0f} s\n", entries.size() + counts.size(), took.count());
  const bool all = std::ranges::all_of(
      rows, [](const auto& row) { return row.second.held == row.second.runs && row.second.has_come(); });
  return all ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  auto described_options = described();
  const auto given = described_options.parse(argc, argv);
  if (given.count("help") > 0) {
    std::cout << described_options.help();
    return 0;
  }
  return run(options_of(given));
} catch (const std::exception& fault) {
  std::cerr << "kscale-faults: error: " << fault.what() << "\n";
  return 2;
}
