#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace kscale {

/// A number with a unit, so that percent cannot meet fractions nor bytes meet requests.
template <class Unit, class Number = double>
struct Quantity {
  Number value{};

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 inside the defaulted operator for a pointer
  friend auto operator<=>(const Quantity&, const Quantity&) = default;
  friend Quantity operator+(Quantity a, Quantity b) { return {a.value + b.value}; }
  friend Quantity operator-(Quantity a, Quantity b) { return {a.value - b.value}; }
};

using Percent = Quantity<struct PercentUnit>;                      ///< 100 is the whole
using Cores = Quantity<struct CoresUnit>;                          ///< 1.0 is one CPU fully used
using Bytes = Quantity<struct BytesUnit, std::uint64_t>;           ///< an amount or a counter
using BytesPerSecond = Quantity<struct BytesPerSecondUnit>;        ///< a rate
using RequestsPerSecond = Quantity<struct RequestsPerSecondUnit>;  ///< a rate

/// A latency, with fractions.
using Milliseconds = std::chrono::duration<double, std::milli>;

}  // namespace kscale
