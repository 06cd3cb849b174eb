#pragma once

#include <string>

#include "libscale/monitor/report_data.hpp"

namespace kscale::monitor {

/// The figures of the summary, each in a tile of HTML.
std::string tiles_of(const ReportData& data);

}  // namespace kscale::monitor
