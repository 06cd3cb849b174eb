#pragma once

#include <string>

#include "libscale/monitor/report_data.hpp"

namespace kscale::monitor {

/// What happened, and the figures of the charts in numbers, as tables of HTML; none of what there is nothing of.
std::string tables_of(const ReportData& data);

}  // namespace kscale::monitor
