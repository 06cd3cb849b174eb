#include "libscale/monitor/trend.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace kscale::monitor {

namespace {

using Figure = Trends::Figure;

std::size_t index(Figure figure) {
  return static_cast<std::size_t>(figure);
}

template <class Unit>
std::optional<double> number(const std::optional<Quantity<Unit>>& value) {
  return value ? std::optional(value->value) : std::nullopt;
}

std::optional<double> number(const std::optional<Milliseconds>& value) {
  return value ? std::optional(value->count()) : std::nullopt;
}

template <class T>
std::optional<double> mean(const std::optional<store::Spread<T>>& spread) {
  return spread ? number(std::optional(spread->mean)) : std::nullopt;
}

/// How many steps lie between the two, without both.
std::ptrdiff_t steps_between(WallTime earlier, WallTime later, std::chrono::seconds step) {
  return static_cast<std::ptrdiff_t>((later - earlier) / std::max(step, std::chrono::seconds{1})) - 1;
}

/// In eighths of a line.
int height_of(double value, int rows, double scale) {
  constexpr int k_eighths = 8;
  const int whole = rows * k_eighths;
  const double share = scale > 0 ? value / scale : 0;
  return std::isnan(share) ? 1 : static_cast<int>(std::round(std::clamp(share * whole, 1.0, double(whole))));
}

}  // namespace

void Trends::push(Series& series, std::optional<double> value) const {
  series.push_back(value);
  if (series.size() > m_length) {
    series.erase(series.begin());
  }
}

void Trends::push_gap(Series& series, std::ptrdiff_t steps) const {
  for (auto i = std::min(steps, static_cast<std::ptrdiff_t>(m_length)); i > 0; --i) {
    push(series, std::nullopt);
  }
}

const Series& Trends::cpu_of(int number) const {
  static const Series none;
  const auto at = m_cpu.find(number);
  return at != m_cpu.end() ? at->second : none;
}

void Trends::fill(const std::vector<store::FleetPoint>& fleet, const std::vector<store::InstancePoint>& instances,
                  std::chrono::seconds step, WallTime until) {
  std::optional<WallTime> last;
  const auto gap_in_fleet = [&](WallTime to) {
    for (auto& series : m_fleet) {
      push_gap(series, last ? steps_between(*last, to, step) : 0);
    }
    last = to;
  };
  for (const auto& point : fleet) {
    gap_in_fleet(point.at);
    push(m_fleet[index(Figure::cpu)], mean(point.cpu));
    push(m_fleet[index(Figure::memory)], mean(point.memory));
    push(m_fleet[index(Figure::request_rate)], mean(point.request_rate));
    push(m_fleet[index(Figure::error_rate)], mean(point.error_rate));
    push(m_fleet[index(Figure::response_time)], mean(point.response_time));
  }
  gap_in_fleet(until);
  std::map<int, WallTime> lasts;
  for (const auto& point : instances) {
    auto& cpu = m_cpu[point.number];
    const auto before = lasts.find(point.number);
    const auto gap = before != lasts.end() ? steps_between(before->second, point.at, step) : 0;
    push_gap(cpu, gap);
    push(cpu, mean(point.cpu));
    lasts[point.number] = point.at;
  }
  for (const auto& [its_number, at] : lasts) {
    push_gap(m_cpu[its_number], steps_between(at, until, step));
  }
}

void Trends::add(const Snapshot& snapshot) {
  const auto& overview = snapshot.overview;
  const auto load = overview.sample.load();
  push(m_fleet[index(Figure::cpu)], number(policy::figure_of(load.cpu)));
  push(m_fleet[index(Figure::memory)], number(policy::figure_of(load.memory)));
  push(m_fleet[index(Figure::request_rate)], number(overview.sample.request_rate));
  push(m_fleet[index(Figure::error_rate)], number(overview.sample.error_rate));
  push(m_fleet[index(Figure::response_time)], number(overview.sample.response_time));
  if (overview.docker_error) {
    for (auto& [its_number, cpu] : m_cpu) {
      push(cpu, std::nullopt);
    }
    return;
  }
  std::erase_if(m_cpu, [&](const auto& entry) {
    return std::ranges::find(overview.instances, entry.first, &operate::InstanceView::number) ==
           overview.instances.end();
  });
  for (const auto& view : overview.instances) {
    push(m_cpu[view.number], number(view.cpu));
  }
}

double peak_of(std::span<const std::optional<double>> values, double least) {
  double peak = least;
  for (const auto& value : values) {
    peak = std::max(peak, value.value_or(least));
  }
  return peak;
}

std::vector<std::string> graph(std::span<const std::optional<double>> values, Size size, double scale,
                               Charset charset) {
  constexpr int k_eighths = 8;
  std::vector<std::string> lines(static_cast<std::size_t>(std::max(size.rows, 0)));
  const auto width = static_cast<std::size_t>(std::max(size.columns, 0));
  const auto shown = values.last(std::min(values.size(), width));
  const auto& steps = glyphs_of(charset).steps;
  for (int row = 0; row < size.rows; ++row) {
    auto& line = lines.at(static_cast<std::size_t>(row));
    line.append(width - shown.size(), ' ');
    const int below = (size.rows - 1 - row) * k_eighths;
    for (const auto& value : shown) {
      const int height = value ? std::min(height_of(*value, size.rows, scale) - below, k_eighths) : 0;
      line += height > 0 ? steps.at(static_cast<std::size_t>(height - 1)) : " ";
    }
  }
  return lines;
}

std::string sparkline(std::span<const std::optional<double>> values, int width, double scale, Charset charset) {
  return graph(values, {.rows = 1, .columns = width}, scale, charset).front();
}

}  // namespace kscale::monitor
