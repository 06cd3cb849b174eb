#include <limits>
#include <numeric>

#include <catch2/catch.hpp>

#include "libscale/kong/traffic.hpp"
#include "tests/kong/recorded.hpp"

using namespace kscale;
using kong::parse_traffic;
using kong::Traffic;
using sandbox::recorded;

namespace {

constexpr double k_infinity = std::numeric_limits<double>::infinity();

Traffic traffic_in(std::string_view text, std::string_view service) {
  const auto traffic = parse_traffic(text, service);
  REQUIRE(traffic.has_value());
  return *traffic;
}

double sum_of(const std::optional<metrics::Counters>& counters) {
  REQUIRE(counters.has_value());
  return std::accumulate(counters->begin(), counters->end(), 0.0,
                         [](double sum, const auto& series) { return sum + series.second; });
}

/// All series as one histogram, being what they gained since nothing was.
metrics::Histogram whole(const std::optional<metrics::Histograms>& histograms) {
  REQUIRE(histograms.has_value());
  return metrics::increase_between({}, *histograms);
}

}  // namespace

TEST_CASE("the traffic of a recorded Kong without a database is that of one service over all codes") {
  const auto traffic = traffic_in(recorded("dbless/105-metrics-admin").body_text, "svc");
  CHECK(sum_of(traffic.requests) == 54);
  CHECK(sum_of(traffic.errors) == 3);
  const auto latency = whole(traffic.latency);
  CHECK(latency.count == 54);
  CHECK(latency.sum == 440);
  CHECK(latency.buckets.at(25) == 45);
  CHECK(latency.buckets.at(50) == 54);
  CHECK(latency.buckets.at(k_infinity) == 54);
  CHECK(latency.buckets.size() == 14);
}

TEST_CASE("the traffic of a recorded Kong with a database leaves other services out") {
  const auto& text = recorded("postgres/104-metrics-admin").body_text;
  const auto traffic = traffic_in(text, "svc");
  CHECK(sum_of(traffic.requests) == 39);
  CHECK(sum_of(traffic.errors) == 1);
  CHECK(whole(traffic.latency).count == 39);
  CHECK(whole(traffic.latency).sum == 337);
  const auto other = traffic_in(text, "admin-api");
  CHECK(sum_of(other.requests) == 5);
  CHECK(sum_of(other.errors) == 0);
  CHECK(whole(other.latency).sum == 26);
}

TEST_CASE("a service without a request has a true zero, as long as another one is counted") {
  const auto traffic = traffic_in(recorded("dbless/105-metrics-admin").body_text, "idle");
  CHECK(sum_of(traffic.requests) == 0);
  CHECK(sum_of(traffic.errors) == 0);
}

TEST_CASE("the traffic of a Kong that measures nothing is absent, not zero") {
  const auto traffic = traffic_in("# HELP kong_nginx_connections_total x\nkong_nginx_connections_total 3\n", "svc");
  CHECK_FALSE(traffic.requests.has_value());
  CHECK_FALSE(traffic.errors.has_value());
  CHECK_FALSE(traffic.latency.has_value());
  CHECK_FALSE(traffic_in(recorded("dbless/117-empty-metrics").body_text, "svc").requests.has_value());
}

TEST_CASE("each half of the traffic is there without the other") {
  const auto counted = traffic_in("kong_http_requests_total{service=\"svc\",code=\"200\"} 4\n", "svc");
  CHECK(sum_of(counted.requests) == 4);
  CHECK_FALSE(counted.latency.has_value());
  const auto timed = traffic_in("kong_request_latency_ms_count{service=\"svc\"} 4\n", "svc");
  CHECK_FALSE(timed.requests.has_value());
  CHECK(whole(timed.latency).count == 4);
}

TEST_CASE("Kong 2.x counts and times requests under other names") {
  const auto traffic = traffic_in(R"(# TYPE kong_http_status counter
kong_http_status{service="svc",route="a",code="200"} 40
kong_http_status{service="svc",route="b",code="500"} 2
kong_http_status{service="other",route="c",code="500"} 9
kong_latency_bucket{service="svc",route="a",type="request",le="00025.0"} 30
kong_latency_bucket{service="svc",route="a",type="request",le="+Inf"} 40
kong_latency_count{service="svc",route="a",type="request"} 40
kong_latency_sum{service="svc",route="a",type="request"} 800
kong_latency_bucket{service="svc",route="a",type="kong",le="00025.0"} 40
kong_latency_count{service="svc",route="a",type="kong"} 40
kong_latency_sum{service="svc",route="a",type="kong"} 12
kong_latency_count{service="svc",route="a",type="upstream"} 40
kong_latency_sum{service="svc",route="a",type="upstream"} 780
)",
                                  "svc");
  CHECK(sum_of(traffic.requests) == 42);
  CHECK(sum_of(traffic.errors) == 2);
  const auto latency = whole(traffic.latency);
  CHECK(latency.count == 40);
  CHECK(latency.sum == 800);
  CHECK(latency.buckets == std::map<double, double>{{25, 30}, {k_infinity, 40}});
}

TEST_CASE("routes, codes, sources and consumers are series of their own, and all count") {
  const auto traffic = traffic_in(R"(kong_http_requests_total{service="svc",route="a",code="200",consumer=""} 1
kong_http_requests_total{service="svc",route="a",code="200",consumer="ann"} 2
kong_http_requests_total{service="svc",route="b",code="200",consumer="ann"} 4
kong_http_requests_total{service="svc",route="b",code="503",source="kong"} 8
kong_http_requests_total{service="svc",route="b",code="503",source="service"} 16
)",
                                  "svc");
  CHECK(traffic.requests->size() == 5);
  CHECK(sum_of(traffic.requests) == 31);
  CHECK(sum_of(traffic.errors) == 24);
}

TEST_CASE("Kong's own latency and that of the upstream are not taken for the whole") {
  const auto traffic = traffic_in(
      "kong_kong_latency_ms_count{service=\"svc\"} 3\nkong_upstream_latency_ms_count{service=\"svc\"} 3\n", "svc");
  CHECK_FALSE(traffic.latency.has_value());
}

TEST_CASE("of a series that is there twice the last one counts") {
  const auto traffic = traffic_in(
      "kong_http_requests_total{service=\"svc\",code=\"200\"} 5\n"
      "kong_http_requests_total{code=\"200\",service=\"svc\"} 7\n",
      "svc");
  CHECK(sum_of(traffic.requests) == 7);
}

TEST_CASE("traffic cannot be read from a page of HTML") {
  const auto traffic = parse_traffic("<html>", "svc");
  REQUIRE_FALSE(traffic.has_value());
  CHECK(traffic.error() == Error{Errc::invalid, "line 1 is not of Prometheus' text format"});
}

TEST_CASE("what can be no count makes the whole page unknown: the others alone would say that there is less to do") {
  for (const auto* const value : {"-5", "1e300", "NaN", "+Inf"}) {
    for (const auto* const name : {"kong_http_requests_total", "kong_request_latency_ms_sum"}) {
      const auto traffic = parse_traffic(
          fmt::format(
              "kong_http_requests_total{{service=\"svc\",code=\"200\"}} 7\n{}{{service=\"svc\",code=\"201\"}} {}\n",
              name, value),
          "svc");
      REQUIRE_FALSE(traffic);
      CHECK(traffic.error() ==
            Error{Errc::invalid, fmt::format("Kong's metrics: {} of service 'svc' is no count", name)});
    }
  }
  CHECK(parse_traffic("kong_http_requests_total{service=\"other\",code=\"200\"} NaN\n", "svc"));
}

TEST_CASE("a bound that is none says nothing") {
  const auto traffic = traffic_in(R"(kong_http_requests_total{service="svc",code="202"} 7
kong_request_latency_ms_bucket{service="svc",le="nan"} 3
kong_request_latency_ms_bucket{service="svc",le="-inf"} 3
kong_request_latency_ms_bucket{service="svc",le="1e300"} 3
kong_request_latency_ms_bucket{service="svc",le="25"} 4
)",
                                  "svc");
  CHECK(sum_of(traffic.requests) == 7);
  CHECK(whole(traffic.latency).buckets == std::map<double, double>{{25, 4}});
  CHECK(whole(traffic.latency).count == 0);
}
