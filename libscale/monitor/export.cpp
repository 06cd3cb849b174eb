#include "libscale/monitor/export.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "libscale/base/rfc3339.hpp"
#include "libscale/monitor/csv.hpp"

namespace kscale::monitor {

namespace {

/// How a line of JSON begins: with the first field of an overview.
constexpr std::string_view k_json_begin = R"({"time":")";

template <class Unit, class Number>
std::string field(const std::optional<Quantity<Unit, Number>>& figure) {
  return csv_number(figure ? std::optional(static_cast<double>(figure->value)) : std::nullopt);
}

std::string field(const std::optional<Milliseconds>& span) {
  return csv_number(span ? std::optional(span->count()) : std::nullopt);
}

constexpr std::array<std::string_view, 22> k_columns{
    "time",
    "deployment",
    "instance",
    "state",
    "health",
    "serving",
    "cpu_percent",
    "memory_percent",
    "memory_bytes",
    "received_bytes_per_second",
    "sent_bytes_per_second",
    "uptime_seconds",
    "instances",
    "requests_per_second",
    "error_percent",
    "response_milliseconds",
    "response_p95_milliseconds",
    "host_cpu_percent",
    "host_memory_percent",
    "host_disk_percent",
    "verdict",
    "alerts_firing",
};

/// The fields of a row by their columns.
using Row = std::map<std::string_view, std::string>;

std::string line_of(const Row& row) {
  std::vector<std::string> fields;
  for (const auto column : k_columns) {
    const auto found = row.find(column);
    fields.push_back(found != row.end() ? found->second : "");
  }
  return csv_line(fields);
}

Row row_of(const operate::InstanceView& instance, const operate::Overview& overview) {
  return {
      {"time", rfc3339_in_seconds(overview.at)},
      {"deployment", csv_text(overview.deployment)},
      {"instance", csv_text(instance.name)},
      {"state", std::string(name_of(instance.state))},
      {"health", std::string(name_of(instance.health))},
      {"serving", instance.serving ? "1" : "0"},
      {"cpu_percent", field(instance.cpu)},
      {"memory_percent", field(instance.memory)},
      {"memory_bytes", field(instance.memory_used)},
      {"received_bytes_per_second", field(instance.received)},
      {"sent_bytes_per_second", field(instance.sent)},
      {"uptime_seconds", instance.uptime ? std::to_string(instance.uptime->count()) : ""},
  };
}

Row row_of(const Snapshot& snapshot) {
  const auto& overview = snapshot.overview;
  const auto& sample = overview.sample;
  const auto load = sample.load();
  // Where Docker did not answer, it is not known how many there are.
  const auto count = [&](auto is_counted) {
    return overview.docker_error ? "" : std::to_string(std::ranges::count_if(overview.instances, is_counted));
  };
  return {
      {"time", rfc3339_in_seconds(overview.at)},
      {"deployment", csv_text(overview.deployment)},
      {"serving", count([](const auto& instance) { return instance.serving; })},
      {"cpu_percent", field(policy::figure_of(load.cpu))},
      {"memory_percent", field(policy::figure_of(load.memory))},
      {"instances", count([](const auto& instance) { return instance.state == docker::State::running; })},
      {"requests_per_second", field(sample.request_rate)},
      {"error_percent", field(sample.error_rate)},
      {"response_milliseconds", field(sample.response_time)},
      {"response_p95_milliseconds", field(sample.response_time_p95)},
      {"host_cpu_percent", field(sample.host_cpu)},
      {"host_memory_percent", field(sample.host_memory)},
      {"host_disk_percent", field(sample.host_disk)},
      {"verdict", std::string(name_of(overview.verdict))},
      {"alerts_firing", std::to_string(std::ranges::count_if(snapshot.alerts, &alert::Alert::firing))},
  };
}

/// Whether what begins so goes on, or may go on, with the other. A first line can be torn.
bool begins_alike(std::string_view a, std::string_view b) {
  return a.substr(0, b.size()) == b.substr(0, a.size());
}

Status accept(std::string_view beginning, ExportFormat format, const std::filesystem::path& path) {
  const bool is_csv = format == ExportFormat::csv;
  const auto header = csv_header();
  if (begins_alike(beginning, is_csv ? header : k_json_begin)) {
    return {};
  }
  if (beginning.starts_with(is_csv ? k_json_begin : header)) {
    return fail(Errc::conflict, "'{}' holds {}, and not {}: write to another file", path.string(),
                is_csv ? "JSON" : "CSV", is_csv ? "CSV" : "JSON");
  }
  if (is_csv && beginning.starts_with("time,")) {
    return fail(Errc::conflict, "'{}' has other columns than are written now: write to another file", path.string());
  }
  return fail(Errc::conflict, "'{}' is no export of kscale: write to another file", path.string());
}

}  // namespace

std::string csv_header() {
  return csv_line({k_columns.begin(), k_columns.end()});
}

std::optional<ExportFormat> export_format_named(std::string_view name) {
  return name == "json"  ? std::optional(ExportFormat::json)
         : name == "csv" ? std::optional(ExportFormat::csv)
                         : std::nullopt;
}

std::string csv_of(const Snapshot& snapshot) {
  std::string rows = line_of(row_of(snapshot));
  for (const auto& instance : snapshot.overview.instances) {
    rows += line_of(row_of(instance, snapshot.overview));
  }
  return rows;
}

Result<store::AppendedFile> open_export(const std::filesystem::path& path, ExportFormat format, std::uint64_t max_bytes,
                                        int keep) {
  return store::AppendedFile::open(
      path, {.header = format == ExportFormat::csv ? csv_header() : std::string(),
             .max_bytes = max_bytes,
             .keep = keep,
             .accepts = [path, format](std::string_view beginning) { return accept(beginning, format, path); }});
}

}  // namespace kscale::monitor
