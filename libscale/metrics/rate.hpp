#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace kscale::metrics {

/// Counters that only grow, by the identity of their series (name and labels).
using Counters = std::map<std::string, double>;

/// Whether a counter can stand there: neither below zero, nor so large that sums and shares of such figures are none.
bool is_count(double figure);

/// How much all series grew together between two readings.
///
/// Each series is compared with itself: one that fell was reset, and its new value is its growth; one that was not
/// there before has grown from zero; one that has gone counts nothing. Source: Prometheus, increase(), without its
/// extrapolation.
double increase_between(const Counters& earlier, const Counters& later);

/// Whether a series fell or has gone, as when Kong was restarted between the readings: `increase_between` is then the
/// least that it can have been.
bool was_reset(const Counters& earlier, const Counters& later);

/// Growth per second. Empty for a span that is not positive.
std::optional<double> per_second(double increase, std::chrono::nanoseconds span);

}  // namespace kscale::metrics
