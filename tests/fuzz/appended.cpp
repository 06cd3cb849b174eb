// An export or another file that lines are added to: what somebody else, or a power failure, left in it.

#include <cerrno>
#include <fstream>
#include <iterator>

#include <sys/types.h>

#include "libscale/monitor/export.hpp"
#include "libscale/store/appended_file.hpp"
#include "tests/fuzz/file.hpp"
#include "tests/fuzz/target.hpp"

/// In place of the system's: no process is to be had, so lines are written by this one. A process for each would take
/// fifty times as long, and what it writes is the same.
extern "C" pid_t fork() {
  errno = EAGAIN;
  return -1;
}

namespace kscale::fuzz {

namespace {

using monitor::ExportFormat;

constexpr std::uint64_t k_max_bytes = 64;
constexpr int k_keep = 3;
constexpr std::string_view k_header = "time,what\n";

std::string bytes_in(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string_view whole_lines(std::string_view text) {
  return text.substr(0, text.rfind('\n') + 1);
}

/// The other parts of the input as lines, few: each takes some calls of the system.
std::vector<std::string> lines_of(std::string_view bytes) {
  constexpr std::size_t k_most = 3;
  std::vector<std::string> lines;
  while (!bytes.empty() && lines.size() < k_most) {
    lines.emplace_back(take_part(bytes)).push_back('\n');
  }
  return lines;
}

void add_to_export(std::string_view before, const std::vector<std::string>& lines, ExportFormat format) {
  const auto path = file("export", before);
  auto opened = monitor::open_export(path, format, 0, 1);
  if (!opened) {
    require(opened.error().code == Errc::conflict, "an export of another kind is no failure of ours");
    require(bytes_in(path) == before, "what somebody else wrote is left as it is");
    return;
  }
  auto expected = std::string(whole_lines(before));
  require(bytes_in(path) == expected, "a torn line is cut off, and nothing else");
  if (expected.empty() && !lines.empty() && format == ExportFormat::csv) {
    expected = monitor::csv_header();
  }
  for (const auto& line : lines) {
    require(opened->append(line).has_value(), "a line is added");
    expected += line;
  }
  require(bytes_in(path) == expected, "what was there is followed by what was added, and no byte moves");
}

/// The header off the front: each file has it that we began.
std::string_view without_header(std::string_view text) {
  return text.substr(text.starts_with(k_header) ? k_header.size() : 0);
}

void add_by_turns(std::string_view before, const std::vector<std::string>& lines) {
  const auto path = file("turning", before);
  const auto full = [&path](int number) { return std::filesystem::path(path.string() + '.' + std::to_string(number)); };
  for (int number = 1; number <= k_keep; ++number) {
    std::filesystem::remove(full(number));
  }
  auto opened = store::AppendedFile::open(
      path, {.header = std::string(k_header), .max_bytes = k_max_bytes, .keep = k_keep, .accepts = {}});
  require(opened.has_value(), "any file can be added to");
  auto expected = std::string(without_header(whole_lines(before)));
  for (const auto& line : lines) {
    require(opened->append(line).has_value(), "a line is added");
    expected += line;
  }
  std::string all;
  for (int number = k_keep; number >= 0; --number) {
    const auto text = bytes_in(number == 0 ? path : full(number));
    require(whole_lines(text) == text, "each file has whole lines");
    all += without_header(text);
  }
  require(all == expected, "the files, one after the other, are what was there and what was added");
}

}  // namespace

void take(std::string_view bytes) {
  const auto what = take_byte(bytes) % 3;
  const auto before = take_part(bytes);
  const auto lines = lines_of(bytes);
  if (what == 2) {
    add_by_turns(before, lines);
  } else {
    add_to_export(before, lines, what == 0 ? ExportFormat::json : ExportFormat::csv);
  }
}

}  // namespace kscale::fuzz
