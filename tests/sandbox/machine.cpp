#include "tests/sandbox/machine.hpp"

#include <charconv>
#include <functional>
#include <future>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/eventfd.h>

#include "libscale/control/system_clock.hpp"
#include "tests/sandbox/backend.hpp"
#include "tests/sandbox/control.hpp"
#include "tests/sandbox/crew.hpp"
#include "tests/sandbox/descriptor.hpp"
#include "tests/sandbox/loop.hpp"
#include "tests/sandbox/proxy.hpp"
#include "tests/sandbox/server.hpp"

namespace kscale::sandbox {

namespace {

constexpr int k_cpus = 2;

Question question_of(Message message) {
  return {.method = std::move(message.method),
          .target = std::move(message.target),
          .headers = std::move(message.headers),
          .body = std::move(message.body)};
}

bool is_address(const std::string& host) {
  in_addr ignored{};
  return ::inet_pton(AF_INET, host.c_str(), &ignored) == 1;
}

DockerOptions docker_options() {
  return {.images = {{.name = k_backend_image, .command = {"node", "dist/main"}, .ports = {"3020/tcp"}},
                     {.name = k_next_backend_image, .command = {"node", "dist/main"}, .ports = {"3020/tcp"}}},
          .networks = {k_backend_network},
          .cpus = k_cpus};
}

std::string url(std::uint16_t port) {
  return fmt::format("http://127.0.0.1:{}", port);
}

}  // namespace

struct Machine::Inside {
  explicit Inside(MachineOptions how)
      : options(std::move(how)),
        docker(clock, backends(loop, behaviour), docker_options()),
        kong(kong_options(), clock),
        proxy(loop, kong, [this](std::string_view target) { return resolve(target); }) {
    behaviour.capacity = options.capacity;
    behaviour.service_time = options.service_time;
    behaviour.impolite = options.impolite;
  }

  KongOptions kong_options();
  std::optional<std::string> resolve_host(const std::string& host) const;
  std::optional<Address> resolve(std::string_view target) const;

  const MachineOptions options;
  Descriptor going{::eventfd(0, EFD_CLOEXEC)};  // Readable when the machine goes: nobody waits any longer.
  control::SystemClock clock{going.get()};
  Loop loop;
  Crew crew;
  BackendBehaviour behaviour;
  Docker docker;
  Kong kong;
  Proxy proxy;
  std::optional<Load> load;
  std::optional<Control> control;
  std::vector<std::unique_ptr<Server>> servers;
  std::uint16_t admin_port = 0;
  std::uint16_t proxy_port = 0;
  std::uint16_t control_port = 0;
  std::thread thread;
};

KongOptions Machine::Inside::kong_options() {
  KongOptions kong_options;
  kong_options.mode = options.mode;
  kong_options.propagation = options.propagation;
  kong_options.admin_token_header = options.token_header;
  kong_options.admin_token = options.token;
  kong_options.resolve = [this](std::string_view host) { return resolve_host(std::string(host)); };
  return kong_options;
}

std::optional<std::string> Machine::Inside::resolve_host(const std::string& host) const {
  if (host == "localhost") {
    return "127.0.0.1";
  }
  return is_address(host) ? host : docker.address(host);
}

std::optional<Address> Machine::Inside::resolve(std::string_view target) const {
  const auto colon = target.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string host(target.substr(0, colon));
  std::uint16_t port = 0;
  std::from_chars(target.data() + colon + 1, target.data() + target.size(), port);
  if (const auto published = docker.host_port(host, port)) {
    return Address{.ip = "127.0.0.1", .port = *published};
  }
  if (host == "localhost" || (host.starts_with("127.") && is_address(host))) {
    return Address{.ip = host == "localhost" ? "127.0.0.1" : host, .port = port};
  }
  // An address of a network of the machine is reached only where real containers have it.
  return !options.with_docker && is_address(host) ? std::optional(Address{.ip = host, .port = port}) : std::nullopt;
}

Result<std::unique_ptr<Machine>> Machine::start(const MachineOptions& options) {
  std::unique_ptr<Machine> machine(new Machine(options));
  if (const auto loaded = machine->m_inside->kong.load(kong_file(options.setup)); !loaded) {
    return wrap(loaded.error(), "load the first configuration into Kong");
  }
  if (const auto open = machine->open_doors(); !open) {
    return tl::unexpected(open.error());
  }
  machine->m_inside->thread = std::thread([inside = machine->m_inside.get()] { inside->loop.run(); });
  if (const auto started = machine->start_instances(); !started) {
    return tl::unexpected(started.error());
  }
  return machine;
}

Machine::Machine(const MachineOptions& options) : m_inside(std::make_unique<Inside>(options)) {}

Status Machine::open_doors() {
  auto& in = *m_inside;
  const auto door = [&](Result<Descriptor> socket, Server::Handler handler) -> Result<std::uint16_t> {
    if (!socket) {
      return tl::unexpected(socket.error());
    }
    const auto port = port_of(*socket);
    in.servers.push_back(std::make_unique<Server>(in.loop, std::move(handler)));
    in.servers.back()->listen(std::move(*socket));
    return port;
  };
  const auto admin = door(bound_socket(in.options.admin_port), [&in](Message message, const Server::Reply& reply) {
    reply(in.kong.answer(question_of(std::move(message))));
  });
  const auto proxy = door(bound_socket(in.options.proxy_port), [&in](Message message, Server::Reply reply) {
    in.proxy.forward(std::move(message), std::move(reply));
  });
  const auto control = door(bound_socket(in.options.control_port), [&in](Message message, Server::Reply reply) {
    in.control->answer(question_of(std::move(message)), std::move(reply));
  });
  for (const auto* opened : {&admin, &proxy, &control}) {
    if (!*opened) {
      return tl::unexpected(opened->error());
    }
  }
  if (in.options.with_docker) {
    const auto engine =
        door(bound_socket(in.options.directory + "/docker.sock"), [&in](Message message, Server::Reply reply) {
          in.crew.run([&in, question = question_of(std::move(message)), reply = std::move(reply)] {
            in.loop.post([answer = in.docker.answer(question), reply] { reply(answer); });
          });
        });
    if (!engine) {
      return tl::unexpected(engine.error());
    }
  }
  in.admin_port = *admin;
  in.proxy_port = *proxy;
  in.control_port = *control;
  in.load.emplace(in.loop, Address{.ip = "127.0.0.1", .port = *proxy}, in.options.load, in.options.load_connections);
  in.control.emplace(in.loop, in.crew, in.docker, in.kong, *in.load, in.behaviour);
  return {};
}

Status Machine::start_instances() {
  auto& in = *m_inside;
  const auto post = [&](const std::string& target, const std::string& body) -> Status {
    const auto answer = in.docker.answer(
        {.method = "POST", .target = target, .headers = {{"Content-Type", "application/json"}}, .body = body});
    if (answer.status >= 300) {
      const auto told = json::parse(answer.body);
      return fail(Errc::conflict, "POST {}: {}", target, told ? (*told)["message"].text_or("") : std::string{});
    }
    return {};
  };
  const auto& setup = in.options.setup;
  for (int number = 1; in.options.with_docker && number <= setup.instances; ++number) {
    const auto name = setup.container_name(number);
    auto made = post("/containers/create?name=" + name, json::dump(container_body(setup, number))).and_then([&] {
      return post("/containers/" + name + "/start", "");
    });
    if (!made) {
      return made;
    }
  }
  // The first ones stand for a machine that has been up for long.
  in.behaviour.start_up = in.options.start_up;
  return {};
}

Machine::~Machine() {
  auto& in = *m_inside;
  if (in.thread.joinable()) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto put = ::write(in.going.get(), &one, sizeof one);
    // No new calls, then an end to those under way; what they have started meanwhile ends too.
    in.loop.do_and_wait([&] {
      in.load->stop();
      for (const auto& server : in.servers) {
        server->drop_all();
      }
      in.proxy.drop_all();
    });
    in.docker.kill_all();
    in.crew.wait_for_all();
    in.docker.kill_all();
    in.loop.stop();
    in.thread.join();
  }
}

std::string Machine::docker_host() const {
  return m_inside->options.with_docker ? fmt::format("unix://{}/docker.sock", m_inside->options.directory) : "";
}
std::string Machine::kong_url() const {
  return url(m_inside->admin_port);
}
std::string Machine::proxy_url() const {
  return url(m_inside->proxy_port);
}
std::string Machine::control_url() const {
  return url(m_inside->control_port);
}

Docker& Machine::docker() {
  return m_inside->docker;
}
Kong& Machine::kong() {
  return m_inside->kong;
}

void Machine::start_load(LoadShape shape) {
  m_inside->loop.post([in = m_inside.get(), shape = std::move(shape)] { in->load->start(shape); });
}

LoadReport Machine::report() {
  LoadReport report;
  m_inside->loop.do_and_wait([&] { report = m_inside->load->report(); });
  return report;
}

}  // namespace kscale::sandbox
