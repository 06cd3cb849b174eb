// A history that is damaged: in the file, or in the journal that a crash left beside it.

#include "libscale/store/history.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

#include <sqlite3.h>

#include "libscale/monitor/history_text.hpp"
#include "libscale/monitor/history_view.hpp"
#include "libscale/monitor/report.hpp"
#include "tests/fuzz/damage.hpp"
#include "tests/fuzz/file.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr WallTime k_begin{std::chrono::seconds(1'699'999'200)};
constexpr WallTime k_now = k_begin + 10min;
constexpr store::TimeRange k_range{k_begin - 24h, k_now + 24h};

std::string bytes_in(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

store::FleetSample sample(WallTime at) {
  store::FleetSample sample{.at = at, .cpu = Percent{50}, .request_rate = RequestsPerSecond{10}};
  for (int n = 1; n <= 3; ++n) {
    sample.instances.push_back({.number = n, .cpu = Percent{50}, .memory_used = Bytes{1U << 20U}});
  }
  return sample;
}

store::ScalingEvent event(WallTime at) {
  return {.at = at, .from = 2, .to = 3, .reason = "cpu 91% > 80%", .cpu = Percent{91}, .actor = "kscale-auto"};
}

store::AlertRecord alert(WallTime at) {
  return {.rule = "high-cpu",
          .subject = "shop-1",
          .severity = "warning",
          .summary = "cpu 91% > 80%",
          .since = at - 30s,
          .fired_at = at};
}

/// What is on disk of a history: after it was closed, and in the middle of it.
struct Sound {
  std::string closed;
  std::string open;
  std::string journal;
};

Sound made() {
  const auto path = folder() / "sound";
  Sound sound;
  {
    auto history = store::History::open(path, k_begin).value();
    for (int n = 0; n < 12; ++n) {
      const auto at = k_begin + n * 20s;
      require(history.add(sample(at)) && history.add(event(at)) && history.put(alert(at)), "a history is written");
    }
    sound.open = bytes_in(path);
    sound.journal = bytes_in(path.string() + "-wal");
  }
  sound.closed = bytes_in(path);
  require(!sound.closed.empty() && !sound.journal.empty(), "a history is made");
  return sound;
}

/// Whether SQLite finds nothing wrong with the file, index by index. A key of an index that is another one now leads a
/// search astray, and only who compares it with its table can tell.
bool is_sound(const fs::path& path) {
  sqlite3* opened = nullptr;
  const bool is_open = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK;
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(opened, sqlite3_close);
  bool is_ok = false;
  const auto take_line = [](void* ok, int count, char** cells, char** /*names*/) {
    *static_cast<bool*>(ok) = count == 1 && std::string_view(*cells) == "ok";
    return 0;
  };
  return is_open && sqlite3_exec(opened, "PRAGMA integrity_check(1)", take_line, &is_ok, nullptr) == SQLITE_OK && is_ok;
}

void look_at(const store::FleetPoint& point) {
  require_finite(point.instances.mean, "a mean is finite");
  require_finite(point.serving.most, "a figure is finite");
  if (point.cpu) {
    require_finite(point.cpu->mean.value, "CPU is finite");
    require_finite(point.cpu->most.value, "CPU is finite");
  }
  if (point.response_time) {
    require_finite(point.response_time->mean.count(), "a response time is finite");
  }
}

/// What is shown of it takes far longer to make than to read.
enum class Shown { no, yes };

void look_at(store::History& history, Shown shown) {
  const auto view = monitor::read_history(history, {}, k_range);
  require(view.has_value(), "a history can be read, whatever was damaged");
  for (const auto& point : view->fleet) {
    look_at(point);
  }
  for (const auto& one : view->events) {
    require(one.from >= 0 && one.to >= 0, "a count is not negative");
  }
  if (shown == Shown::no) {
    return;
  }
  require(json::parse(json::dump(json_of(*view))).has_value(), "what programs get is JSON");
  static_cast<void>(csv_of(*view));
  require_printable_lines(text_of(*view, {.width = 80}), "a line of the history");
  const auto data = monitor::gather(history, {}, k_range, k_now);
  require(data.has_value(), "a report can be made, whatever was damaged");
  static_cast<void>(html_of(*data));
}

}  // namespace

void take(std::string_view bytes) {
  static const auto sound = made();
  const auto shown = lot_of(bytes) % 8 == 0 ? Shown::yes : Shown::no;
  const auto what = take_byte(bytes);
  const auto place = folder() / "damaged";
  fs::remove_all(place);
  fs::create_directory(place);
  const auto path =
      what % 2 == 0 ? file("damaged/history", damaged(sound.closed, bytes)) : file("damaged/history", sound.open);
  if (what % 2 != 0) {
    file("damaged/history-wal", damaged(sound.journal, bytes));
  }
  auto history = store::History::open(path, k_now);
  if (!history) {  // the mark by which a database is ours may be what was damaged
    require(history.error().code == Errc::refused, "a history opens, unless it seems to be another program's");
    return;
  }
  look_at(*history, shown);
  require(history->add(sample(k_now)).has_value(), "a sample is added, whatever was damaged");
  require(history->add(event(k_now)).has_value(), "an event is added, whatever was damaged");
  require(history->put(alert(k_now)).has_value(), "an alert is added, whatever was damaged");
  const auto is_there = [&history] {
    const auto events = history->events(k_now, 100);
    return events && std::ranges::find(*events, event(k_now)) != events->end();
  };
  // Damage that shows only later sets aside the file with what was added to it.
  require(is_there() || (history->add(event(k_now)) && is_there()) || !is_sound(path), "what was added is there");
  if (const auto notice = history->take_notice()) {
    require_printable(*notice, "what is told of a damaged history");
  }
  look_at(*history, shown);
}

}  // namespace kscale::fuzz
