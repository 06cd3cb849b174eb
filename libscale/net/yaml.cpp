#include "libscale/net/yaml.hpp"

#include <yaml-cpp/depthguard.h>

namespace kscale::yaml {

Result<YAML::Node> parse(const std::string& text) try {
  return YAML::Load(text);
} catch (const YAML::DeepRecursion& fault) {
  return fail(Errc::invalid, "nested too deeply at line {}", fault.mark.line + 1);
} catch (const YAML::Exception& fault) {
  return fail(Errc::invalid, "not valid YAML at line {}", fault.mark.line + 1);
}

std::string scalar(const YAML::Node& node) {
  return node && node.IsScalar() ? node.Scalar() : std::string();
}

}  // namespace kscale::yaml
