// SPDX-License-Identifier: Apache-2.0
#include "base/ip_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sluice {

namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

IpAddress IpAddress::from_v4(const void* address) {
  IpAddress a;
  std::copy(kMapped.begin(), kMapped.end(), a.bytes_.begin());
  std::memcpy(a.bytes_.data() + kMapped.size(), address, 4);
  return a;
}

IpAddress IpAddress::from_v6(const void* address) {
  IpAddress a;
  std::memcpy(a.bytes_.data(), address, a.bytes_.size());
  return a;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string z(text);  // inet_pton wants a terminated string
  if (z.find('\0') != std::string::npos) return std::nullopt;
  uint8_t buffer[16];
  if (inet_pton(AF_INET, z.c_str(), buffer) == 1) return from_v4(buffer);
  if (inet_pton(AF_INET6, z.c_str(), buffer) != 1) return std::nullopt;
  const IpAddress a = from_v6(buffer);
  if (a.is_v4()) return std::nullopt;
  return a;
}

bool IpAddress::is_v4() const {
  return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin());
}

int IpAddress::family() const {
  return is_v4() ? AF_INET : AF_INET6;
}

bool IpAddress::is_unspecified() const {
  return std::all_of(data(), data() + size(), [](uint8_t b) { return b == 0; });
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return data()[0] == 127;
  return std::all_of(data(), data() + 15, [](uint8_t b) { return b == 0; }) && data()[15] == 1;
}

bool IpAddress::is_multicast() const {
  return is_v4() ? (data()[0] & 0xf0) == 0xe0 : data()[0] == 0xff;
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return data()[0] == 169 && data()[1] == 254;
  return data()[0] == 0xfe && (data()[1] & 0xc0) == 0x80;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(family(), data(), text, sizeof(text));
}

IpPrefix IpPrefix::of(const IpAddress& address) {
  return {.address = address, .length = uint8_t(address.size() * 8)};
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpPrefix prefix = of(*address);
  if (slash == std::string_view::npos) return prefix;
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (length > prefix.length || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  prefix.length = uint8_t(length);
  for (size_t bit = length; bit < address->size() * 8; bit++)
    if (address->data()[bit / 8] & (0x80 >> bit % 8)) return std::nullopt;
  return prefix;
}

bool IpPrefix::contains(const IpAddress& other) const {
  if (other.family() != address.family()) return false;
  for (size_t bit = 0; bit < length; bit++)
    if ((address.data()[bit / 8] ^ other.data()[bit / 8]) & (0x80 >> bit % 8)) return false;
  return true;
}

std::string IpPrefix::to_string() const {
  if (is_single()) return address.to_string();
  return fmt::format("{}/{}", address.to_string(), length);
}

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  Bytes bytes = {};
  for (size_t i = 0; i < text.size(); i++) {
    if (i % 3 == 2) {
      if (text[i] != ':') return std::nullopt;
      continue;
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    const char lower = text[i] >= 'A' && text[i] <= 'F' ? char(text[i] + ('a' - 'A')) : text[i];
    const size_t digit = kDigits.find(lower);
    if (digit == std::string_view::npos) return std::nullopt;
    bytes[i / 3] = uint8_t(bytes[i / 3] << 4 | digit);
  }
  return MacAddress(bytes);
}

std::string MacAddress::to_string() const {
  return fmt::format("{:02x}", fmt::join(bytes_, ":"));
}

}  // namespace sluice
