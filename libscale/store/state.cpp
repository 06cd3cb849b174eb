#include "libscale/store/state.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <utility>

#include <fmt/ranges.h>

#include "libscale/store/files.hpp"
#include "libscale/store/sqlite.hpp"

namespace kscale::store {

namespace {

constexpr std::array<const char*, 1> k_steps = {
    "CREATE TABLE state(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;",
};

/// Longer ago than this is no longer told apart, so that spans fit their type.
constexpr std::chrono::hours k_longest{24 * 365 * 100};

/// Takes the number that the text begins with off it, and the space behind it.
template <class Whole>
std::optional<Whole> take_number(std::string_view& text) {
  Whole value{};
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  if (!text.empty() && text.front() != ' ') {
    return std::nullopt;
  }
  text.remove_prefix(text.empty() ? 0 : 1);
  return value;
}

std::string written(const Stamp& stamp) {
  return fmt::format("{} {} {}", stamp.instant.time_since_epoch().count(), stamp.wall.time_since_epoch().count(),
                     stamp.boot_id);
}

bool read(std::string_view text, std::optional<Stamp>& stamp) {
  const auto instant = take_number<BootClock::rep>(text);
  const auto wall = take_number<WallTime::rep>(text);
  if (!instant || !wall) {
    return false;
  }
  stamp = Stamp{Instant(BootClock::duration(*instant)), WallTime(WallTime::duration(*wall)), std::string(text)};
  return true;
}

bool read(std::string_view text, std::vector<int>& numbers) {
  while (!text.empty()) {
    const auto number = take_number<int>(text);
    if (!number || *number < 0) {
      return false;
    }
    numbers.push_back(*number);
  }
  return true;
}

bool read(std::string_view text, int& count) {
  const auto number = take_number<int>(text);
  count = number.value_or(0);
  return number && *number >= 0 && text.empty();
}

/// The state as it is being read: what belongs together comes in separate rows.
struct Draft {
  State state;
  std::optional<std::string> reading;
  std::optional<Stamp> reading_at;
  std::optional<Stamp> pause_since;
  std::optional<int> pause_seconds;
  std::optional<std::string> decision;
  std::optional<Stamp> decision_at;
};

/// Joins what came in separate rows. The key of a row that lacks its other half; empty where all is whole.
std::string_view join(Draft& draft) {
  if (draft.reading.has_value() != draft.reading_at.has_value()) {
    return "reading";
  }
  if (draft.decision.has_value() != draft.decision_at.has_value()) {
    return "decision";
  }
  if (draft.pause_seconds && !draft.pause_since) {
    return "pause_since";
  }
  if (draft.reading) {
    draft.state.reading = Reading{*draft.reading_at, *draft.reading};
  }
  if (draft.decision) {
    draft.state.last_check = LastCheck{*draft.decision_at, *draft.decision};
  }
  if (draft.pause_since) {
    draft.state.pause = Pause{.since = *draft.pause_since};
    if (draft.pause_seconds) {
      draft.state.pause->length = std::chrono::seconds(*draft.pause_seconds);
    }
  }
  return {};
}

/// False where the value is not understood. Keys of a later kscale are passed over.
bool take_up(Draft& draft, std::string_view key, const std::string& value) {
  if (key == "last_up") {
    return read(value, draft.state.last_up);
  }
  if (key == "last_down") {
    return read(value, draft.state.last_down);
  }
  if (key == "failures") {
    return read(value, draft.state.failures);
  }
  if (key == "last_failure") {
    return read(value, draft.state.last_failure);
  }
  if (key == "acting") {
    return read(value, draft.state.acting.emplace());
  }
  if (key == "restarting") {
    return read(value, draft.state.restarting);
  }
  if (key == "reading_at") {
    return read(value, draft.reading_at);
  }
  if (key == "decision_at") {
    return read(value, draft.decision_at);
  }
  if (key == "pause_since") {
    return read(value, draft.pause_since);
  }
  if (key == "pause_seconds") {
    return read(value, draft.pause_seconds.emplace());
  }
  if (key == "reading") {
    draft.reading = value;
  }
  if (key == "decision") {
    draft.decision = value;
  }
  return true;
}

tl::unexpected<Error> not_understood(const std::filesystem::path& path, std::string_view key) {
  return fail(Errc::invalid, "load the state: '{}' is damaged: its {} is not understood", path.string(), key);
}

std::vector<std::pair<std::string, std::string>> rows_of(const State& state) {
  std::vector<std::pair<std::string, std::string>> rows;
  const auto add_stamp = [&](const char* key, const std::optional<Stamp>& stamp) {
    if (stamp) {
      rows.emplace_back(key, written(*stamp));
    }
  };
  add_stamp("last_up", state.last_up);
  add_stamp("last_down", state.last_down);
  rows.emplace_back("failures", std::to_string(state.failures));
  add_stamp("last_failure", state.last_failure);
  if (state.acting) {
    rows.emplace_back("acting", fmt::format("{}", fmt::join(*state.acting, " ")));
  }
  if (!state.restarting.empty()) {
    rows.emplace_back("restarting", fmt::format("{}", fmt::join(state.restarting, " ")));
  }
  if (state.reading) {
    rows.emplace_back("reading", state.reading->text);
    add_stamp("reading_at", state.reading->at);
  }
  if (state.pause) {
    add_stamp("pause_since", state.pause->since);
    if (state.pause->length) {
      rows.emplace_back("pause_seconds", std::to_string(state.pause->length->count()));
    }
  }
  if (state.last_check) {
    rows.emplace_back("decision", state.last_check->decision);
    add_stamp("decision_at", state.last_check->at);
  }
  return rows;
}

Status replace_rows(Database& database, const State& state) {
  auto transaction = Transaction::begin(database);
  if (!transaction) {
    return tl::unexpected(transaction.error());
  }
  if (auto cleared = database.run("DELETE FROM state"); !cleared) {
    return cleared;
  }
  for (const auto& [key, value] : rows_of(state)) {
    if (auto added = database.run("INSERT INTO state(key, value) VALUES (?, ?)", {key, value}); !added) {
      return added;
    }
  }
  return transaction->commit();
}

}  // namespace

Stamp stamp_of(const Now& now, std::string boot_id) {
  return {now.instant, now.wall, std::move(boot_id)};
}

Instant on_this_boot(const Stamp& stamp, const Now& now, std::string_view boot_id) {
  const Instant earliest = now.instant - k_longest;
  if (!stamp.boot_id.empty() && stamp.boot_id == boot_id) {
    return std::clamp(stamp.instant, earliest, now.instant);
  }
  if (stamp.wall >= now.wall) {
    return now.instant;
  }
  // Unsigned, as a damaged stamp may lie further back than the signed type can tell.
  const std::uint64_t ago = static_cast<std::uint64_t>(now.wall.time_since_epoch().count()) -
                            static_cast<std::uint64_t>(stamp.wall.time_since_epoch().count());
  constexpr std::chrono::milliseconds k_most = k_longest;
  return now.instant - std::chrono::milliseconds(std::min(ago, static_cast<std::uint64_t>(k_most.count())));
}

void take_over(State& state, const Now& now, const std::string& boot_id) {
  const auto renew = [&](Stamp& stamp) {
    if (boot_id.empty() || stamp.boot_id != boot_id) {
      const auto instant = on_this_boot(stamp, now, boot_id);
      const auto ago = std::chrono::duration_cast<WallTime::duration>(now.instant - instant);
      stamp = {instant, now.wall - ago, boot_id};
    }
  };
  for (auto* const stamp : {&state.last_up, &state.last_down, &state.last_failure}) {
    if (*stamp) {
      renew(**stamp);
    }
  }
  if (state.pause) {
    renew(state.pause->since);
  }
}

std::string boot_id() {
  std::string text = read_file("/proc/sys/kernel/random/boot_id", 100).value_or("");
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

bool is_paused(const State& state, const Now& now, std::string_view boot_id) {
  const auto& pause = state.pause;
  return pause && (!pause->length || now.instant < on_this_boot(pause->since, now, boot_id) + *pause->length);
}

Result<State> load_state(const std::filesystem::path& path) {
  if (const auto own = require_own_file(path); !own && own.error().code == Errc::not_found) {
    return State{};
  }
  auto database = Database::open(path, k_steps, Durability::power_cut, Check::every_page, Access::read);
  if (!database) {
    return wrap(database.error(), "load the state");
  }
  const auto rows = database->rows("SELECT key, value FROM state");
  if (!rows) {
    return wrap(rows.error(), "load the state");
  }
  Draft draft;
  for (const Row& row : *rows) {
    const std::string key = text(row.at(0));
    if (!take_up(draft, key, text(row.at(1)))) {
      return not_understood(path, key);
    }
  }
  if (const auto half = join(draft); !half.empty()) {
    return not_understood(path, half);
  }
  return draft.state;
}

Status save_state(const std::filesystem::path& path, const State& state) {
  auto database = Database::open(path, k_steps, Durability::power_cut);
  if (!database) {
    return wrap(database.error(), "save the state");
  }
  if (const auto saved = replace_rows(*database, state); !saved) {
    return wrap(saved.error(), "save the state");
  }
  return {};
}

}  // namespace kscale::store
