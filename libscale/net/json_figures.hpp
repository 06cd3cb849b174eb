#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"
#include "libscale/net/json.hpp"

namespace kscale::json {

// Figures and texts as programs read them: to two decimals, in the unit of their type. What is not known is null.

Value of(double figure);
Value of(const std::optional<double>& figure);
Value of(const std::optional<Percent>& share);
Value of(const std::optional<RequestsPerSecond>& rate);
Value of(const std::optional<BytesPerSecond>& rate);
Value of(const std::optional<Bytes>& bytes);
Value of(const std::optional<Milliseconds>& span);
Value of(const std::optional<std::chrono::seconds>& span);
Value of(const std::optional<int>& number);
Value of(const std::optional<std::string>& text);
/// What went wrong.
Value of(const std::optional<Error>& error);
Value of(const std::vector<std::string>& lines);

/// The text; null where it is empty.
Value text_or_null(const std::string& text);

}  // namespace kscale::json
