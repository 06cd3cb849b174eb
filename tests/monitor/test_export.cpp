#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "libscale/monitor/export.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using namespace std::chrono_literals;
using fakes::TempDir;
using monitor::csv_header;
using monitor::csv_of;
using monitor::ExportFormat;

namespace {

void put(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

monitor::Snapshot full_snapshot() {
  monitor::Snapshot snapshot;
  auto& overview = snapshot.overview;
  overview.at = WallTime(1'795'514'400'999ms);
  overview.deployment = "shop";
  overview.verdict = operate::Verdict::degraded;
  overview.instances = {{.number = 1,
                         .name = "shop-1",
                         .state = docker::State::running,
                         .health = docker::Health::healthy,
                         .cpu = Percent{12.344},
                         .memory = Percent{4.1},
                         .memory_used = Bytes{22'020'096},
                         .received = BytesPerSecond{1500.5},
                         .sent = BytesPerSecond{0},
                         .uptime = 10'920s,
                         .serving = true},
                        {.number = 2, .name = "shop-2", .state = docker::State::exited}};
  overview.sample.instances = {{.number = 1, .name = "shop-1", .cpu = Percent{12.344}, .memory = Percent{4.1}}};
  overview.sample.request_rate = RequestsPerSecond{12.5};
  overview.sample.error_rate = Percent{0.25};
  overview.sample.response_time = Milliseconds(34.5);
  overview.sample.response_time_p95 = Milliseconds(80);
  overview.sample.host_cpu = Percent{41};
  overview.sample.host_memory = Percent{52};
  overview.sample.host_disk = Percent{63};
  snapshot.alerts = {{.firing = true}, {.firing = false}};
  return snapshot;
}

}  // namespace

TEST_CASE("a snapshot is one row for the deployment and one for each instance in CSV") {
  CHECK(csv_header() ==
        "time,deployment,instance,state,health,serving,cpu_percent,memory_percent,memory_bytes,"
        "received_bytes_per_second,sent_bytes_per_second,uptime_seconds,instances,requests_per_second,error_percent,"
        "response_milliseconds,response_p95_milliseconds,host_cpu_percent,host_memory_percent,host_disk_percent,"
        "verdict,alerts_firing\n");
  CHECK(csv_of(full_snapshot()) ==
        "2026-11-24T10:00:00Z,shop,,,,1,12.34,4.1,,,,,1,12.5,0.25,34.5,80,41,52,63,Degraded,1\n"
        "2026-11-24T10:00:00Z,shop,shop-1,running,healthy,1,12.34,4.1,22020096,1500.5,0,10920,,,,,,,,,,\n"
        "2026-11-24T10:00:00Z,shop,shop-2,exited,none,0,,,,,,,,,,,,,,,,\n");
}

TEST_CASE("what is not known is empty in CSV, also how many instances there are") {
  monitor::Snapshot snapshot;
  snapshot.overview.deployment = "shop";
  CHECK(csv_of(snapshot) == "1970-01-01T00:00:00Z,shop,,,,0,,,,,,,0,,,,,,,,Unhealthy,0\n");
  snapshot.overview.docker_error = Error{Errc::unreachable, "no answer"};
  CHECK(csv_of(snapshot) == "1970-01-01T00:00:00Z,shop,,,,,,,,,,,,,,,,,,,Unhealthy,0\n");
}

TEST_CASE("names from outside are text in CSV, whatever they are") {
  auto snapshot = full_snapshot();
  snapshot.overview.instances[0].name = "=cmd|'/c calc'!A1";
  snapshot.overview.instances[1].name = "a,\"b\"\nc";
  const auto rows = csv_of(snapshot);
  CHECK(rows.find(",'=cmd|'/c calc'!A1,running") != std::string::npos);
  CHECK(rows.find(",\"a,\"\"b\"\"\\x0ac\",exited") != std::string::npos);
}

TEST_CASE("an export goes on in its file, a line for each snapshot as JSON, and as CSV after the header") {
  const TempDir dir;
  const auto snapshot = full_snapshot();
  const auto line = json::dump(json_of(snapshot)) + '\n';
  for (int run = 0; run < 2; ++run) {
    auto as_csv = monitor::open_export(dir / "m.csv", ExportFormat::csv, 0, 2);
    auto as_json = monitor::open_export(dir / "m.json", ExportFormat::json, 0, 2);
    REQUIRE((as_csv && as_json));
    CHECK(as_csv->append(csv_of(snapshot)));
    CHECK(as_json->append(line));
  }
  CHECK(content(dir / "m.json") == line + line);
  CHECK(content(dir / "m.csv") == csv_header() + csv_of(snapshot) + csv_of(snapshot));
}

TEST_CASE("an export that is full goes on in a new file, which begins with the header") {
  const TempDir dir;
  const auto snapshot = full_snapshot();
  auto opened =
      monitor::open_export(dir / "m.csv", ExportFormat::csv, csv_header().size() + csv_of(snapshot).size(), 2);
  REQUIRE(opened);
  CHECK(opened->append(csv_of(snapshot)));
  CHECK(opened->append(csv_of(snapshot)));
  CHECK(content(dir / "m.csv.1") == csv_header() + csv_of(snapshot));
  CHECK(content(dir / "m.csv") == csv_header() + csv_of(snapshot));
}

TEST_CASE("an export whose first line was torn is begun again") {
  const TempDir dir;
  for (const auto format : {ExportFormat::json, ExportFormat::csv}) {
    const std::string whole =
        format == ExportFormat::csv ? csv_header() : R"({"time":"2026-11-24T10:00:00Z","deployment":)";
    for (std::size_t length = 0; length < whole.size(); ++length) {
      CAPTURE(length);
      put(dir / "m", whole.substr(0, length));
      REQUIRE(monitor::open_export(dir / "m", format, 0, 2));
      CHECK(content(dir / "m").empty());
    }
  }
}

TEST_CASE("a file in the other format, with other columns or of somebody else is left alone") {
  const TempDir dir;
  const auto path = (dir / "m").string();
  const auto refusal = [&](std::string_view text, ExportFormat format) {
    put(path, text);
    const auto file = monitor::open_export(path, format, 0, 2);
    REQUIRE_FALSE(file);
    CHECK(file.error().code == Errc::conflict);
    CHECK(content(path) == text);
    return file.error().what;
  };
  CHECK(refusal("{\"time\":\"2026\"}\n", ExportFormat::csv) ==
        fmt::format("'{}' holds JSON, and not CSV: write to another file", path));
  CHECK(refusal(csv_header() + "row\n", ExportFormat::json) ==
        fmt::format("'{}' holds CSV, and not JSON: write to another file", path));
  CHECK(refusal("time,deployment,instance\n", ExportFormat::csv) ==
        fmt::format("'{}' has other columns than are written now: write to another file", path));
  for (const auto format : {ExportFormat::json, ExportFormat::csv}) {
    for (const auto* const text : {"letters without a line break", "{\"auths\":{}}", "\n", "time.txt"}) {
      CHECK(refusal(text, format) == fmt::format("'{}' is no export of kscale: write to another file", path));
    }
  }
}

TEST_CASE("the formats have names") {
  CHECK(monitor::export_format_named("json") == ExportFormat::json);
  CHECK(monitor::export_format_named("csv") == ExportFormat::csv);
  CHECK_FALSE(monitor::export_format_named("xml"));
}
