#include <catch2/catch.hpp>

#include "libscale/operate/plan.hpp"

using namespace kscale;
using namespace kscale::operate;
using Kind = Step::Kind;

namespace {

const fleet::Deployment k_shop{.prefix = "shop"};

fleet::Instance instance(int number, docker::State state = docker::State::running) {
  return {number, {.id = std::to_string(number), .name = fmt::format("shop-{}", number), .state = state}};
}

Situation running(int count) {
  Situation situation;
  for (int number = 1; number <= count; ++number) {
    situation.instances.push_back(instance(number));
  }
  return situation;
}

/// A compose file with Kong and its database, and instances 1 to 4.
std::vector<docker::ComposeService> services() {
  std::vector<docker::ComposeService> all;
  for (int number = 1; number <= 4; ++number) {
    all.push_back({.name = fmt::format("backend-{}", number),
                   .container_name = fmt::format("shop-{}", number),
                   .has_build = true});
  }
  all.push_back({.name = "kong-database"});
  all.push_back({.name = "kong", .container_name = "kong"});
  return all;
}

}  // namespace

TEST_CASE("scaling up starts what the compose file knows through Compose, and makes the rest like its siblings") {
  auto situation = running(2);
  situation.services = services();
  CHECK(text_of(plan_scale(k_shop, situation, 6)) ==
        "1. start shop-3, shop-4 with Compose, wait until ready, add the targets\n"
        "2. make shop-5, shop-6 like the siblings, start, wait until ready, add the targets\n");
}

TEST_CASE("scaling fills gaps first") {
  auto situation = running(4);
  situation.instances.erase(situation.instances.begin() + 1);
  CHECK(text_of(plan_scale(k_shop, situation, 4)) ==
        "1. make shop-2 like the siblings, start, wait until ready, add the target\n");
  situation.instances.push_back(instance(2, docker::State::exited));
  CHECK(text_of(plan_scale(k_shop, situation, 4)) == "1. start shop-2, wait until ready, add the target\n");
}

TEST_CASE("scaling down takes the highest numbers") {
  CHECK(text_of(plan_scale(k_shop, running(5), 3)) ==
        "1. drain shop-5, shop-4, delete the targets, stop and remove them\n");
}

TEST_CASE("scaling to the present number does nothing, or mends") {
  auto situation = running(3);
  CHECK(text_of(plan_scale(k_shop, situation, 3)) == "nothing to do\n");
  situation.drift.without_serving = {"shop-9:3020"};
  CHECK(text_of(plan_scale(k_shop, situation, 3)) == "1. bring containers and targets to agree\n");
}

TEST_CASE("start never takes instances away") {
  CHECK(plan_start(k_shop, running(5), {.instances = 3}).steps.empty());
}

TEST_CASE("start begins with Kong where that is asked for, mends when all run, and ends a pause") {
  Situation situation{.services = services(), .paused = true};
  CHECK(text_of(plan_start(k_shop, situation, {.instances = 2, .kong = true})) ==
        "1. start kong with Compose\n"
        "2. wait until Kong's Admin API answers\n"
        "3. start shop-1, shop-2 with Compose, wait until ready, add the targets\n"
        "4. bring containers and targets to agree\n"
        "5. resume the autoscaler\n");
  CHECK(text_of(plan_start(k_shop, situation, {.instances = 1, .kong = true, .database = true}))
            .starts_with("1. start kong-database, kong with Compose\n"));
}

TEST_CASE("start starts what a stop has stopped, also what kscale made") {
  auto situation = running(2);
  for (auto& instance : situation.instances) {
    instance.container.state = docker::State::exited;
    instance.container.labels[fleet::k_deployment_label] = "shop";
  }
  situation.drift.leftovers = situation.instances;
  CHECK(text_of(plan_start(k_shop, situation, {.instances = 3})) ==
        "1. start shop-1, shop-2, wait until ready, add the targets\n"
        "2. make shop-3 like the siblings, start, wait until ready, add the target\n"
        "3. bring containers and targets to agree\n");
}

TEST_CASE("a service that Compose scales makes the first instance, and is never taken for something besides") {
  const fleet::Deployment deployment{.prefix = "noshery_backend"};
  const Situation situation{.services = {{.name = "backend"}, {.name = "kong"}}};
  CHECK(text_of(plan_start(deployment, situation, {.instances = 2, .kong = true}))
            .starts_with("1. start kong with Compose\n"
                         "2. wait until Kong's Admin API answers\n"
                         "3. start noshery_backend-1 with Compose, wait until ready, add the target\n"
                         "4. make noshery_backend-2 like the siblings"));
}

TEST_CASE("stop pauses the autoscaler, which would start what is stopped, also where Compose fails then") {
  auto situation = running(2);
  situation.services = services();
  CHECK(text_of(plan_stop(k_shop, situation, true)) ==
        "1. drain shop-1, shop-2, delete the targets, stop them\n"
        "2. pause the autoscaler\n"
        "3. stop kong-database, kong with Compose\n");
}

TEST_CASE("a stop deletes stale targets too, but none of a machine where no instance stands") {
  auto situation = running(1);
  situation.instances.push_back(instance(2, docker::State::exited));
  situation.drift.without_serving = {"shop-2:3000"};
  CHECK(text_of(plan_stop(k_shop, situation, false)) ==
        "1. delete the target shop-2:3000, where no instance runs\n"
        "2. drain shop-1, delete the target, stop it\n"
        "3. pause the autoscaler\n");
  situation.instances.clear();
  situation.drift.last_ones.swap(situation.drift.without_serving);
  CHECK(text_of(plan_stop(k_shop, situation, false)) == "1. pause the autoscaler\n");
}

TEST_CASE("a stop ends also what is paused or restarts, and may come back by itself") {
  auto situation = running(1);
  situation.instances.push_back(instance(2, docker::State::paused));
  situation.instances.push_back(instance(3, docker::State::restarting));
  situation.instances.push_back(instance(4, docker::State::created));
  CHECK(text_of(plan_stop(k_shop, situation, false))
            .starts_with("1. drain shop-1, shop-2, shop-3, delete the targets, stop them\n"));
}

TEST_CASE("where Kong is away, stop and cleanup leave its targets") {
  auto situation = running(2);
  situation.is_kong_absent = true;
  CHECK(text_of(plan_stop(k_shop, situation, false)) == "1. stop shop-1, shop-2\n2. pause the autoscaler\n");
  CHECK(text_of(plan_cleanup(situation, false)) == "1. stop and remove shop-1, shop-2\n2. pause the autoscaler\n");
}

TEST_CASE("a restart goes one after the other, unless all at once is asked for") {
  CHECK(text_of(plan_restart(k_shop, running(2), {})) ==
        "1. drain shop-1, restart it, wait until ready, put it back into rotation\n"
        "2. drain shop-2, restart it, wait until ready, put it back into rotation\n");
  CHECK(text_of(plan_restart(k_shop, running(2), {.at_once = true})) ==
        "1. drain shop-1, shop-2, delete the targets, stop them\n"
        "2. start shop-1, shop-2, wait until ready, add the targets\n");
}

TEST_CASE("a restart with Kong leaves its database alone, and mends when Kong is back") {
  auto situation = running(2);
  situation.services = services();
  CHECK(text_of(plan_restart(k_shop, situation, {.kong = true}))
            .starts_with("1. restart kong with Compose\n"
                         "2. wait until Kong's Admin API answers\n"
                         "3. bring containers and targets to agree\n"));
  situation.services = {{.name = "backend-1", .container_name = "shop-1"}};
  CHECK(
      text_of(plan_restart(k_shop, situation, {.kong = true})).starts_with("1. wait until Kong's Admin API answers\n"));
}

TEST_CASE("where one instance runs alone, another serves while it is renewed") {
  CHECK(text_of(plan_restart(k_shop, running(1), {})) ==
        "1. make one instance more, that serves meanwhile\n"
        "2. drain shop-1, restart it, wait until ready, put it back into rotation\n"
        "3. drain that one, delete its target, stop and remove it\n");
}

TEST_CASE("a deploy builds, and replaces one after the other, but with an image it builds nothing") {
  auto situation = running(2);
  situation.services = services();
  CHECK(text_of(plan_deploy(k_shop, situation, {})) ==
        "1. build the images of backend-1, backend-2, backend-3, backend-4\n"
        "2. drain shop-1, replace it by its new image, wait until ready, put it into rotation\n"
        "3. drain shop-2, replace it by its new image, wait until ready, put it into rotation\n");
  CHECK(text_of(plan_deploy(k_shop, situation, {.image = "shop:2"}))
            .starts_with("1. drain shop-1, replace it by shop:2, wait"));
}

TEST_CASE("a deploy where nothing runs starts the instances") {
  Situation situation{.services = services()};
  CHECK(text_of(plan_deploy(k_shop, situation, {.instances = 2})) ==
        "1. build the images of backend-1, backend-2, backend-3, backend-4\n"
        "2. start shop-1, shop-2 with Compose, wait until ready, add the targets\n"
        "3. bring containers and targets to agree\n");
  CHECK(text_of(plan_deploy(k_shop, situation, {.image = "shop:2", .instances = 2})) ==
        "1. start shop-1, shop-2 with Compose, wait until ready, add the targets\n"
        "2. bring containers and targets to agree\n"
        "3. drain shop-1, replace it by shop:2, wait until ready, put it into rotation\n"
        "4. drain shop-2, replace it by shop:2, wait until ready, put it into rotation\n");
}

TEST_CASE("a deploy where nothing runs starts no old image of what stands") {
  auto situation = running(4);
  for (auto& one : situation.instances) {
    one.container.state = docker::State::exited;
  }
  CHECK(text_of(plan_deploy(k_shop, situation, {.instances = 1})) ==
        "1. replace shop-1, which does not run, by its new image, wait until ready, put it "
        "into rotation\n"
        "2. bring containers and targets to agree\n");
  situation.instances[1].container.state = docker::State::restarting;
  situation.instances[3].container.state = docker::State::paused;
  situation.instances.erase(situation.instances.begin());
  situation.paused = true;
  CHECK(text_of(plan_deploy(k_shop, situation, {.image = "shop:2", .instances = 3})) ==
        "1. replace shop-2, which does not run, by shop:2, wait until ready, put it into "
        "rotation\n"
        "2. replace shop-3, which does not run, by shop:2, wait until ready, put it into "
        "rotation\n"
        "3. make shop-1 like the siblings, start, wait until ready, add the target\n"
        "4. bring containers and targets to agree\n"
        "5. resume the autoscaler\n");
}

TEST_CASE("a deploy that did not come to its end is begun again with what stands stopped") {
  auto situation = running(3);
  situation.instances[1].container.state = docker::State::exited;
  situation.instances[2].container.state = docker::State::exited;
  CHECK(text_of(plan_deploy(k_shop, situation, {.image = "shop:2", .instances = 2})) ==
        "1. make one instance more, that serves meanwhile\n"
        "2. drain shop-1, replace it by shop:2, wait until ready, put it into rotation\n"
        "3. drain that one, delete its target, stop and remove it\n");
  situation.paused = true;
  CHECK(text_of(plan_deploy(k_shop, situation, {.image = "shop:2", .instances = 2})) ==
        "1. replace shop-2, which does not run, by shop:2, wait until ready, put it into rotation\n"
        "2. bring containers and targets to agree\n"
        "3. drain shop-1, replace it by shop:2, wait until ready, put it into rotation\n"
        "4. resume the autoscaler\n");
  CHECK(text_of(plan_deploy(k_shop, situation, {.image = "shop:2", .instances = 1})).find("resume") ==
        std::string::npos);
}

TEST_CASE("a deploy that revived all that stood, and made no others, is begun again with those") {
  auto situation = running(2);
  situation.paused = true;
  CHECK(text_of(plan_deploy(k_shop, situation, {.image = "shop:2", .instances = 3})) ==
        "1. drain shop-1, replace it by shop:2, wait until ready, put it into rotation\n"
        "2. drain shop-2, replace it by shop:2, wait until ready, put it into rotation\n");
  situation.stopped = true;
  CHECK(text_of(plan_deploy(k_shop, situation, {.image = "shop:2", .instances = 3})) ==
        "1. make shop-3 like the siblings, start, wait until ready, add the target\n"
        "2. bring containers and targets to agree\n"
        "3. drain shop-1, replace it by shop:2, wait until ready, put it into rotation\n"
        "4. drain shop-2, replace it by shop:2, wait until ready, put it into rotation\n"
        "5. drain shop-3, replace it by shop:2, wait until ready, put it into rotation\n"
        "6. resume the autoscaler\n");
}

TEST_CASE("where the settings name another image than the deploy, what is made is renewed") {
  auto situation = running(1);
  situation.instances[0].container.state = docker::State::exited;
  auto deployment = k_shop;
  deployment.overrides.image = "shop:1";
  CHECK(text_of(plan_deploy(deployment, situation, {.image = "shop:2", .instances = 2})) ==
        "1. replace shop-1, which does not run, by shop:2, wait until ready, put it into rotation\n"
        "2. make shop-2 like the siblings, start, wait until ready, add the target\n"
        "3. bring containers and targets to agree\n"
        "4. drain shop-2, replace it by shop:2, wait until ready, put it into rotation\n");
}

TEST_CASE("a deploy where none can be renewed renews what it starts, unless that has its image") {
  Situation paused;
  paused.instances.push_back(instance(1, docker::State::paused));
  CHECK(text_of(plan_deploy(k_shop, paused, {.instances = 1})) ==
        "1. make shop-2 like the siblings, start, wait until ready, add the target\n"
        "2. bring containers and targets to agree\n"
        "3. make one instance more, that serves meanwhile\n"
        "4. drain shop-2, replace it by its new image, wait until ready, put it into rotation\n"
        "5. drain that one, delete its target, stop and remove it\n");
  CHECK(text_of(plan_deploy(k_shop, {}, {.instances = 1})) ==
        "1. make shop-1 like the siblings, start, wait until ready, add the target\n"
        "2. bring containers and targets to agree\n");
  auto composed = running(1);
  composed.instances[0].container.state = docker::State::exited;
  composed.services = services();
  CHECK(text_of(plan_deploy(k_shop, composed, {.image = "shop:2", .instances = 2})) ==
        "1. replace shop-1, which does not run, by shop:2, wait until ready, put it into "
        "rotation\n"
        "2. start shop-2 with Compose, wait until ready, add the target\n"
        "3. bring containers and targets to agree\n"
        "4. drain shop-2, replace it by shop:2, wait until ready, put it into rotation\n");
}

TEST_CASE("a cleanup removes instances in any state, and then the project") {
  auto situation = running(2);
  situation.instances[1].container.state = docker::State::exited;
  CHECK(text_of(plan_cleanup(situation, false)) ==
        "1. delete the targets of shop-1, shop-2, stop and remove them\n2. pause the autoscaler\n");
  situation.services = services();
  CHECK(text_of(plan_cleanup(situation, true))
            .ends_with("2. pause the autoscaler\n"
                       "3. take the Compose project down: its containers, networks, volumes and orphans\n"));
}

TEST_CASE("a cleanup deletes the targets that an earlier one had to leave, but none of another machine") {
  Situation situation;
  situation.drift.last_ones = {"shop-1:3000", "shop-2:3000"};
  CHECK(text_of(plan_cleanup(situation, false)) == "1. pause the autoscaler\n");
  situation.stopped = true;
  CHECK(text_of(plan_cleanup(situation, false)) ==
        "1. delete the targets shop-1:3000, shop-2:3000, where no instance runs\n2. pause the autoscaler\n");
}

TEST_CASE("a plan for programs names each step, its instances and its text") {
  const auto plan = json_of(plan_scale(k_shop, running(4), 3));
  CHECK(json::dump(plan) == R"({"action":"scale","steps":[{"step":"remove","names":["shop-4"],)"
                            R"("text":"drain shop-4, delete the target, stop and remove it"}]})");
}

TEST_CASE("what Docker would remove as soon as it stops is not stopped to be there afterwards") {
  auto situation = running(3);
  situation.instances[1].container.auto_remove = true;
  for (const auto& plan : {plan_stop(k_shop, situation, false), plan_restart(k_shop, situation, {}),
                           plan_restart(k_shop, situation, {.at_once = true}), plan_deploy(k_shop, situation, {})}) {
    const auto possible = check(plan, situation);
    REQUIRE_FALSE(possible);
    CHECK(
        possible.error() ==
        Error{Errc::refused,
              "shop-2 was started with --rm: Docker removes it as soon as it stops, so it could not be started again; "
              "make it anew without that, or use scale and cleanup"});
  }
  CHECK(check(plan_scale(k_shop, situation, 1), situation));
  CHECK(check(plan_cleanup(situation, false), situation));
  situation.instances[1].container.auto_remove = false;
  CHECK(check(plan_stop(k_shop, situation, false), situation));
}
