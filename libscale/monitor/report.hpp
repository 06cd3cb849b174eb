#pragma once

#include <string>

#include "libscale/monitor/report_data.hpp"

namespace kscale::monitor {

/// The report as one page of HTML: charts, tables and all, without anything to load. The same data give the same page.
std::string html_of(const ReportData& data);

}  // namespace kscale::monitor
