// SPDX-License-Identifier: Apache-2.0
// ICMP errors to a VIP: an attacker wrote the quote. Eight bytes behind its IP header are enough,
// and nothing of it is believed but what the outer header bears out.
#include <netinet/in.h>

#include "packet/hostile.h"

namespace sluice::test {
namespace {

const std::string kRouter4 = "198.51.100.254", kRouter6 = "2001:db8:c::fe";

Hostile error4(const std::string& name, const std::string& vip, const Bytes& quote,
               std::optional<Must> must = {}, std::optional<sluice_drop_reason> why = {},
               uint8_t type = 3, uint8_t code = 4, uint32_t rest = 1400) {
  return {name,
          icmp_frame4(icmp4(type, code, rest, quote), {.source = kRouter4, .destination = vip}),
          must, why};
}
Hostile error6(const std::string& name, const std::string& vip, const Bytes& quote,
               std::optional<Must> must = {}, std::optional<sluice_drop_reason> why = {},
               uint8_t type = 2, uint8_t code = 0, uint32_t rest = 1400) {
  return {name, icmp_frame6(type, code, rest, quote, {.source = kRouter6, .destination = vip}),
          must, why};
}

constexpr sluice_drop_reason kBadQuote = SLUICE_DROP_ICMP_QUOTE;

Frames quote_lengths() {
  Frames f;
  for (const std::string& vip : {kVip4, kAny4, kNet4})
    for (size_t n = 0; n <= 60; n++) {
      const Bytes quote = first(reply_of4(vip, 40), n);
      f.push_back(
          n < 28 ? error4("quote of " + std::to_string(n), vip, quote, Must::kBeDropped, kBadQuote)
                 : error4("quote of " + std::to_string(n), vip, quote, Must::kBeSent));
    }
  for (const std::string& vip : {kVip6, kAny6, kNet6})
    for (size_t n = 0; n <= 80; n++) {
      const Bytes quote = first(reply_of6(vip, 40), n);
      f.push_back(
          n < 48 ? error6("quote of " + std::to_string(n), vip, quote, Must::kBeDropped, kBadQuote)
                 : error6("quote of " + std::to_string(n), vip, quote, Must::kBeSent));
    }
  return f;
}

TEST(HostileErrors, EightQuotedBytesAreEnoughAndFewerAreNot) {
  Frames frames = quote_lengths();
  // Bytes behind the message are no part of the quote.
  for (size_t n = 0; n < 28; n++) {
    Hostile h =
        error4("completed by padding", kVip4, reply_of4(kVip4, 0), Must::kBeDropped, kBadQuote);
    h.frame = join(h.frame, from(reply_of4(kVip4, 8), 20));
    frames.push_back(h);
  }
  check_hostile("ICMP quotes by length", frames);
}

// The flow and the errors about it must meet at one backend: the judge remembers.
Frames flow_and_errors() {
  Frames f;
  const uint8_t types4[] = {3, 11, 12}, types6[] = {1, 2, 3, 4};
  for (uint16_t port = 2000; port < 2020; port++) {
    f.push_back({"the flow",
                 frame4({.source = kClient4, .destination = kVip4}).tcp({port, 80}).build(),
                 Must::kBeSent});
    f.push_back({"the flow",
                 frame6({.source = kClient6, .destination = kVip6}).udp({port, 443}).build(),
                 Must::kBeSent});
    const Bytes quote4 = PacketBuilder()
                             .ipv4({.source = kVip4,
                                    .destination = kClient4,
                                    .ttl = 0,
                                    .options = Bytes(size_t(port % 11) * 4, 1)})
                             .tcp({80, port})
                             .build();
    const Bytes quote6 = PacketBuilder()
                             .ipv6({.source = kVip6, .destination = kClient6, .hop_limit = 0})
                             .udp({443, port})
                             .build();
    for (uint8_t type : types4)
      for (uint8_t code : {0, 4, 13, 255})
        f.push_back(error4("about it", kVip4, quote4, Must::kBeSent, {}, type, code));
    for (uint8_t type : types6)
      for (uint8_t code : {0, 4, 255})
        f.push_back(error6("about it", kVip6, quote6, Must::kBeSent, {}, type, code));
  }
  for (uint32_t mtu : {0u, 67u, 68u, 1279u, 1280u, 1500u, 65535u, 0xffffffffu}) {
    f.push_back(error4("of an MTU", kVip4, reply_of4(kVip4, 8), Must::kBeSent, {}, 3, 4, mtu));
    f.push_back(error6("of an MTU", kVip6, reply_of6(kVip6, 8), Must::kBeSent, {}, 2, 0, mtu));
  }
  return f;
}

TEST(HostileErrors, ReachTheBackendOfTheirFlow) {
  check_hostile("ICMP errors and their flows", flow_and_errors());
}

Frames lies4(const std::string& vip) {
  Frames f;
  const Bytes good = reply_of4(vip, 40);
  const auto with = [&](size_t at, uint8_t value) {
    Bytes q = good;
    q[at] = value;
    return q;
  };
  const auto drop = [&](const std::string& name, const Bytes& quote) {
    f.push_back(error4(name, vip, quote, Must::kBeDropped, kBadQuote));
  };
  for (const std::string& source : {kOther4, kVip4, kAny4, kSource4, std::string("0.0.0.0"),
                                    std::string("127.0.0.1"), kRouter4})
    if (source != vip) drop("quoted source " + source, reply_of4(source, 8));
  for (uint8_t v = 0; v < 16; v++)
    if (v != 4) drop("quoted version", with(0, uint8_t(v << 4 | 5)));
  for (uint8_t ihl = 0; ihl < 16; ihl++) {
    const Bytes quote = first(with(0, uint8_t(0x40 | ihl)), 48);
    if (ihl < 5 || ihl > 10)
      drop("quoted IHL", quote);
    else
      f.push_back(error4("quoted IHL", vip, quote));
  }
  for (uint8_t low : {1, 8, 255}) drop("quoted later fragment", with(7, low));
  drop("quoted later fragment", with(6, 0x1f));
  f.push_back(error4("quoted first fragment", vip, with(6, 0x20), Must::kBeSent));
  drop("another family", reply_of6(kVip6, 40));
  drop("nothing that is IP", Bytes(60, 0xff));
  return f;
}

Frames lies6(const std::string& vip) {
  Frames f;
  const Bytes good = reply_of6(vip, 40);
  const auto drop = [&](const std::string& name, const Bytes& quote) {
    f.push_back(error6(name, vip, quote, Must::kBeDropped, kBadQuote));
  };
  for (const std::string& source :
       {kOther6, kVip6, kAny6, kSource6, std::string("::"), std::string("::1"), kRouter6})
    if (source != vip) drop("quoted source " + source, reply_of6(source, 8));
  for (uint8_t v = 0; v < 16; v++) {
    Bytes q = good;
    q[0] = uint8_t(v << 4);
    if (v != 6) drop("quoted version", q);
  }
  drop("another family", join(reply_of4(kVip4, 40), Bytes(40)));
  const auto chained = [&](uint8_t first_header, const Bytes& chain, size_t rest) {
    Bytes q = first(good, 40);
    q[6] = first_header;
    return join(join(q, chain), first(from(good, 40), rest));
  };
  const Bytes options = {6, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  f.push_back(error6("quoted chain", vip, chained(60, options, 8), Must::kBeSent));
  drop("quoted chain and 7 bytes", chained(60, options, 7));
  drop("quoted chain cut", chained(60, first(options, 8), 0));
  drop("quoted later fragment", chained(44, {6, 0, 0, 8, 0, 0, 0, 9}, 20));
  f.push_back(error6("quoted first fragment", vip, chained(44, {6, 0, 0, 1, 0, 0, 0, 9}, 20),
                     Must::kBeSent));
  drop("quoted overrun", chained(60, {6, 200, 1, 4, 0, 0, 0, 0}, 40));
  return f;
}

TEST(HostileErrors, ThatQuoteNoPacketOfTheVipAreDropped) {
  Frames frames;
  for (const std::string& vip : {kVip4, kAny4, kNet4}) append(frames, lies4(vip));
  for (const std::string& vip : {kVip6, kAny6, kNet6}) append(frames, lies6(vip));
  check_hostile("ICMP errors that lie", frames);
}

// Quotes that are in order, of what no service sends; and whom a quote says they went to.
Frames strange_quotes() {
  Frames f;
  for (int protocol = 0; protocol < 256; protocol++) {
    Bytes q4 = reply_of4(kVip4, 28), q6 = reply_of6(kVip6, 28);
    q4[9] = uint8_t(protocol);
    q6[6] = uint8_t(protocol);
    const bool icmp = protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
    f.push_back(
        error4("quoted protocol", kVip4, q4, icmp ? std::optional(Must::kPass) : std::nullopt));
    f.push_back(
        error6("quoted protocol", kVip6, q6, icmp ? std::optional(Must::kPass) : std::nullopt));
    Bytes any = reply_of4(kAny4, 28);
    any[9] = uint8_t(protocol);
    f.push_back(error4("quoted protocol", kAny4, any, icmp ? Must::kPass : Must::kBeSent));
  }
  Bytes other_port = reply_of4(kVip4, 28);
  other_port[21] = 81;
  f.push_back(error4("quoted port", kVip4, other_port, Must::kPass));
  for (size_t n : {100, 500, 548, 1200, 1400})
    f.push_back(error4("a long quote", kVip4, reply_of4(kVip4, n - 20)));
  return f;
}

// Only TCP and UDP have ports to be quoted; an error about an error is the host's.
TEST(HostileErrors, AboutOtherProtocolsAreNotReadAsPorts) {
  check_hostile("ICMP errors by quoted protocol", strange_quotes());
}

}  // namespace
}  // namespace sluice::test
