#include "tests/faults/report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kscale::faults {

namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    lines.emplace_back(line);
  }
  return lines;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Whether it says at whom, or at which thing of whose, it went wrong.
bool says_where(std::string_view line) {
  constexpr std::array<std::string_view, 8> k_names{
      "Docker", "Kong", "unix:", "127.0.0.1:", "http://", "container", "image", "upstream"};
  return std::ranges::any_of(k_names, [line](auto name) { return has(line, name); });
}

bool tells_of_trouble(std::string_view line) {
  return has(line, ": error: ") || has(line, ": warning: ");
}

/// Whether a tool that did not get over this fault may end so: with 3 where the peer was out of reach, too slow or said
/// that it cannot serve now, with 1 where it gave an answer that is of no use.
bool may_end_with(int status, std::string_view hit) {
  constexpr std::array<std::string_view, 7> k_out_of_reach{"refused", "gone", "stalled", "lost", "drip", "half", "503"};
  // The answer is cut before or after what matters; it is too large, or too slow.
  constexpr std::array<std::string_view, 3> k_either{"reset", "length", "huge"};
  const auto named = hit.substr(hit.find(' ') + 1);  // behind the number of the request
  const auto kind = named.substr(0, named.find(' '));
  if (std::ranges::find(k_either, kind) != k_either.end()) {
    return status == 1 || status == 3;
  }
  return status == (std::ranges::find(k_out_of_reach, kind) != k_out_of_reach.end() ? 3 : 1);
}

/// Whether a figure that a decision needs was kept back or spoiled. One that came twice is known all the same.
bool lacks_data(const std::vector<std::string>& hit) {
  return std::ranges::any_of(hit, [](std::string_view one) {
    return (has(one, "/stats?") || has(one, "GET /metrics")) && !has(one, "duplicate");
  });
}

}  // namespace

std::vector<std::string> wrong_report(const Operation& operation, const Ended& ended,
                                      const std::vector<std::string>& hit) {
  std::vector<std::string> wrong;
  if (ended.hung) {
    wrong.emplace_back("it did not end");
  }
  const auto lines = lines_of(ended.err);
  const auto errors = std::ranges::count_if(lines, [](std::string_view line) { return has(line, ": error: "); });
  if (ended.status != 0 &&
      std::ranges::none_of(hit, [&](const auto& one) { return may_end_with(ended.status, one); })) {
    wrong.push_back(fmt::format("exit status {}, which is not that of {}", ended.status,
                                hit.empty() ? "no fault" : fmt::to_string(fmt::join(hit, ", "))));
  }
  if (operation.is_service && ended.status != 0 && has(ended.out, " reason=")) {
    wrong.push_back(fmt::format("exit status {} after a check that succeeded", ended.status));
  }
  if (!operation.is_service && errors != (ended.status == 0 ? 0 : 1)) {
    wrong.push_back(fmt::format("{} lines tell of an error, with exit status {}", errors, ended.status));
  }
  for (const auto& line : lines) {
    // A service that is told to stop in the middle of something says that it was interrupted.
    const bool is_stop = operation.is_service && has(line, "interrupted");
    if (has(line, ": error: ") && !is_stop && !says_where(line)) {
      wrong.push_back(fmt::format("an error does not say where it was: {}", line));
    }
    const auto times = static_cast<std::size_t>(std::ranges::count(lines, line));
    if (tells_of_trouble(line) && times > std::max<std::size_t>(hit.size(), 1)) {  // the same may befall two requests
      wrong.push_back(fmt::format("told more often than it came to pass: {}", line));
      break;
    }
  }
  return wrong;
}

std::vector<std::string> wrong_decisions(const Operation& operation, const Ended& ended,
                                         const std::vector<std::string>& hit) {
  std::vector<std::string> wrong;
  for (const auto& line : lines_of(ended.out)) {
    int from = 0;
    int to = 0;
    const auto at = line.find("scale from=");
    if (at == std::string::npos || std::sscanf(line.c_str() + at, "scale from=%d to=%d", &from, &to) != 2) {
      continue;
    }
    if (operation.must_hold) {
      wrong.push_back(fmt::format("it should hold: {}", line));
    }
    const bool unknown = has(line, "cpu=unknown") || has(line, "memory=unknown") || has(line, "rate=unknown");
    if (to < from && (unknown || (!operation.is_service && lacks_data(hit)))) {
      wrong.push_back(fmt::format("fewer instances on missing data: {}", line));
    }
  }
  return wrong;
}

}  // namespace kscale::faults
