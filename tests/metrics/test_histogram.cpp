#include <limits>

#include <catch2/catch.hpp>

#include "libscale/metrics/histogram.hpp"

using kscale::metrics::Histogram;
using kscale::metrics::increase_between;
using kscale::metrics::mean;
using kscale::metrics::quantile;

namespace {

constexpr double k_infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("the increase of histograms is summed over series, bucket by bucket") {
  const Histogram a{.buckets = {{10, 1}, {k_infinity, 2}}, .sum = 30, .count = 2};
  const Histogram a_later{.buckets = {{10, 3}, {k_infinity, 6}}, .sum = 130, .count = 6};
  const Histogram b{.buckets = {{10, 1}, {k_infinity, 1}}, .sum = 5, .count = 1};
  const auto gained = increase_between({{"a", a}}, {{"a", a_later}, {"b", b}});
  CHECK(gained == Histogram{.buckets = {{10, 3}, {k_infinity, 5}}, .sum = 105, .count = 5});
}

TEST_CASE("a histogram whose count fell was reset") {
  const Histogram before{.buckets = {{10, 50}, {k_infinity, 90}}, .sum = 3000, .count = 90};
  const Histogram after{.buckets = {{10, 1}, {k_infinity, 2}}, .sum = 25, .count = 2};
  CHECK(increase_between({{"a", before}}, {{"a", after}}) == after);
}

TEST_CASE("a histogram of which any figure fell was reset, so that no gain is negative") {
  const Histogram before{.buckets = {{10, 50}, {k_infinity, 90}}, .sum = 3000, .count = 90};
  for (const auto& after : {Histogram{.buckets = {{10, 60}, {k_infinity, 95}}, .sum = 500, .count = 95},
                            Histogram{.buckets = {{10, 40}, {k_infinity, 95}}, .sum = 3100, .count = 95}}) {
    const auto gained = increase_between({{"a", before}}, {{"a", after}});
    CHECK(gained == after);
    CHECK(mean(gained)->count() > 0);
  }
  const Histogram without_bucket{.buckets = {{k_infinity, 95}}, .sum = 3100, .count = 95};
  CHECK(increase_between({{"a", before}}, {{"a", without_bucket}}) ==
        Histogram{.buckets = {{k_infinity, 5}}, .sum = 100, .count = 5});
}

TEST_CASE("the mean is sum over count, and unknown when nothing was counted") {
  CHECK(mean({.buckets = {}, .sum = 300, .count = 4})->count() == Approx(75));
  CHECK_FALSE(mean({}).has_value());
  CHECK_FALSE(mean({.buckets = {}, .sum = 1e18, .count = 1e-300}).has_value());
}

TEST_CASE("a quantile is linear within its bucket") {
  const Histogram h{.buckets = {{100, 50}, {200, 100}, {k_infinity, 100}}, .sum = 0, .count = 100};
  CHECK(quantile(h, 0.95)->count() == Approx(190));
  CHECK(quantile(h, 0.25)->count() == Approx(50));
}

TEST_CASE("a quantile beyond the last finite bound is that bound") {
  const Histogram h{.buckets = {{100, 1}, {k_infinity, 100}}, .sum = 0, .count = 100};
  CHECK(quantile(h, 0.95)->count() == Approx(100));
}

TEST_CASE("a quantile of nothing is unknown") {
  CHECK_FALSE(quantile({}, 0.95).has_value());
  CHECK_FALSE(quantile({.buckets = {{100, 0}, {k_infinity, 0}}, .sum = 0, .count = 0}, 0.95).has_value());
}
