#include "tests/sandbox/options.hpp"

#include <cstdint>

#include <cxxopts.hpp>

namespace kscale::sandbox {

namespace {

cxxopts::Options described() {
  cxxopts::Options options("kscale-sandbox",
                           "A machine with Docker, Kong, instances and load, all of it on 127.0.0.1.");
  options.set_width(100);
  const auto text = [](const char* otherwise) { return cxxopts::value<std::string>()->default_value(otherwise); };
  const auto number = [](const char* otherwise) { return cxxopts::value<std::uint32_t>()->default_value(otherwise); };
  const auto port = [](const char* otherwise) { return cxxopts::value<std::uint16_t>()->default_value(otherwise); };
  const auto rate = [](const char* otherwise) { return cxxopts::value<double>()->default_value(otherwise); };
  options.add_options()("dir", "where docker.sock and the file 'ready' are written; needed",
                        cxxopts::value<std::string>(),
                        "DIR")("admin-port", "port of Kong's Admin API; 0 takes a free one", port("0"), "PORT")(
      "proxy-port", "port of Kong's proxy; 0 takes a free one", port("0"), "PORT")(
      "control-port", "port of the control API; 0 takes a free one", port("0"), "PORT")(
      "mode", "how Kong keeps its entities: database or dbless", text("database"), "MODE")(
      "propagation", "milliseconds until the proxy knows of a write", number("0"), "MS")(
      "instances", "how many instances there are at first", number("3"), "N")(
      "prefix", "name of an instance, before -N", text("street-noshery-backend"), "NAME")(
      "upstream", "name of Kong's upstream", text("street-noshery-upstream"), "NAME")(
      "service", "name of Kong's service", text("street-noshery-backend"), "NAME")(
      "host-port-base", "instance N publishes this port + N", port("3019"), "PORT")(
      "address", "what the first targets look like: name (NAME:3020) or host (127.0.0.1:PORT)", text("name"), "KIND")(
      "capacity", "requests per second that one instance serves", rate("100"), "RPS")(
      "service-time", "milliseconds of a request, above its share of the core", number("5"), "MS")(
      "start-up", "milliseconds until a new instance listens", number("0"), "MS")(
      "impolite", "instances drop what is in flight when they are stopped")(
      "load", "load to send once all is ready: RPS:SECONDS or A-B:SECONDS, several with commas",
      cxxopts::value<std::string>(),
      "SHAPE")("load-path", "what the load asks for", text("/street-noshery/customer"), "PATH")(
      "slow-every", "the last of each N requests of the load asks for --slow-path; 0: none", number("0"), "N")(
      "slow-path", "what the slow requests ask for", text("/street-noshery/slow?ms=10000"), "PATH")(
      "load-connections", "how many connections the load uses at most", number("128"), "N")(
      "until-load-ends", "end when the load has ended and all is answered")("no-metrics-plugin",
                                                                            "Kong has no prometheus plugin")(
      "token-header",
      "header that must carry the key of the Admin API; the key is in --token-file or in "
      "KSCALE_SANDBOX_TOKEN",
      text(""), "NAME")("token-file", "file with the key of the Admin API", text(""), "FILE")(
      "without-docker", "no Engine API and no instances: targets are real addresses")(
      "duration", "end after so many seconds in any case", number("3600"), "S")(
      "json", "write the report as one line of JSON")("help", "show this help");
  return options;
}

std::chrono::milliseconds milliseconds_of(const cxxopts::ParseResult& given, const char* name) {
  return std::chrono::milliseconds(given[name].as<std::uint32_t>());
}

Result<Options> options_of(const cxxopts::ParseResult& given) {
  Options options;
  options.help = given.count("help") > 0;
  if (options.help) {
    return options;
  }
  if (!given.unmatched().empty()) {
    return fail(Errc::invalid, "unexpected argument '{}'", given.unmatched().front());
  }
  if (given.count("dir") == 0) {
    return fail(Errc::invalid, "--dir is missing");
  }
  auto& machine = options.machine;
  machine.directory = given["dir"].as<std::string>();
  machine.admin_port = given["admin-port"].as<std::uint16_t>();
  machine.proxy_port = given["proxy-port"].as<std::uint16_t>();
  machine.control_port = given["control-port"].as<std::uint16_t>();
  const auto mode = given["mode"].as<std::string>();
  if (mode != "database" && mode != "dbless") {
    return fail(Errc::invalid, "--mode: '{}' is neither database nor dbless", mode);
  }
  machine.mode = mode == "database" ? KongMode::database : KongMode::dbless;
  machine.propagation = milliseconds_of(given, "propagation");
  auto& setup = machine.setup;
  setup.instances = static_cast<int>(given["instances"].as<std::uint32_t>());
  setup.prefix = given["prefix"].as<std::string>();
  setup.upstream = given["upstream"].as<std::string>();
  setup.service = given["service"].as<std::string>();
  setup.host_port_base = given["host-port-base"].as<std::uint16_t>();
  const auto address = given["address"].as<std::string>();
  if (address != "name" && address != "host") {
    return fail(Errc::invalid, "--address: '{}' is neither name nor host", address);
  }
  setup.address = address == "name" ? TargetAddress::name : TargetAddress::host;
  setup.metrics_plugin = given.count("no-metrics-plugin") == 0;
  machine.capacity = given["capacity"].as<double>();
  if (machine.capacity <= 0) {
    return fail(Errc::invalid, "--capacity must be above zero");
  }
  machine.service_time = milliseconds_of(given, "service-time");
  machine.start_up = milliseconds_of(given, "start-up");
  machine.impolite = given.count("impolite") > 0;
  machine.load.path = given["load-path"].as<std::string>();
  machine.load.slow_path = given["slow-path"].as<std::string>();
  machine.load.slow_every = given["slow-every"].as<std::uint32_t>();
  machine.load_connections = given["load-connections"].as<std::uint32_t>();
  machine.token_header = given["token-header"].as<std::string>();
  options.token_file = given["token-file"].as<std::string>();
  machine.with_docker = given.count("without-docker") == 0;
  options.until_load_ends = given.count("until-load-ends") > 0;
  options.duration = std::chrono::seconds(given["duration"].as<std::uint32_t>());
  options.json = given.count("json") > 0;
  if (given.count("load") > 0) {
    auto shape = parse_shape(given["load"].as<std::string>());
    if (!shape) {
      return tl::unexpected(shape.error());
    }
    options.load = std::move(*shape);
  }
  return options;
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) try {
  std::vector<const char*> argv{"kscale-sandbox"};
  for (const auto& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  auto options = described();
  return options_of(options.parse(static_cast<int>(argv.size()), argv.data()));
} catch (const cxxopts::exceptions::exception& fault) {
  return fail(Errc::invalid, "{}", fault.what());
}

std::string help_text() {
  return described().help();
}

}  // namespace kscale::sandbox
