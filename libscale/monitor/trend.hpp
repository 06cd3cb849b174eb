#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libscale/base/clock.hpp"
#include "libscale/monitor/frame.hpp"
#include "libscale/monitor/glyphs.hpp"
#include "libscale/monitor/snapshot.hpp"
#include "libscale/store/sample.hpp"

namespace kscale::monitor {

/// The values of a figure from look to look, oldest first. What was not known is absent.
using Series = std::vector<std::optional<double>>;

/// How the figures went over the last looks.
class Trends {
 public:
  /// Of the deployment: averages over the instances, and what Kong sees.
  enum class Figure { cpu, memory, request_rate, error_rate, response_time };
  static constexpr std::size_t k_figures = 5;

  /// Keeps so many values of each figure.
  explicit Trends(std::size_t length) : m_length(length) {}

  /// Begins with what the history has up to `until`, `step` apart: a step without a point is one where nothing is
  /// known. Instances come as `store::History` gives them, number by number.
  void fill(const std::vector<store::FleetPoint>& fleet, const std::vector<store::InstancePoint>& instances,
            std::chrono::seconds step, WallTime until);

  /// Adds what the look has found. Instances that it did not find are forgotten, unless Docker did not answer.
  void add(const Snapshot& snapshot);

  /// Percent, requests per second, milliseconds.
  const Series& of(Figure figure) const { return m_fleet.at(static_cast<std::size_t>(figure)); }
  /// Of one instance, in percent; empty where it is not known.
  const Series& cpu_of(int number) const;

 private:
  void push(Series& series, std::optional<double> value) const;
  void push_gap(Series& series, std::ptrdiff_t steps) const;

  std::size_t m_length;
  std::array<Series, k_figures> m_fleet;
  std::map<int, Series> m_cpu;  ///< of the instances, by number
};

/// The largest of the values, and at least `least`.
double peak_of(std::span<const std::optional<double>> values, double least);

/// The last values as columns, in as many lines as the size has rows, the upper first. The newest stands right; `scale`
/// is the value that fills a column. What is not known is blank; what is zero, or less, still shows.
std::vector<std::string> graph(std::span<const std::optional<double>> values, Size size, double scale, Charset charset);

/// A graph of one line.
std::string sparkline(std::span<const std::optional<double>> values, int width, double scale, Charset charset);

}  // namespace kscale::monitor
