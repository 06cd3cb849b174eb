#include <ctime>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "libscale/base/printable.hpp"
#include "libscale/kong/declarative.hpp"
#include "tests/kong/recorded.hpp"

using namespace kscale;
using kong::TargetChange;
using kong::with_changed_targets;
using Changes = std::vector<TargetChange>;
using Kind = TargetChange::Kind;

namespace {

constexpr const char* k_id = "11111111-2222-4333-8444-555555555555";
constexpr const char* k_upstream = "5038f006-9b88-5918-bb58-699f065f8b98";

std::string new_id() {
  return k_id;
}

std::string recorded_text(const std::string& recording = "dbless/36-config-get") {
  return sandbox::recorded(recording).body["config"].text_or("");
}

Result<std::string> change(std::string_view text, const Changes& changes, std::string_view upstream = "svc") {
  return with_changed_targets(text, upstream, changes, new_id);
}

std::string changed(std::string_view text, const Changes& changes, std::string_view upstream = "svc") {
  const auto edited = change(text, changes, upstream);
  if (!edited) {
    FAIL(edited.error().what);
  }
  return *edited;
}

Error error_of(std::string_view text, const Changes& changes, std::string_view upstream = "svc") {
  const auto edited = change(text, changes, upstream);
  REQUIRE_FALSE(edited.has_value());
  return edited.error();
}

/// The text with the one place where `old_part` stands made into `new_part`.
std::string with(std::string text, std::string_view old_part, std::string_view new_part) {
  const auto place = text.find(old_part);
  REQUIRE(place != std::string::npos);
  REQUIRE(text.find(old_part, place + 1) == std::string::npos);
  return text.replace(place, old_part.size(), new_part);
}

std::string entry_of(std::string_view id, std::string_view address, int weight = 100) {
  return fmt::format(
      "- id: {}\n  weight: {}\n  created_at: 1795472071.755\n  tags: ~\n  target: {}\n"
      "  updated_at: 1795472071.755\n  upstream: {}\n",
      id, weight, address, k_upstream);
}

std::string added(std::string_view address, int weight) {
  return fmt::format("- id: {}\n  target: '{}'\n  weight: {}\n  tags:\n  - kscale\n  upstream: {}\n", k_id, address,
                     weight, k_upstream);
}

const std::string k_first = entry_of("8ca7debb-f256-556d-a5fa-0e4c54291b6d", "127.0.0.1:19002");
const std::string k_second = entry_of("63e68bd7-9d51-58b1-b115-a16a1d3b20da", "127.0.0.1:19003");
const std::string k_third = entry_of("8d508cc4-7f14-59f1-9e53-48cdf74e36a0", "127.0.0.1:19001");

const Error k_other_form{Errc::invalid, "Kong's configuration is of a form that kscale does not know"};

/// Two upstreams, and values that another program would write as another type.
constexpr const char* k_tricky = R"(_transform: false
_format_version: '3.0'
_info:
  note: 'yes'
consumers:
- username: Zoë
  custom_id: '0123'
  id: 0c2824da-2a6d-52c7-95e0-64424a214d21
  tags:
  - 'no'
  - '1e3'
  - "targets: [x]"
upstreams:
- id: aaaaaaaa-0000-4000-8000-000000000001
  name: one
- id: aaaaaaaa-0000-4000-8000-000000000002
  name: two
targets:
- id: bbbbbbbb-0000-4000-8000-000000000001
  weight: 5
  target: 10.0.0.1:80
  upstream: aaaaaaaa-0000-4000-8000-000000000001
- id: bbbbbbbb-0000-4000-8000-000000000002
  weight: 6
  target: 10.0.0.1:80
  upstream: aaaaaaaa-0000-4000-8000-000000000002
keyauth_credentials:
- consumer: 0c2824da-2a6d-52c7-95e0-64424a214d21
  key: '0777'
  note: |
    targets:
    - not one
)";

}  // namespace

TEST_CASE("a target is weighed in a recorded configuration, and no other byte moves") {
  const auto text = recorded_text();
  CHECK(changed(text, {{Kind::weigh, "127.0.0.1:19003", 0}}) ==
        with(text, k_second, entry_of("63e68bd7-9d51-58b1-b115-a16a1d3b20da", "127.0.0.1:19003", 0)));
}

TEST_CASE("what stands behind the word targets stays") {
  const auto text = with(recorded_text(), "targets:\n" + k_first, "targets: # by hand \n" + k_first);
  CHECK(changed(text, {{Kind::weigh, "127.0.0.1:19002", 0}}).find("targets: # by hand \n- id") != std::string::npos);
}

TEST_CASE("a target is added behind the others of a recorded configuration") {
  const auto text = recorded_text();
  CHECK(changed(text, {{Kind::add, "127.0.0.1:19004", 50}}) ==
        with(text, k_third, k_third + added("127.0.0.1:19004", 50)));
}

TEST_CASE("a target is removed from a recorded configuration, be it first, in the middle or last") {
  const auto text = recorded_text();
  CHECK(changed(text, {{Kind::remove, "127.0.0.1:19002"}}) == with(text, k_first, ""));
  CHECK(changed(text, {{Kind::remove, "127.0.0.1:19003"}}) == with(text, k_second, ""));
  CHECK(changed(text, {{Kind::remove, "127.0.0.1:19001"}}) == with(text, k_third, ""));
}

TEST_CASE("several changes are made at once") {
  const auto text = recorded_text();
  const auto edited = changed(
      text, {{Kind::add, "shop-4:3020", 100}, {Kind::remove, "127.0.0.1:19002"}, {Kind::weigh, "127.0.0.1:19001", 7}});
  CHECK(edited == with(text, k_first + k_second + k_third,
                       k_second + entry_of("8d508cc4-7f14-59f1-9e53-48cdf74e36a0", "127.0.0.1:19001", 7) +
                           added("shop-4:3020", 100)));
}

TEST_CASE("adding a target that is there gives it the weight") {
  const auto text = recorded_text();
  CHECK(changed(text, {{Kind::add, "127.0.0.1:19003", 0}}) == changed(text, {{Kind::weigh, "127.0.0.1:19003", 0}}));
}

TEST_CASE("a target that is added can be weighed among the same changes") {
  const auto text = recorded_text();
  const auto wanted = with(text, k_third, k_third + added("127.0.0.1:19004", 7));
  CHECK(changed(text, {{Kind::add, "127.0.0.1:19004", 50}, {Kind::weigh, "127.0.0.1:19004", 7}}) == wanted);
  CHECK(changed(text, {{Kind::add, "127.0.0.1:19004", 100}, {Kind::add, "127.0.0.1:19004", 7}}) == wanted);
}

TEST_CASE("a configuration that says so already comes back as it was") {
  const auto text = recorded_text();
  CHECK(changed(text, {}) == text);
  CHECK(changed(text, {{Kind::add, "127.0.0.1:19003", 100}}) == text);
  CHECK(changed(text, {{Kind::weigh, "127.0.0.1:19003", 100}}) == text);
  CHECK(changed(text, {{Kind::remove, "127.0.0.1:19099"}}) == text);
  CHECK(changed(text, {{Kind::add, "127.0.0.1:19099"}, {Kind::remove, "127.0.0.1:19099"}}) == text);
}

TEST_CASE("the same changes twice give the same text") {
  const Changes changes{
      {Kind::add, "127.0.0.1:19004", 50}, {Kind::weigh, "127.0.0.1:19001", 0}, {Kind::remove, "127.0.0.1:19002"}};
  const auto once = changed(recorded_text(), changes);
  CHECK(changed(once, changes) == once);
}

TEST_CASE("a target that is there twice is weighed and removed as one") {
  const auto text = recorded_text();
  const auto twice = with(text, k_second, entry_of("63e68bd7-9d51-58b1-b115-a16a1d3b20da", "127.0.0.1:19001", 5));
  const auto weighed = changed(twice, {{Kind::weigh, "127.0.0.1:19001", 7}});
  CHECK(changed(weighed, {{Kind::add, "127.0.0.1:19001", 7}}) == weighed);
  CHECK(weighed.find("weight: 5") == std::string::npos);
  CHECK(changed(weighed, {{Kind::remove, "127.0.0.1:19001"}}) ==
        changed(text, {{Kind::remove, "127.0.0.1:19003"}, {Kind::remove, "127.0.0.1:19001"}}));
}

TEST_CASE("when the last target goes, the word goes, and with the next one it comes back") {
  const auto text = recorded_text();
  const auto bare = changed(
      text, {{Kind::remove, "127.0.0.1:19001"}, {Kind::remove, "127.0.0.1:19002"}, {Kind::remove, "127.0.0.1:19003"}});
  CHECK(bare == with(text, "targets:\n" + k_first + k_second + k_third, ""));
  CHECK(changed(bare, {{Kind::add, "127.0.0.1:19004", 50}}) == bare + "targets:\n" + added("127.0.0.1:19004", 50));
}

TEST_CASE("targets that end the text are changed like others") {
  const auto text = recorded_text("dbless/72-config-get-roundtrip-source");
  CHECK(changed(text, {{Kind::add, "127.0.0.1:19004", 50}}) == text + added("127.0.0.1:19004", 50));
  const auto cut = text.substr(0, text.size() - 1);  // without the last newline
  CHECK(changed(cut, {{Kind::add, "127.0.0.1:19004", 50}}) == text + added("127.0.0.1:19004", 50));
}

TEST_CASE("all recorded configurations take a target and give it back, byte for byte") {
  for (const auto* const name :
       {"dbless/36-config-get", "dbless/40-config-get-after-post", "dbless/72-config-get-roundtrip-source"}) {
    const auto text = recorded_text(name);
    const auto more = changed(text, {{Kind::add, "[0000:0000:0000:0000:0000:0000:0000:0001]:80", 1}});
    CHECK(more != text);
    CHECK(changed(more, {{Kind::remove, "[0000:0000:0000:0000:0000:0000:0000:0001]:80"}}) == text);
  }
}

TEST_CASE("an empty list of targets takes the first one") {
  const auto text = with(recorded_text(), "targets:\n" + k_first + k_second + k_third, "targets: []\n");
  CHECK(changed(text, {{Kind::add, "127.0.0.1:19004", 50}}) ==
        with(text, "targets: []\n", "targets:\n" + added("127.0.0.1:19004", 50)));
}

TEST_CASE("quoted texts, other upstreams' targets and what only looks like targets stay as they are") {
  const std::string text = k_tricky;
  CHECK(changed(text, {{Kind::weigh, "10.0.0.1:80", 0}}, "two") == with(text, "weight: 6", "weight: 0"));
  CHECK(changed(text, {{Kind::remove, "10.0.0.1:80"}}, "one") ==
        with(text,
             "- id: bbbbbbbb-0000-4000-8000-000000000001\n  weight: 5\n  target: 10.0.0.1:80\n"
             "  upstream: aaaaaaaa-0000-4000-8000-000000000001\n",
             ""));
}

TEST_CASE("an upstream that Kong does not have is an error") {
  CHECK(error_of(recorded_text(), {{Kind::add, "a:1"}}, "nope") ==
        Error{Errc::not_found, "Kong has no upstream 'nope'"});
  CHECK(error_of("_transform: false\n_format_version: '3.0'\n", {{Kind::add, "a:1"}}) ==
        Error{Errc::not_found, "Kong has no upstream 'svc'"});
}

TEST_CASE("a target to weigh that Kong does not have is an error") {
  CHECK(error_of(recorded_text(), {{Kind::weigh, "127.0.0.1:19099", 0}}) ==
        Error{Errc::not_found, "Kong has no target '127.0.0.1:19099'"});
}

TEST_CASE("targets in flow style are refused") {
  const auto text =
      with(recorded_text(), k_first + k_second + k_third,
           fmt::format("  [{{id: 8ca7debb-f256-556d-a5fa-0e4c54291b6d, target: 'a:1', weight: 1, upstream: {}}}]\n",
                       k_upstream));
  CHECK(error_of(text, {{Kind::weigh, "a:1", 0}}) == k_other_form);
  CHECK(error_of(text, {{Kind::add, "b:1", 0}}) == k_other_form);
}

TEST_CASE("targets nested in their upstream are refused, so that there are never two lists") {
  CHECK(error_of("upstreams:\n- name: svc\n  targets:\n  - target: a:1\n    weight: 1\n", {{Kind::add, "b:1"}}) ==
        k_other_form);
  CHECK(error_of("upstreams:\n- id: 5038f006-9b88-5918-bb58-699f065f8b98\n  name: svc\n"
                 "  targets:\n  - target: a:1\n    weight: 1\n",
                 {{Kind::add, "b:1"}}) == k_other_form);
}

TEST_CASE("other shapes of targets are refused rather than guessed at") {
  for (const std::string bad : {"targets: none\n", "targets:\n  one: two\n", "targets:\n- just a text\n"}) {
    CAPTURE(bad);
    const auto listed = fmt::format("targets:\n{}{}{}", k_first, k_second, k_third);
    const auto text = with(recorded_text(), listed, bad);
    CHECK(error_of(text, {{Kind::add, "b:1"}}) == k_other_form);
  }
  CHECK(error_of("- a list\n", {{Kind::add, "b:1"}}) == k_other_form);
  CHECK(error_of("", {{Kind::add, "b:1"}}) == k_other_form);
  const auto quoted = with(recorded_text(), k_first, with(k_first, "weight: 100", "weight: '100'"));
  CHECK(error_of(quoted, {{Kind::weigh, "127.0.0.1:19002", 5}}) == k_other_form);
}

TEST_CASE("broken YAML gives its line and none of its text") {
  const auto error = error_of("_transform: false\nkey: [s3cret-key\nmore: x\n", {{Kind::add, "b:1"}});
  CHECK(error.code == Errc::invalid);
  CHECK(error.what == "Kong's configuration is not valid YAML at line 3");
}

TEST_CASE("what is nested beyond measure is refused, with its line") {
  const auto text = recorded_text() + "plugins: " + std::string(300'000, '[');
  const auto error = error_of(text, {{Kind::add, "b:1"}});
  CHECK(error.what.starts_with("Kong's configuration is nested too deeply at line "));
}

TEST_CASE("a key that is there twice is refused: readers differ on which of them counts") {
  CHECK(error_of(recorded_text() + "_transform: true\n", {{Kind::add, "b:1"}}) == k_other_form);
  const auto weighed_twice = with(recorded_text(), k_first, k_first + "  weight: 7\n");
  CHECK(error_of(weighed_twice, {{Kind::weigh, "127.0.0.1:19002", 0}}) == k_other_form);
}

TEST_CASE("many keys take a time in proportion") {
  const auto time_for = [](int keys) {
    auto text = recorded_text();
    for (int n = 0; n < keys; ++n) {
      text += fmt::format("custom_entities_{}: []\n", n);
    }
    const auto begin = std::clock();  // of the processor, so that other work does not count
    CHECK(changed(text, {{Kind::add, "b:1"}}).size() > text.size());
    return static_cast<double>(std::clock() - begin);
  };
  CHECK(time_for(20'000) < 40 * time_for(2'000));  // 10 times as many; by the square it is 100 times as long
}

TEST_CASE("an address that would change the meaning of the text is refused") {
  for (const std::string address : {"a:1'\n  weight: 9", "a:1\nplugins: []", "a:1'", "", "a:1 # x", "a:{b}"}) {
    CAPTURE(address);
    CHECK(error_of(recorded_text(), {{Kind::add, address}}) ==
          Error{Errc::invalid, fmt::format("'{}' is no address for a target", printable(address))});
  }
}

TEST_CASE("a configuration with aliases is refused: Kong writes none, and they may stand for more than can be read") {
  const std::string upstreams = "upstreams:\n- id: a\n  name: svc\n";
  CHECK(error_of("plugins: &p\n- *p\n" + upstreams, {{Kind::add, "b:1"}}) == k_other_form);
  CHECK(error_of("plugins: &p\n  ? *p\n  : x\n" + upstreams, {{Kind::add, "b:1"}}) == k_other_form);
  CHECK(error_of("plugins:\n  &p [*p]: x\n" + upstreams, {{Kind::add, "b:1"}}) == k_other_form);
  CHECK(error_of("plugins: &p {a: {b: *p}}\n" + upstreams, {{Kind::add, "b:1"}}) == k_other_form);
  std::string laughs = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 100; ++i) {
    laughs += fmt::format("a{0}: &a{0} [*a{1}, *a{1}]\n", i, i - 1);
  }
  CHECK(error_of(laughs + upstreams, {{Kind::add, "b:1"}}) == k_other_form);
  CHECK(change("plugins: &p []\n" + upstreams, {{Kind::add, "b:1"}}).has_value());
}
