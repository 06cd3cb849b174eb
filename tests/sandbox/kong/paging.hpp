#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "libscale/net/json.hpp"
#include "tests/sandbox/kong/kong.hpp"
#include "tests/sandbox/kong/request.hpp"

namespace kscale::sandbox {

/// One page: `data`, `next`, and `offset` when there is a next one.
using Page = tl::expected<json::Value, Answer>;

/// A page of the targets of an upstream. The offset is a position, and `next` forgets the size.
Page page_by_position(const Request& request, const std::vector<json::Value>& all);

/// A page of any other list, by an opaque cursor. With a database the list is in the order of ids.
Page page_by_cursor(const Request& request, std::vector<json::Value> all, KongMode mode);

}  // namespace kscale::sandbox
