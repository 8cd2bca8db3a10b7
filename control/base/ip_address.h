// SPDX-License-Identifier: Apache-2.0
// Addresses as values: IP of either family, and Ethernet.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// An IPv4 or IPv6 address: 16 bytes in network order, IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2),
// which is also how the data plane sees it. Orders by bytes, so every IPv4 address sorts together.
class IpAddress {
 public:
  using Bytes = std::array<uint8_t, 16>;

  IpAddress() = default;  // ::
  explicit IpAddress(const Bytes& bytes) : bytes_(bytes) {}
  // `address` is 4 (AF_INET) or 16 (AF_INET6) bytes in network order, as in in_addr and in6_addr.
  static IpAddress from_v4(const void* address);
  static IpAddress from_v6(const void* address);
  // Accepts what inet_pton(3) accepts: dotted quad without leading zeros, or RFC 4291 text.
  // An IPv4-mapped IPv6 text is refused: it would be a second spelling of an IPv4 address.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  // AF_INET or AF_INET6.
  int family() const;
  const Bytes& bytes() const { return bytes_; }
  // The 4 or 16 bytes of its family, in network order.
  const uint8_t* data() const { return bytes_.data() + (is_v4() ? 12 : 0); }
  size_t size() const { return is_v4() ? 4 : 16; }
  bool is_unspecified() const;  // 0.0.0.0 or ::
  bool is_loopback() const;     // 127/8 or ::1
  bool is_multicast() const;    // 224/4 or ff00::/8
  bool is_link_local() const;   // 169.254/16 or fe80::/10
  std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  Bytes bytes_ = {};
};

// A range of addresses: all that agree with `address` in its first `length` bits, counted in its
// own family (0-32 or 0-128). The other bits of `address` are zero.
struct IpPrefix {
  IpAddress address;
  uint8_t length = 128;

  // The prefix that holds `address` alone.
  static IpPrefix of(const IpAddress& address);
  // "192.0.2.0/24", or an address alone. Refuses bits set behind the length.
  static std::optional<IpPrefix> parse(std::string_view text);

  bool is_single() const { return length == address.size() * 8; }
  bool contains(const IpAddress& other) const;
  std::string to_string() const;  // without the length where it is a single address

  auto operator<=>(const IpPrefix&) const = default;
};

// A 48-bit Ethernet address.
class MacAddress {
 public:
  using Bytes = std::array<uint8_t, 6>;

  MacAddress() = default;  // 00:00:00:00:00:00
  explicit MacAddress(const Bytes& bytes) : bytes_(bytes) {}
  // Six pairs of hexadecimal digits separated by colons.
  static std::optional<MacAddress> parse(std::string_view text);

  const Bytes& bytes() const { return bytes_; }
  bool is_zero() const { return bytes_ == Bytes{}; }
  bool is_multicast() const { return bytes_[0] & 1; }
  std::string to_string() const;

  auto operator<=>(const MacAddress&) const = default;

 private:
  Bytes bytes_ = {};
};

}  // namespace sluice
