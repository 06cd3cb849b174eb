#include "libscale/store/scaling_log.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <sys/stat.h>

#include "libscale/base/number.hpp"
#include "libscale/store/files.hpp"

namespace kscale::store {

namespace {

/// At most two decimals, without zeros at the end; empty for what is unknown or no finite number.
std::string number(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) {
    return {};
  }
  std::string text = fmt::format("{:.2f}", *value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') {
    text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

template <class Unit>
std::optional<double> value_of(const std::optional<Quantity<Unit>>& quantity) {
  return quantity ? std::optional(quantity->value) : std::nullopt;
}

std::string line(const ScalingEvent& event) {
  const std::optional<double> response_time =
      event.response_time ? std::optional(event.response_time->count()) : std::nullopt;
  return fmt::format(
      "{},{},{},{},{},{},{},{}\n", std::chrono::floor<std::chrono::seconds>(event.at).time_since_epoch().count(),
      event.to > event.from ? "SCALE_UP" : "SCALE_DOWN", event.from, event.to, number(value_of(event.cpu)),
      number(value_of(event.memory)), number(value_of(event.request_rate)), number(response_time));
}

/// One of the four numbers. `unit` receives it, or nothing where the field is empty. False where it is no number.
template <class Unit>
bool read_number(std::string_view text, std::optional<Unit>& unit) {
  if (text.empty()) {
    return true;
  }
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || rest != text.data() + text.size() || !std::isfinite(value)) {
    return false;
  }
  unit = Unit{value};
  return true;
}

std::optional<ScalingEvent> parse(std::string_view text) {
  std::array<std::string_view, 8> field;
  for (std::size_t n = 0; n < field.size(); ++n) {
    const std::size_t comma = text.find(',');
    if ((comma == std::string_view::npos) != (n + 1 == field.size())) {
      return std::nullopt;
    }
    field.at(n) = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  constexpr std::int64_t k_end_of_9999 = 253'402'300'799;
  const auto [time, direction, before, after, cpu, memory, request_rate, response_time] = field;
  const auto seconds = number_in<std::int64_t>(time);
  const auto from = number_in<int>(before);
  const auto to = number_in<int>(after);
  if (!seconds || *seconds < 0 || *seconds > k_end_of_9999 || !from || *from < 0 || !to || *to < 0) {
    return std::nullopt;
  }
  if (!(direction == "SCALE_UP" && *to > *from) && !(direction == "SCALE_DOWN" && *to < *from)) {
    return std::nullopt;
  }
  ScalingEvent event;
  event.at = WallTime(std::chrono::seconds(*seconds));
  event.from = *from;
  event.to = *to;
  if (!read_number(cpu, event.cpu) || !read_number(memory, event.memory) ||
      !read_number(request_rate, event.request_rate) || !read_number(response_time, event.response_time)) {
    return std::nullopt;
  }
  return event;
}

}  // namespace

Result<std::vector<ScalingEvent>> read_log(const std::filesystem::path& path) {
  const auto text = read_tail(path, k_log_bytes);
  if (!text) {
    if (text.error().code == Errc::not_found) {
      return {};
    }
    return wrap(text.error(), "read the scaling log");
  }
  std::string_view left = *text;
  if (left.size() == k_log_bytes) {
    left.remove_prefix(std::min(left.find('\n'), left.size()));  // its first line may have lost its beginning
  }
  std::vector<ScalingEvent> events;
  while (!left.empty()) {
    const std::size_t end = std::min(left.find('\n'), left.size());
    if (auto event = parse(left.substr(0, end))) {
      events.push_back(std::move(*event));
    }
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  if (events.size() > k_log_lines) {
    events.erase(events.begin(), std::prev(events.end(), static_cast<std::ptrdiff_t>(k_log_lines)));
  }
  return events;
}

Status append_to_log(const std::filesystem::path& path, const ScalingEvent& event) {
  if (event.from == event.to) {
    return {};
  }
  const auto old = read_log(path);
  if (!old) {
    return tl::unexpected(old.error());
  }
  std::string text;
  const std::size_t kept = std::min(old->size(), k_log_lines - 1);
  for (auto it = std::prev(old->end(), static_cast<std::ptrdiff_t>(kept)); it != old->end(); ++it) {
    text += line(*it);
  }
  text += line(event);
  if (const auto written = write_atomically(path, text, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH); !written) {
    return wrap(written.error(), "add to the scaling log");
  }
  return {};
}

}  // namespace kscale::store
