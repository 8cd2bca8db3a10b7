// SPDX-License-Identifier: Apache-2.0
#include "health/probe/dns_message.h"

#include <ares.h>
#include <fmt/format.h>
#include <strings.h>

#include <memory>

namespace sluice::health {
namespace {

constexpr size_t kHeader = 12;
constexpr size_t kTypeAndClass = 4;  // at the end of a question
constexpr int kInternet = 1;

uint16_t number_at(std::string_view bytes, size_t at) {
  return uint16_t(uint8_t(bytes[at]) << 8 | uint8_t(bytes[at + 1]));
}

// Names are compared without regard to case; the length of a label is no letter.
bool repeats(std::string_view question, std::string_view packet) {
  if (packet.size() < question.size()) return false;
  const size_t name = question.size() - kTypeAndClass;
  const std::string_view other = packet.substr(0, question.size());
  for (size_t i = kHeader; i < name; i++)
    if (::strncasecmp(&question[i], &other[i], 1) != 0) return false;
  return question.substr(name) == other.substr(name);
}

}  // namespace

Result<std::string> encode_dns_question(const DnsCheck& check, uint16_t id) {
  unsigned char* bytes = nullptr;
  int size = 0;
  const int r =
      ares_create_query(check.name.c_str(), kInternet, check.type, id, 1, &bytes, &size, 0);
  if (r != ARES_SUCCESS)
    return Error{fmt::format("cannot ask for {}: {}", check.name, ares_strerror(r))};
  const std::unique_ptr<unsigned char, void (*)(void*)> owner(bytes, ares_free_string);
  return std::string(reinterpret_cast<const char*>(bytes), size_t(size));
}

std::optional<DnsAnswer> decode_dns_answer(std::string_view question, std::string_view packet) {
  if (packet.size() < kHeader || number_at(packet, 0) != number_at(question, 0))
    return std::nullopt;
  const uint8_t flags = uint8_t(packet[2]);
  const bool answers = flags >> 7 && (flags >> 3 & 0xf) == 0;  // QR, OPCODE
  const uint8_t rcode = uint8_t(packet[3]) & 0xf;
  const uint16_t questions = number_at(packet, 4);
  const bool ours = questions == 1 ? repeats(question, packet) : questions == 0 && rcode != 0;
  if (!answers || !ours) return std::nullopt;
  return DnsAnswer{
      .rcode = rcode, .records = number_at(packet, 6), .truncated = (flags & 0x2) != 0};
}

std::string rcode_text(uint8_t rcode) {
  static constexpr const char* kNames[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                           "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                           "NXRRSET", "NOTAUTH", "NOTZONE"};
  return rcode < std::size(kNames) ? kNames[rcode] : fmt::format("RCODE{}", rcode);
}

}  // namespace sluice::health
