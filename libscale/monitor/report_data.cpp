#include "libscale/monitor/report_data.hpp"

#include <algorithm>
#include <utility>

#include "libscale/monitor/history_view.hpp"
#include "libscale/monitor/steps.hpp"

namespace kscale::monitor {

using std::chrono::minutes;
using std::chrono::seconds;

Result<ReportData> gather(store::History& history, const control::Settings& settings, store::TimeRange range,
                          WallTime now) {
  if (range.until <= range.since) {
    return fail(Errc::invalid, "a report needs a range that ends after it begins");
  }
  constexpr std::size_t k_most_read = 10'000;
  // Where samples are farther apart than a minute, a shorter step would see gaps that are none.
  const auto sampling = sampling_of(settings);
  ReportData data{.deployment = settings.deployment.prefix,
                  .service = settings.service,
                  .range = range,
                  .step = step_for(range, sampling),
                  .written_at = now,
                  .rules = settings.rules};
  auto fleet = history.fleet(range, data.step);
  if (!fleet) {
    return wrap(fleet.error(), "read the history of '{}'", data.deployment);
  }
  auto instances = history.instances(range, data.step);
  if (!instances) {
    return wrap(instances.error(), "read the instances of '{}'", data.deployment);
  }
  auto events = history.events(range.since, k_most_read);
  if (!events) {
    return wrap(events.error(), "read the scaling of '{}'", data.deployment);
  }
  auto alerts = history.alerts(range.since, k_most_read);
  if (!alerts) {
    return wrap(alerts.error(), "read the alerts of '{}'", data.deployment);
  }
  const auto fine_step = std::chrono::ceil<minutes>(std::max<seconds>(sampling, minutes{1}));
  const auto fine = history.fleet(range, fine_step);
  if (!fine) {
    return wrap(fine.error(), "read the history of '{}'", data.deployment);
  }
  std::erase_if(*events, [&](const store::ScalingEvent& event) { return event.at >= range.until; });
  std::erase_if(*alerts, [&](const store::AlertRecord& alert) { return alert.fired_at >= range.until; });
  data.fleet = std::move(*fleet);
  data.instances = std::move(*instances);
  data.events = std::move(*events);
  data.alerts = std::move(*alerts);
  data.summary = summary_of(*fine, data.events, data.alerts, range, fine_step, bars_of(settings));
  return data;
}

std::string change_text(const store::ScalingEvent& event) {
  return fmt::format("{} \u2192 {}", event.from, event.to);
}

}  // namespace kscale::monitor
