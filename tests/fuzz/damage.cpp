#include "tests/fuzz/damage.hpp"

#include <algorithm>
#include <cstddef>

#include "tests/fuzz/target.hpp"

namespace kscale::fuzz {

namespace {

constexpr std::size_t k_page = 4096;

std::size_t take_place(std::string_view& bytes, std::size_t size) {
  const auto high = take_byte(bytes);
  const auto middle = take_byte(bytes);
  return (high << 16U | middle << 8U | take_byte(bytes)) % size;
}

void write_over(std::string& file, std::size_t place, std::string_view text) {
  text = text.substr(0, file.size() - place);
  std::copy(text.begin(), text.end(), file.begin() + static_cast<std::ptrdiff_t>(place));
}

}  // namespace

std::string damaged(std::string sound, std::string_view bytes) {
  auto file = std::move(sound);
  while (!bytes.empty() && !file.empty()) {
    const auto kind = take_byte(bytes) % 4;
    const auto place = take_place(bytes, file.size());
    const auto length = take_byte(bytes);
    switch (kind) {
      case 0:
        write_over(file, place, bytes.substr(0, length % 16 + 1));
        bytes.remove_prefix(std::min<std::size_t>(length % 16 + 1, bytes.size()));
        break;
      case 1:
        write_over(file, place, std::string(std::size_t{length} * 32, '\0'));
        break;
      case 2:
        write_over(file, length * k_page % file.size(), file.substr(place / k_page * k_page, k_page));
        break;
      default:
        file.resize(length == 0 ? place : file.size());
    }
  }
  return file;
}

}  // namespace kscale::fuzz
