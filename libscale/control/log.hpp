#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace kscale::control {

enum class Level {
  error,    ///< something was not done
  warning,  ///< something is not as it should be
  notice,   ///< worth knowing
  step,     ///< told with --verbose only
};

/// Where the library tells people what happens, besides its results.
class Log {
 public:
  explicit Log(std::function<void(Level, std::string_view)> sink) : m_sink(std::move(sink)) {}

  template <class... Args>
  void say(Level level, fmt::format_string<Args...> text, Args&&... args) const {
    m_sink(level, fmt::format(text, std::forward<Args>(args)...));
  }

 private:
  std::function<void(Level, std::string_view)> m_sink;
};

}  // namespace kscale::control
