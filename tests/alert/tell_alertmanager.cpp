// usage: tell_alertmanager URL firing|resolved
// Tells an Alertmanager of one alert by way of an outbox: that it fires, or that it has ended since.
#include <chrono>
#include <cstdio>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "libscale/alert/outbox.hpp"
#include "libscale/net/curl_transport.hpp"

namespace {

using namespace kscale;
using namespace std::chrono_literals;

Now now() {
  return {.instant = Instant(1h),
          .wall = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string_view> arguments(values, values + count);
  if (arguments.size() != 3 || (arguments[2] != "firing" && arguments[2] != "resolved")) {
    fmt::print(stderr, "usage: tell_alertmanager URL firing|resolved\n");
    return 2;
  }
  const alert::Alert alert{.finding = {.rule = alert::Rule::high_cpu,
                                       .subject = "shop-2",
                                       .severity = alert::Severity::warning,
                                       .summary = "cpu of shop-2 is 93.1%, above 80%"},
                           .since = now().wall - 90s,
                           .firing = true,
                           .fired_at = now().wall - 30s};
  alert::Outbox outbox({{alert::Receiver::Kind::alertmanager, std::string(arguments[1])}}, "shop",
                       std::chrono::seconds{5});
  if (arguments[2] == "firing") {
    outbox.put({{alert::Event::Kind::fired, alert, now().wall}}, {alert}, now());
  } else {
    outbox.put({{alert::Event::Kind::resolved, alert, now().wall}}, {}, now());
  }
  net::CurlTransport http;
  for (const auto& error : outbox.send(http, now())) {
    fmt::print(stderr, "{}\n", error.what);
  }
  return outbox.waiting() == 0 ? 0 : 1;
}
