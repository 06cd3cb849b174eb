#include "libscale/net/json_figures.hpp"

#include <cmath>

namespace kscale::json {

namespace {

template <class T, class Write>
Value known(const std::optional<T>& value, Write write) {
  return value ? Value(write(*value)) : Value();
}

}  // namespace

Value of(double figure) {
  constexpr double k_hundred = 100;
  return std::round(figure * k_hundred) / k_hundred;
}

Value of(const std::optional<double>& figure) {
  return known(figure, [](double f) { return of(f); });
}

Value of(const std::optional<Percent>& share) {
  return known(share, [](Percent p) { return of(p.value); });
}

Value of(const std::optional<RequestsPerSecond>& rate) {
  return known(rate, [](RequestsPerSecond r) { return of(r.value); });
}

Value of(const std::optional<BytesPerSecond>& rate) {
  return known(rate, [](BytesPerSecond r) { return of(r.value); });
}

Value of(const std::optional<Bytes>& bytes) {
  return known(bytes, [](Bytes b) { return b.value; });
}

Value of(const std::optional<Milliseconds>& span) {
  return known(span, [](Milliseconds ms) { return of(ms.count()); });
}

Value of(const std::optional<std::chrono::seconds>& span) {
  return known(span, [](std::chrono::seconds s) { return std::int64_t{s.count()}; });
}

Value of(const std::optional<int>& number) {
  return known(number, [](int n) { return n; });
}

Value of(const std::optional<std::string>& text) {
  return known(text, [](const std::string& t) { return t; });
}

Value of(const std::optional<Error>& error) {
  return error ? Value(error->what) : Value();
}

Value of(const std::vector<std::string>& lines) {
  auto list = Value::array();
  for (const auto& line : lines) {
    list.push_back(line);
  }
  return list;
}

Value text_or_null(const std::string& text) {
  return text.empty() ? Value() : Value(text);
}

}  // namespace kscale::json
