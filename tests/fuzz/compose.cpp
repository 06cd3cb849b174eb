// What Compose writes: its services; its words when it failed; and the secrets that neither may show.

#include "libscale/docker/compose.hpp"

#include "libscale/docker/secrets.hpp"
#include "tests/fuzz/file.hpp"
#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

void look_at_services(std::string_view text) {
  const auto services = docker::parse_services(std::string(text));
  if (!services) {
    require_printable(services.error().what, "why these are no services");
    return;
  }
  require(services->size() <= text.size(), "no more services come out than went in");
}

/// What stands in a file is hidden in what is said, but for short words and those that are public.
void look_at_words(std::string_view file, std::string_view output) {
  docker::Mask mask;
  docker::hide_compose_text(mask, std::string(file), folder().path());
  mask.hide("a-planted-secret");
  require_printable(docker::last_words(output, mask), "the last words of Compose");
  const auto shown = mask.applied(output);
  docker::Mask plain;
  plain.hide("a-planted-secret");
  require(plain.applied(output).find("a-planted-secret") == std::string::npos, "what is secret is hidden");
  require(shown.size() <= output.size() * 3 + 3, "what is hidden is not long");
}

}  // namespace

void take(std::string_view bytes) {
  const auto file = take_part(bytes);
  look_at_services(file);
  look_at_words(file, bytes);
}

}  // namespace kscale::fuzz
