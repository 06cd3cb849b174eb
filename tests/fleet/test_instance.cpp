#include <catch2/catch.hpp>

#include "libscale/fleet/instance.hpp"

using namespace kscale;
using namespace kscale::fleet;

TEST_CASE("an instance is named by its prefix and a number") {
  CHECK(number_of("shop-3", "shop") == 3);
  CHECK(number_of("shop_12", "shop") == 12);
}

TEST_CASE("other names are no instances") {
  for (const auto* const name : {"shop", "shop-", "shop-x", "shop-3x", "shop-03", "shop-0", "shop--3", "shopping-3",
                                 "myshop-3", "shop-99999999999"}) {
    CAPTURE(name);
    CHECK_FALSE(number_of(name, "shop").has_value());
  }
}

TEST_CASE("free numbers fill the gaps first") {
  CHECK(lowest_free({1, 3, 4}, 3) == std::vector{2, 5, 6});
  CHECK(lowest_free({}, 2) == std::vector{1, 2});
}

TEST_CASE("a target is addressed by name, by container address, or by published port") {
  const Instance instance{2,
                          {.name = "shop-2",
                           .networks = {{"shop_net", "172.18.0.3"}},
                           .ports = {{9000, "0.0.0.0", 9002}, {3020, "0.0.0.0", 3021}}}};
  CHECK(target_address(instance, Addressing::name, 3020, "") == "shop-2:3020");
  CHECK(target_address(instance, Addressing::ip, 3020, "") == "172.18.0.3:3020");
  CHECK(target_address(instance, Addressing::host, 3020, "127.0.0.1") == "127.0.0.1:3021");
}

TEST_CASE("an instance without port or network has no such address") {
  const Instance instance{2, {.name = "shop-2", .networks = {{"shop_net", ""}}}};
  CHECK_FALSE(target_address(instance, Addressing::ip, 3020, "").has_value());
  CHECK_FALSE(target_address(instance, Addressing::host, 3020, "127.0.0.1").has_value());
}
