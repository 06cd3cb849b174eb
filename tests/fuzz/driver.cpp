#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>

#include <fmt/format.h>

#include "libscale/base/printable.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

void require(bool holds, std::string_view promise) {
  if (!holds) {
    fmt::print(stderr, "not so: {}\n", promise);
    std::abort();
  }
}

void require_printable(std::string_view text, std::string_view what) {
  if (printable(text, std::numeric_limits<std::size_t>::max()) != text) {
    fmt::print(stderr, "not printable: {}: {}\n", what, printable(text, 1000));
    std::abort();
  }
}

void require_printable_lines(std::string_view text, std::string_view what) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    require(end != std::string_view::npos, "each line that is shown has its end");
    require_printable(text.substr(0, end), what);
    text.remove_prefix(end + 1);
  }
}

void require_finite(double number, std::string_view what) {
  require(std::isfinite(number), what);
}

std::string_view take_part(std::string_view& bytes) {
  const auto part = bytes.substr(0, bytes.find('\x1e'));
  bytes.remove_prefix(std::min(part.size() + 1, bytes.size()));
  return part;
}

unsigned take_byte(std::string_view& bytes) {
  if (bytes.empty()) {
    return 0;
  }
  const auto byte = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  return byte;
}

std::uint64_t take_bits(std::string_view& bytes, int count) {
  std::uint64_t bits = 0;
  for (int n = 0; n < count; ++n) {
    bits = bits << 8U | take_byte(bytes);
  }
  return bits;
}

std::size_t lot_of(std::string_view bytes) {
  return std::hash<std::string_view>()(bytes);
}

}  // namespace kscale::fuzz

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kscale::fuzz::take({reinterpret_cast<const char*>(data), size});
  return 0;
}
