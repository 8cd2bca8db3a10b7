// SPDX-License-Identifier: Apache-2.0
#include "agent/prefix.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace sluice::agent {

namespace {

constexpr unsigned kMappedBits = 96;

unsigned extra_bits(const IpAddress& address) {
  return address.is_v4() ? kMappedBits : 0;
}

// A decimal number without sign or leading zeros, at most `max`.
std::optional<unsigned> parse_length(std::string_view text, unsigned max) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end || value > max) return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  return value;
}

IpAddress cut(const IpAddress& address, unsigned length) {
  IpAddress::Bytes bytes = address.bytes();
  for (unsigned bit = length; bit < 8 * bytes.size(); bit++)
    bytes[bit / 8] &= uint8_t(~(0x80 >> bit % 8));
  return IpAddress(bytes);
}

}  // namespace

Result<Prefix> Prefix::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const std::optional<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  if (!address) return Error{"not an IP address or prefix"};
  const unsigned extra = extra_bits(*address), max = 128 - extra;
  if (slash == text.npos) return Prefix{*address, 128};
  const std::optional<unsigned> length = parse_length(text.substr(slash + 1), max);
  if (!length) return Error{fmt::format("the length of the prefix is not in 0..{}", max)};
  const Prefix prefix = {cut(*address, *length + extra), *length + extra};
  if (prefix.address != *address)
    return Error{"bits are set behind the prefix (did you mean " + prefix.to_string() + "?)"};
  return prefix;
}

std::string Prefix::to_string() const {
  return fmt::format("{}/{}", address.to_string(), length - extra_bits(address));
}

}  // namespace sluice::agent
