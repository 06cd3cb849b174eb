#include "tests/sandbox/kong/uuid.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

namespace kscale::sandbox {
namespace {

constexpr std::size_t k_block = 64;
using Words = std::array<std::uint32_t, 5>;
using Bytes16 = std::array<unsigned char, 16>;

/// One round of SHA-1 (RFC 3174).
void add_block(Words& hash, std::string_view block) {
  std::array<std::uint32_t, 80> w{};
  for (std::size_t i = 0; i < 16; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      w[i] = (w[i] << 8U) | static_cast<unsigned char>(block[4 * i + j]);
    }
  }
  for (std::size_t i = 16; i < w.size(); ++i) {
    w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  }
  auto [a, b, c, d, e] = hash;
  for (std::size_t i = 0; i < w.size(); ++i) {
    std::uint32_t mixed = 0;
    if (i < 20) {
      mixed = ((b & c) | (~b & d)) + 0x5A827999U;
    } else if (i < 40) {
      mixed = (b ^ c ^ d) + 0x6ED9EBA1U;
    } else if (i < 60) {
      mixed = ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCU;
    } else {
      mixed = (b ^ c ^ d) + 0xCA62C1D6U;
    }
    const auto next = std::rotl(a, 5) + mixed + e + w[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  hash[0] += a;
  hash[1] += b;
  hash[2] += c;
  hash[3] += d;
  hash[4] += e;
}

Words sha1(std::string text) {
  const auto bits = std::uint64_t{text.size()} * 8;
  text.push_back('\x80');
  while (text.size() % k_block != k_block - sizeof(bits)) {
    text.push_back('\0');
  }
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    text.push_back(static_cast<char>((bits >> (shift - 8)) & 0xFFU));
  }
  Words hash{0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
  for (std::size_t at = 0; at < text.size(); at += k_block) {
    add_block(hash, std::string_view(text).substr(at, k_block));
  }
  return hash;
}

std::string written(Bytes16 bytes, unsigned version) {
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | (version << 4U));
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text.push_back('-');
    }
    text += fmt::format("{:02x}", bytes[i]);
  }
  return text;
}

/// The sixteen bytes of a UUID, as they go into the hash.
std::string bytes_of(std::string_view uuid) {
  std::string digits(uuid);
  std::erase(digits, '-');
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::string uuid_v5(std::string_view space, std::string_view name) {
  const auto hash = sha1(bytes_of(space).append(name));
  Bytes16 bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<unsigned char>(hash[i / 4] >> (24 - 8 * (i % 4)));
  }
  return written(bytes, 5);
}

}  // namespace

bool is_uuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = std::string_view("0123456789abcdefABCDEF").find(text[i]) != std::string_view::npos;
    if (dash ? text[i] != '-' : !hex) {
      return false;
    }
  }
  return true;
}

std::string uuid_v4(std::mt19937_64& random) {
  Bytes16 bytes{};
  for (auto& byte : bytes) {
    byte = static_cast<unsigned char>(random());
  }
  return written(bytes, 4);
}

std::string uuid_of(std::string_view kind, std::string_view key) {
  return uuid_v5(uuid_v5("fd02801f-0957-4a15-a55a-c8d9606f30b5", kind), key);
}

}  // namespace kscale::sandbox
