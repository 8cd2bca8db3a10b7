// SPDX-License-Identifier: Apache-2.0
#include "health/probe/echo.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace sluice::health {

namespace {

// The header, as it is on the wire.
struct Header {
  uint8_t type, code;
  uint16_t checksum, id, sequence;
};
static_assert(sizeof(Header) == kEchoHeader);

std::string payload_of(const Echo& echo) {
  std::string payload(std::max(echo.payload, kLeastPayload), '\0');
  for (size_t i = 0; i < payload.size(); i++) payload[i] = char(i);
  memcpy(payload.data(), &echo.token, sizeof echo.token);
  return payload;
}

uint16_t checksum(std::string_view bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); i += 2) {
    uint16_t word = 0;
    memcpy(&word, bytes.data() + i, std::min<size_t>(2, bytes.size() - i));
    sum += word;
  }
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return uint16_t(~sum);
}

}  // namespace

std::string echo_request(int family, const Echo& echo) {
  Header header = {.type = uint8_t(family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST),
                   .code = 0,
                   .checksum = 0,
                   .id = htons(echo.id),
                   .sequence = htons(echo.sequence)};
  std::string message(sizeof header, '\0');
  message += payload_of(echo);
  memcpy(message.data(), &header, sizeof header);
  if (family == AF_INET) {
    header.checksum = checksum(message);
    memcpy(message.data(), &header, sizeof header);
  }
  return message;
}

std::optional<uint64_t> reply_token(int family, std::string_view message) {
  if (message.size() < kEchoHeader + kLeastPayload) return {};
  const uint8_t type = family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
  if (uint8_t(message[0]) != type) return {};
  uint64_t token = 0;
  memcpy(&token, message.data() + kEchoHeader, sizeof token);
  return token;
}

std::string wrong_with_reply(int family, std::string_view message, const Echo& echo,
                             bool compare_id) {
  const std::string request = echo_request(family, echo);
  if (message.size() != request.size())
    return fmt::format("{} bytes of {} came back", message.size() - kEchoHeader,
                       request.size() - kEchoHeader);
  if (message.substr(kEchoHeader) != std::string_view(request).substr(kEchoHeader))
    return "other bytes came back than were sent";
  Header header;
  memcpy(&header, message.data(), sizeof header);
  if (ntohs(header.sequence) != echo.sequence || (compare_id && ntohs(header.id) != echo.id))
    return "the reply has another number than the request";
  return "";
}

}  // namespace sluice::health
