#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "libscale/alert/rule.hpp"
#include "libscale/base/result.hpp"
#include "libscale/base/units.hpp"

namespace kscale::control {

// Values of settings, from the texts that people write. Each failure says what would be right.

Result<int> parse_whole(std::string_view text, int least, int most);
Result<double> parse_number(std::string_view text, double least, double most);

/// A span such as `30`, `30s`, `500ms`, `5m`, `1h` or `7d`; a bare figure counts `unit`.
Result<std::chrono::milliseconds> parse_span(std::string_view text, std::chrono::milliseconds unit,
                                             std::chrono::milliseconds least, std::chrono::milliseconds most);

/// An amount such as `4096`, `512KiB`, `64MiB` or `1GB`, of at least `least`.
Result<Bytes> parse_size(std::string_view text, Bytes least);

/// true/false, yes/no, on/off or 1/0, in any case.
Result<bool> parse_switch(std::string_view text);

/// http:// or https://, a host, perhaps a port and a path; the slash at the end is taken off. One with an @ is refused,
/// and not repeated: what stands before it may be a password.
Result<std::string> parse_url(std::string_view text);

/// An http:// or https:// address of which whoever knows it can make use: it may hold a path and a query, and no
/// failure repeats it. Empty stays empty.
Result<std::string> parse_secret_url(std::string_view text);

/// `host:port`, where the host may be an IPv6 address in brackets. Empty stays empty.
Result<std::string> parse_listen(std::string_view text);

/// `high-cpu=2m,errors=30s`, or a single span for all rules. Empty: none differs from its default.
Result<alert::HoldTimes> parse_hold_times(std::string_view text);

/// As it is read back: `high-cpu=120s,errors=30s`.
std::string shown(const alert::HoldTimes& hold_for);
/// Docker's address without what stands before an @, which may be a password. A path of a socket stays as it is.
std::string without_credentials(std::string_view address);
/// Scheme, host and port, and `/...` for the rest. Empty stays empty.
std::string without_secret(std::string_view url);

}  // namespace kscale::control
