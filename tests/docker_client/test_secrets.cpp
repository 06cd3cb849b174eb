#include <fstream>

#include <catch2/catch.hpp>

#include "libscale/docker/secrets.hpp"
#include "tests/fakes/temp_dir.hpp"

using namespace kscale;
using docker::Mask;

namespace {

/// What is left of the words when the text of a compose file is hidden.
std::string shown(const std::string& words, const std::string& text, const std::filesystem::path& folder = "/nowhere") {
  Mask mask;
  docker::hide_compose_text(mask, text, folder);
  return mask.applied(words);
}

}  // namespace

TEST_CASE("what stands in the environment of a service is hidden, and its names are not") {
  const std::string text =
      "services:\n  backend-1:\n    image: registry/backend\n    environment:\n      WORD: hidden-one\n      NAME: "
      "backend-1\n"
      "      OTHER: ${X:-hidden-two}\n      COST: five$$dollars\n    build: {args: [A=hidden-three]}\n";
  CHECK(shown("hidden-one hidden-two hidden-three five$dollars backend-1", text) == "*** *** *** *** backend-1");
}

TEST_CASE("the values of files that a compose file names are hidden, however they are named") {
  const fakes::TempDir folder;
  std::ofstream(folder / "one.env") << "A=value-one\n";
  std::ofstream(folder / "two.env") << "B=value-two\nPATH=/usr/bin\n";
  CHECK(shown("value-one", "services: {a: {env_file: one.env}}", folder.path()) == "***");
  CHECK(shown("value-one value-two /usr/bin", "services: {a: {env_file: [one.env, {path: two.env}]}}", folder.path()) ==
        "*** *** /usr/bin");
  CHECK(shown("value-one", "services: {a: {env_file: [{required: true}, missing.env, one.env]}}", folder.path()) ==
        "***");
}

TEST_CASE("a compose file without services has its secrets hidden all the same") {
  CHECK(shown("hidden-one", "configs: {a: {content: hidden-one}}") == "***");
  CHECK(shown("hidden-one", "services:\nx-common: {environment: [A=hidden-one]}") == "***");
}

TEST_CASE("an alias that stands for what holds it, or for more than can be read, ends") {
  CHECK(shown("hidden-one", "services: {a: &a {env_file: &e [*e, *a], environment: [A=hidden-one, *e]}}") == "***");
  std::string laughs = "x0: &a0 [x, x]\n";
  for (int i = 1; i < 100; ++i) {
    laughs += "x" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + ", *a" +
              std::to_string(i - 1) + "]\n";
  }
  CHECK(shown("word", laughs) == "word");
  std::string files = "x: &x [x";
  for (int i = 0; i < 20'000; ++i) {
    files += ",x";
  }
  files += "]\ny:\n";
  for (int i = 0; i < 20'000; ++i) {
    files += "- env_file: *x\n";
  }
  CHECK(shown("word", files) == "word");
}

TEST_CASE("a value of many variables that never end is read in a time that grows with its length") {
  std::string value;  // by the square, this would take minutes
  for (int n = 0; n < 500'000; ++n) {
    value += "${";
  }
  CHECK(shown("word", "services: {a: {environment: {K: '" + value + "'}}}") == "word");
  CHECK(shown("one two", "services: {a: {environment: {K: '${A:-hide-one}', B: '${C-${D:-hidden}}'}}}") == "one two");
  CHECK(shown("hide-one hidden", "services: {a: {environment: {K: '${A-hide-one} ${B-${C:-hidden}}'}}}") == "*** ***");
}

TEST_CASE("what is no YAML hides nothing and fails nothing") {
  CHECK(shown("word", "a: [") == "word");
  CHECK(shown("word", "") == "word");
}
