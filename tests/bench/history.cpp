// Writes the history of a busy week through History::add, and measures the file and what people do with it.

#include "libscale/store/history.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <ratio>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <cxxopts.hpp>
#include <fmt/format.h>

#include "tests/fakes/temp_dir.hpp"

namespace kscale::store {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;
using Spent = std::chrono::duration<double, std::milli>;

/// What is promised for 7 days of 100 instances at 5 s.
constexpr double k_most_megabytes = 300;
constexpr Spent k_longest_opening{200};

struct Load {
  double days = 7;
  int instances = 100;
  std::chrono::seconds interval{5};
  double most_bytes = 100;
};

/// Figures that wander like those of a real service: a day's wave, each instance's own level, and noise.
class Service {
 public:
  explicit Service(int instances) : m_count(instances) {}

  FleetSample sample(WallTime at) {
    constexpr double k_day = 86'400'000;
    const double wave =
        0.5 - 0.5 * std::cos(2 * 3.14159265 * static_cast<double>(at.time_since_epoch().count()) / k_day);
    FleetSample sample{.at = at,
                       .cpu = Percent{20 + 60 * wave + noise(5)},
                       .memory = Percent{40 + 10 * wave + noise(1)},
                       .request_rate = RequestsPerSecond{50 + 900 * wave + noise(50)},
                       .error_rate = Percent{noise(2)},
                       .response_time = Milliseconds{20 + 200 * wave + noise(20)},
                       .response_time_p95 = Milliseconds{80 + 700 * wave + noise(80)},
                       .host_cpu = Percent{30 + 60 * wave + noise(10)},
                       .host_memory = Percent{60 + noise(3)},
                       .host_disk = Percent{71.5}};
    for (int n = 1; n <= m_count; ++n) {
      const double level = 0.8 + 0.004 * n;
      const double used = 300e6 + 4e6 * n + 100e6 * wave + noise(20e6);
      sample.instances.push_back({.number = n,
                                  .serving = noise(1) < 0.999,
                                  .cpu = Percent{(20 + 60 * wave) * level + noise(30)},
                                  .memory = Percent{used / 10e6},
                                  .memory_used = Bytes{static_cast<std::uint64_t>(used)},
                                  .received = BytesPerSecond{(10e3 + 400e3 * wave) * level + noise(100e3)},
                                  .sent = BytesPerSecond{(50e3 + 2e6 * wave) * level + noise(500e3)}});
    }
    return sample;
  }

 private:
  /// Below `most`; the same numbers at each run.
  double noise(double most) {
    m_state = m_state * 6364136223846793005U + 1442695040888963407U;
    return most * static_cast<double>(m_state >> 40U) / static_cast<double>(1U << 24U);
  }

  int m_count;
  std::uint64_t m_state = 1;
};

Spent since(Steady::time_point begin) {
  return Steady::now() - begin;
}

double megabytes(const fs::path& path) {
  std::error_code none;
  const auto size = fs::file_size(path, none);
  return none ? 0 : static_cast<double>(size) / 1e6;
}

void require(const Status& status) {
  if (!status) {
    throw std::runtime_error(status.error().what);
  }
}

template <class T>
T require(Result<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().what);
  }
  return std::move(*result);
}

struct Written {
  WallTime begin;
  WallTime end;
  std::vector<Spent> adds;
  Spent whole{};
  double megabytes = 0;  ///< with the journal, the most that was seen
};

Written write(const fs::path& path, const Load& load) {
  const WallTime begin{std::chrono::seconds(1'700'000'000)};
  Written written{.begin = begin,
                  .end = begin + std::chrono::duration_cast<std::chrono::seconds>(
                                     std::chrono::duration<double, std::ratio<86'400>>(load.days))};
  auto history = require(History::open(path, begin));
  Service service(load.instances);
  for (WallTime at = begin; at < written.end; at += load.interval) {
    const auto sample = service.sample(at);
    const auto before = Steady::now();
    require(history.add(sample));
    written.adds.push_back(since(before));
    written.whole += written.adds.back();
    written.megabytes = std::max(written.megabytes, megabytes(path) + megabytes(path.string() + "-wal"));
  }
  return written;
}

/// Prints the figures. Whether they are as promised.
bool measure(const fs::path& path, const Load& load) {
  auto written = write(path, load);
  auto& adds = written.adds;
  std::sort(adds.begin(), adds.end());
  const auto count = static_cast<double>(adds.size());
  fmt::print("samples written      {} of {} instances, {:.1f} s\n", adds.size(), load.instances,
             written.whole.count() / 1000);
  fmt::print("one add              median {:.2f} ms, 99 % {:.2f} ms, max {:.1f} ms\n", adds[adds.size() / 2].count(),
             adds[adds.size() * 99 / 100].count(), adds.back().count());
  fmt::print("adds per second      {:.0f}\n", count / written.whole.count() * 1000);
  fmt::print("file with journal    {:.1f} MB at most, {:.1f} MB closed\n", written.megabytes, megabytes(path));
  const double bytes = megabytes(path) * 1e6 / count / load.instances;
  fmt::print("bytes per sample     {:.1f} of an instance\n", bytes);

  const auto before_open = Steady::now();
  auto history = require(History::open(path, written.end));
  const Spent opening = since(before_open);
  fmt::print("open                 {:.1f} ms\n", opening.count());

  const TimeRange range{written.begin, written.end};
  const auto before_fleet = Steady::now();
  const auto fleet = require(history.fleet(range, std::chrono::minutes(30)));
  fmt::print("fleet, 30 min        {:.1f} ms, {} points\n", since(before_fleet).count(), fleet.size());
  const auto before_instances = Steady::now();
  const auto instances = require(history.instances(range, std::chrono::minutes(30)));
  fmt::print("instances, 30 min    {:.1f} ms, {} points\n", since(before_instances).count(), instances.size());

  const bool small = written.megabytes < k_most_megabytes && bytes < load.most_bytes;
  const bool quick = opening < k_longest_opening;
  if (!small) {
    fmt::print("FAILED: the file is to stay under {} MB and {} bytes per sample\n", k_most_megabytes, load.most_bytes);
  }
  if (!quick) {
    fmt::print("FAILED: opening is to take less than {} ms\n", k_longest_opening.count());
  }
  return small && quick;
}

int run(int argc, const char* const* argv) {
  Load load;
  int seconds = static_cast<int>(load.interval.count());
  std::string file;
  cxxopts::Options options("kscale-bench-history", "How large and how fast the history is.");
  options.add_options()("help", "print this")("days", "how long the history is (7)", cxxopts::value(load.days), "N")(
      "instances", "how many run (100)", cxxopts::value(load.instances), "N")(
      "interval", "seconds from sample to sample (5)", cxxopts::value(seconds), "N")(
      "most-bytes", "fail where a sample of an instance takes more, all in all", cxxopts::value(load.most_bytes), "N")(
      "file", "where to keep it; otherwise it is removed at the end", cxxopts::value(file), "FILE");
  const auto given = options.parse(argc, argv);
  if (given.count("help") > 0) {
    fmt::print("{}", options.help());
    return 0;
  }
  load.interval = std::chrono::seconds(seconds);
  const fakes::TempDir dir;
  return measure(file.empty() ? dir / "history.db" : fs::path(file), load) ? 0 : 1;
}

}  // namespace
}  // namespace kscale::store

int main(int argc, char** argv) {
  try {
    return kscale::store::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "kscale-bench-history: error: {}\n", error.what());
    return 2;
  }
}
