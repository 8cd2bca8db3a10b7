// SPDX-License-Identifier: Apache-2.0
#include "health/probe/grpc_health.h"

namespace sluice::health {
namespace {

constexpr size_t kFrameHeader = 5;
constexpr char kServiceTag = 1 << 3 | 2, kStatusTag = 1 << 3 | 0;

std::string encode_varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += char(value | 0x80);
  return bytes += char(value);
}

// Takes a varint off `rest`.
std::optional<uint64_t> take_varint(std::string_view& rest) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    const uint8_t byte = uint8_t(rest[0]);
    rest.remove_prefix(1);
    value |= uint64_t(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return value;
  }
  return std::nullopt;
}

bool skip(std::string_view& rest, uint64_t size) {
  if (size > rest.size()) return false;
  rest.remove_prefix(size);
  return true;
}

bool skip_value(std::string_view& rest, uint64_t wire_type) {
  switch (wire_type) {
    case 0:
      return take_varint(rest).has_value();
    case 1:
      return skip(rest, 8);
    case 2: {
      const std::optional<uint64_t> size = take_varint(rest);
      return size && skip(rest, *size);
    }
    case 5:
      return skip(rest, 4);
    default:
      return false;
  }
}

}  // namespace

std::string encode_health_request(std::string_view service) {
  std::string message;
  if (!service.empty()) {
    message = kServiceTag + encode_varint(service.size());
    message += service;
  }
  std::string body(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) body += char(message.size() >> shift);
  return body + message;
}

std::optional<ServingStatus> decode_health_response(std::string_view body) {
  if (body.size() < kFrameHeader || body[0] != 0) return std::nullopt;
  uint32_t size = 0;
  for (size_t i = 1; i < kFrameHeader; i++) size = size << 8 | uint8_t(body[i]);
  std::string_view rest = body.substr(kFrameHeader);
  if (rest.size() != size) return std::nullopt;
  uint64_t status = 0;
  while (!rest.empty()) {
    const std::optional<uint64_t> tag = take_varint(rest);
    if (!tag) return std::nullopt;
    if (*tag != kStatusTag) {
      if (!skip_value(rest, *tag & 7)) return std::nullopt;
      continue;
    }
    const std::optional<uint64_t> value = take_varint(rest);
    if (!value) return std::nullopt;
    status = *value;
  }
  return ServingStatus(status);
}

}  // namespace sluice::health
