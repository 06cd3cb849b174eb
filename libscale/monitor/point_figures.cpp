#include "libscale/monitor/point_figures.hpp"

namespace kscale::monitor {

namespace {

using Known = std::optional<store::Spread<double>>;

template <class Unit, class Number>
double plain(const Quantity<Unit, Number>& quantity) {
  return static_cast<double>(quantity.value);
}

double plain(const Milliseconds& span) {
  return span.count();
}

template <class T>
Known plain(const std::optional<store::Spread<T>>& spread) {
  return spread ? Known({plain(spread->mean), plain(spread->least), plain(spread->most)}) : std::nullopt;
}

}  // namespace

std::string_view key_of(Figure figure) {
  switch (figure) {
    case Figure::instances:
      return "instances";
    case Figure::serving:
      return "serving";
    case Figure::cpu:
      return "cpu_percent";
    case Figure::memory:
      return "memory_percent";
    case Figure::memory_used:
      return "memory_bytes";
    case Figure::received:
      return "received_bytes_per_second";
    case Figure::sent:
      return "sent_bytes_per_second";
    case Figure::request_rate:
      return "requests_per_second";
    case Figure::error_rate:
      return "error_percent";
    case Figure::response_time:
      return "response_milliseconds";
    case Figure::response_time_p95:
      return "response_p95_milliseconds";
    case Figure::host_cpu:
      return "host_cpu_percent";
    case Figure::host_memory:
      return "host_memory_percent";
    case Figure::host_disk:
      return "host_disk_percent";
  }
  return "";
}

const std::vector<Figure>& fleet_figures() {
  static const std::vector<Figure> figures{Figure::instances,     Figure::serving,           Figure::cpu,
                                           Figure::memory,        Figure::request_rate,      Figure::error_rate,
                                           Figure::response_time, Figure::response_time_p95, Figure::host_cpu,
                                           Figure::host_memory,   Figure::host_disk};
  return figures;
}

const std::vector<Figure>& instance_figures() {
  static const std::vector<Figure> figures{Figure::serving,     Figure::cpu,      Figure::memory,
                                           Figure::memory_used, Figure::received, Figure::sent};
  return figures;
}

Known figure_of(const store::FleetPoint& point, Figure figure) {
  switch (figure) {
    case Figure::instances:
      return point.instances;
    case Figure::serving:
      return point.serving;
    case Figure::cpu:
      return plain(point.cpu);
    case Figure::memory:
      return plain(point.memory);
    case Figure::request_rate:
      return plain(point.request_rate);
    case Figure::error_rate:
      return plain(point.error_rate);
    case Figure::response_time:
      return plain(point.response_time);
    case Figure::response_time_p95:
      return plain(point.response_time_p95);
    case Figure::host_cpu:
      return plain(point.host_cpu);
    case Figure::host_memory:
      return plain(point.host_memory);
    case Figure::host_disk:
      return plain(point.host_disk);
    case Figure::memory_used:
    case Figure::received:
    case Figure::sent:
      break;
  }
  return std::nullopt;
}

Known figure_of(const store::InstancePoint& point, Figure figure) {
  switch (figure) {
    case Figure::serving:
      return point.serving;
    case Figure::cpu:
      return plain(point.cpu);
    case Figure::memory:
      return plain(point.memory);
    case Figure::memory_used:
      return plain(point.memory_used);
    case Figure::received:
      return plain(point.received);
    case Figure::sent:
      return plain(point.sent);
    default:
      return std::nullopt;
  }
}

}  // namespace kscale::monitor
