#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "libscale/docker/mask.hpp"

namespace kscale::docker {

/// Whether the value of a variable of that name is no secret. All others might be.
bool is_public(std::string_view variable);

/// Hides the values of an .env file. One that cannot be read hides nothing: Compose itself tells that.
void hide_env_file(Mask& mask, const std::filesystem::path& file);

/// Hides what is secret in a file that Compose reads, likewise.
void hide_compose_file(Mask& mask, const std::filesystem::path& file);

/// Hides what is secret in the text of such a file, or in what `config` writes: the values of variables and of the
/// arguments of a build, contents of configurations, and the values in files that it names, which are sought from
/// `folder` on. Keeps what is public: the names of services, containers and images.
void hide_compose_text(Mask& mask, const std::string& text, const std::filesystem::path& folder);

}  // namespace kscale::docker
