#pragma once

#include <string>

#include "libscale/monitor/report_data.hpp"

namespace kscale::monitor {

/// The charts of a report as HTML: those of figures where there are any, that of alerts where some fired.
std::string charts_of(const ReportData& data);

}  // namespace kscale::monitor
