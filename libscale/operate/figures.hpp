#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "libscale/base/units.hpp"

namespace kscale::operate {

// Figures as people read them. What is not known is "-".

/// The two largest units: `8s`, `2m 5s`, `3h 2m`, `5d 3h`. Never negative.
std::string shown(std::chrono::seconds span);
std::string shown(const std::optional<std::chrono::seconds>& span);
/// `3.2 ms`, `12 ms`.
std::string shown(const std::optional<Milliseconds>& span);
/// `512 B`, `21 MiB`, `1.5 GiB`.
std::string shown(Bytes bytes);
/// `12.3%`.
std::string shown(const std::optional<Percent>& percent);
/// `12.3/s`.
std::string shown(const std::optional<RequestsPerSecond>& rate);
/// `1.2 KiB/s`.
std::string shown(const std::optional<BytesPerSecond>& rate);

}  // namespace kscale::operate
