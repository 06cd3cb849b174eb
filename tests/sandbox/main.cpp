#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "tests/sandbox/machine.hpp"
#include "tests/sandbox/options.hpp"

namespace {

using namespace std::chrono_literals;
using kscale::Errc;
using kscale::Result;
using kscale::Status;

constexpr int k_done = 0;
constexpr int k_failed = 1;
constexpr int k_usage = 2;

Result<std::string> key_of(const std::string& file) {
  std::string key;
  if (file.empty()) {
    const char* given = std::getenv("KSCALE_SANDBOX_TOKEN");
    return std::string(given == nullptr ? "" : given);
  }
  std::ifstream in(file);
  if (!std::getline(in, key)) {
    return kscale::fail(Errc::not_found, "read the key from {}: no line in it", file);
  }
  return key;
}

/// Whoever waits for the file finds it whole.
Status write_ready(const std::string& directory, const kscale::sandbox::Machine& machine) {
  const auto path = directory + "/ready";
  {
    std::ofstream out(path + ".new", std::ios::trunc);
    if (!machine.docker_host().empty()) {
      out << "DOCKER_HOST=" << machine.docker_host() << "\n";
    }
    out << "KONG_URL=" << machine.kong_url() << "\n"
        << "PROXY_URL=" << machine.proxy_url() << "\n"
        << "CONTROL_URL=" << machine.control_url() << "\n"
        << "SANDBOX_PID=" << ::getpid() << "\n";
    if (!out.flush()) {
      return kscale::fail(Errc::failed, "write {}", path);
    }
  }
  std::error_code error;
  std::filesystem::rename(path + ".new", path, error);
  return error ? Status(kscale::fail(Errc::failed, "write {}: {}", path, error.message())) : Status{};
}

/// Waits for a signal, the time to end, or the end of the load.
void wait_for_end(kscale::sandbox::Machine& machine, const kscale::sandbox::Options& options, const sigset_t& signals) {
  const auto end = std::chrono::steady_clock::now() + options.duration;
  while (std::chrono::steady_clock::now() < end) {
    const timespec step{.tv_sec = 0, .tv_nsec = 100'000'000};
    if (::sigtimedwait(&signals, nullptr, &step) > 0) {
      return;
    }
    if (options.until_load_ends && options.load && !machine.report().running) {
      return;
    }
  }
}

Status run(kscale::sandbox::Options options, const sigset_t& signals) {
  std::error_code error;
  options.machine.directory = std::filesystem::absolute(options.machine.directory, error).string();
  std::filesystem::create_directories(options.machine.directory, error);
  std::filesystem::remove(options.machine.directory + "/ready", error);
  auto key = key_of(options.token_file);
  if (!key) {
    return tl::unexpected(key.error());
  }
  if (!options.machine.token_header.empty() && key->empty()) {
    return kscale::fail(Errc::invalid, "--token-header: no key, neither in --token-file nor in KSCALE_SANDBOX_TOKEN");
  }
  options.machine.token = options.machine.token_header.empty() ? std::string{} : *key;
  auto machine = kscale::sandbox::Machine::start(options.machine);
  if (!machine) {
    return tl::unexpected(machine.error());
  }
  if (auto written = write_ready(options.machine.directory, **machine); !written) {
    return written;
  }
  if (options.load) {
    (*machine)->start_load(*options.load);
  }
  wait_for_end(**machine, options, signals);
  const auto report = (*machine)->report();
  machine->reset();
  std::filesystem::remove(options.machine.directory + "/ready", error);
  std::filesystem::remove(options.machine.directory + "/docker.sock", error);
  std::cout << (options.json ? kscale::json::dump(json_of(report)) + "\n" : text_of(report)) << std::flush;
  return {};
}

}  // namespace

int main(int argc, char** argv) try {
  const auto options = kscale::sandbox::parse_options({argv + 1, argv + argc});
  if (!options) {
    std::cerr << "kscale-sandbox: error: " << options.error().what << "\n";
    return k_usage;
  }
  if (options->help) {
    std::cout << kscale::sandbox::help_text();
    return k_done;
  }
  // Before any thread is made, so that all of them leave the signals to this one.
  sigset_t signals{};
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  if (const auto done = run(*options, signals); !done) {
    std::cerr << "kscale-sandbox: error: " << done.error().what << "\n";
    return k_failed;
  }
  return k_done;
} catch (const std::exception& fault) {
  std::cerr << "kscale-sandbox: error: " << fault.what() << "\n";
  return k_failed;
}
