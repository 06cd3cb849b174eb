#include "libscale/store/state_rows.hpp"

#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/ranges.h>

namespace kscale::store {

namespace {

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
  bool pause_is_stop = false;
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
  if ((draft.pause_seconds || draft.pause_is_stop) && !draft.pause_since) {
    return "pause_since";
  }
  if (draft.reading) {
    draft.state.reading = Reading{*draft.reading_at, *draft.reading};
  }
  if (draft.decision) {
    draft.state.last_check = LastCheck{*draft.decision_at, *draft.decision};
  }
  if (draft.pause_since) {
    draft.state.pause = Pause{.since = *draft.pause_since, .is_stop = draft.pause_is_stop};
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
  if (key == "pause_is_stop") {
    draft.pause_is_stop = value == "yes";
    return draft.pause_is_stop;
  }
  if (key == "reading") {
    draft.reading = value;
  }
  if (key == "decision") {
    draft.decision = value;
  }
  return true;
}

}  // namespace

StateRows rows_of(const State& state) {
  StateRows rows;
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
    if (state.pause->is_stop) {
      rows.emplace_back("pause_is_stop", "yes");
    }
  }
  if (state.last_check) {
    rows.emplace_back("decision", state.last_check->decision);
    add_stamp("decision_at", state.last_check->at);
  }
  return rows;
}

Result<State> state_of(const StateRows& rows) {
  const auto not_understood = [](std::string_view key) { return fail(Errc::invalid, "its {} is not understood", key); };
  Draft draft;
  for (const auto& [key, value] : rows) {
    if (!take_up(draft, key, value)) {
      return not_understood(key);
    }
  }
  if (const auto half = join(draft); !half.empty()) {
    return not_understood(half);
  }
  return draft.state;
}

}  // namespace kscale::store
