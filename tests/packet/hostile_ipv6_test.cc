// SPDX-License-Identifier: Apache-2.0
// IPv6 header chains: the walk is bounded, follows each header's own length and never reads ports
// where there are none.
#include <netinet/in.h>

#include "packet/hostile.h"

namespace sluice::test {
namespace {

const std::vector<std::string> kVips = {kVip6, kAny6, kNet6};

Bytes tcp_segment() {
  return from(tcp_to6({.destination = kVip6}), 54);
}

Bytes chained(const std::string& vip, uint8_t first_header, const Bytes& chain) {
  return frame6({.source = kClient6, .destination = vip, .next_header = first_header})
      .payload(chain)
      .build();
}

// An options header of `units` times 8 bytes, filled by one PadN.
Bytes options(uint8_t next, size_t units = 1) {
  Bytes b(units * 8);
  b[0] = next;
  b[1] = uint8_t(units - 1);
  b[2] = 1;
  b[3] = uint8_t(std::min<size_t>(units * 8 - 4, 255));
  return b;
}

Bytes routing(uint8_t next, uint8_t type, uint8_t segments_left) {
  Bytes b(24);
  b[0] = next;
  b[1] = 2;
  b[2] = type;
  b[3] = segments_left;
  return b;
}

Bytes authentication(uint8_t next, uint8_t words) {
  Bytes b((words + size_t(2)) * 4);
  b[0] = next;
  b[1] = words;
  return b;
}

// `n` destination options headers in front of TCP.
Bytes deep(size_t n, size_t units) {
  Bytes chain;
  for (size_t i = 0; i < n; i++)
    chain = join(chain, options(i + 1 < n ? 60 : 6, 1 + (i * units) % 4));
  return join(chain, tcp_segment());
}

TEST(HostileIpv6, ChainsOfUpToEightHeadersAreWalkedAndLongerOnesDropped) {
  Frames frames;
  for (const std::string& vip : kVips)
    for (size_t n = 1; n <= 12; n++)
      for (size_t units = 0; units < 4; units++) {
        Hostile h = {std::to_string(n) + " headers", chained(vip, 60, deep(n, units)),
                     n <= 8 ? Must::kBeSent : Must::kBeDropped};
        if (n > 8) h.why = SLUICE_DROP_IPV6_CHAIN;
        frames.push_back(h);
      }
  check_hostile("IPv6 chains by depth", frames);
}

Frames headers(const std::string& vip) {
  Frames f;
  const Bytes tcp = tcp_segment();
  const auto sent = [&](const char* name, uint8_t first_header, const Bytes& header) {
    f.push_back({name, chained(vip, first_header, join(header, tcp)), Must::kBeSent});
  };
  const auto dropped = [&](const char* name, uint8_t first_header, const Bytes& header) {
    f.push_back({name, chained(vip, first_header, join(header, tcp)), Must::kBeDropped,
                 SLUICE_DROP_IPV6_CHAIN});
  };
  sent("hop by hop", 0, options(6));
  sent("hop by hop and options", 0, join(options(60), options(6, 3)));
  sent("the largest hop by hop", 0, options(6, 150));
  sent("authentication", 51, authentication(6, 4));
  sent("the longest authentication", 51, authentication(6, 254));
  sent("segment routing that is over", 43, routing(6, 4, 0));
  f.push_back({"segment routing", chained(vip, 43, join(routing(6, 4, 2), tcp))});
  f.push_back({"routing 0 that is over", chained(vip, 43, join(routing(6, 0, 0), tcp))});
  f.push_back({"authentication of 12 bytes", chained(vip, 51, join(authentication(6, 1), tcp))});
  dropped("routing 0", 43, routing(6, 0, 1));
  dropped("routing 0 behind options", 60, join(options(43), routing(6, 0, 1)));
  dropped("hop by hop that is not first", 60, join(options(0), options(6)));
  dropped("hop by hop twice", 0, join(options(0), options(6)));
  return f;
}

// Behind these nothing is looked for: what looks like TCP to port 80 is none.
Frames without_ports(const std::string& vip) {
  Frames f;
  const Must must = vip == kAny6 ? Must::kBeSent : Must::kPass;
  for (uint8_t protocol : {50, 59, 132, 135, 139, 140, 253}) {
    const std::string name = "protocol " + std::to_string(protocol);
    f.push_back({name, chained(vip, protocol, tcp_segment()), must});
    f.push_back(
        {name + " behind options", chained(vip, 60, join(options(protocol), tcp_segment())), must});
    f.push_back({name + " and nothing", chained(vip, protocol, {}), must});
  }
  return f;
}

TEST(HostileIpv6, EveryHeaderIsTakenForWhatItIs) {
  Frames frames;
  for (const std::string& vip : kVips) {
    append(frames, headers(vip));
    append(frames, without_ports(vip));
  }
  check_hostile("IPv6 extension headers", frames);
}

// A header's own length, at every value: what it claims is there, or the packet is dropped.
TEST(HostileIpv6, HeaderLengthsThatOverrunAreDropped) {
  Frames frames;
  for (const std::string& vip : {kVip6, kAny6})
    for (uint8_t header : {0, 43, 51, 60})
      for (size_t length = 0; length < 256; length++) {
        Bytes chain = join(header == 43 ? routing(6, 4, 0) : options(6, 3), tcp_segment());
        chain[1] = uint8_t(length);
        const size_t claims = header == 51 ? (length + 2) * 4 : (length + 1) * 8;
        Hostile h = {std::to_string(header) + " of length " + std::to_string(length),
                     chained(vip, header, chain)};
        if (claims > chain.size()) {
          h.must = Must::kBeDropped;
          h.why = SLUICE_DROP_IPV6_CHAIN;
        }
        frames.push_back(h);
        // With bytes behind the packet that would make up for it.
        h.frame = join(h.frame, join(Bytes(2100, 6), {0, 9, 0, 80}));
        frames.push_back(h);
      }
  check_hostile("IPv6 header length overruns", frames);
}

Bytes option_of(uint8_t type, uint8_t length, const Bytes& data) {
  Bytes b = join({6, 1, type, length}, data);
  b.resize(16, 0);
  return b;
}

TEST(HostileIpv6, OptionsAreNotReadAsPorts) {
  Frames frames;
  const Bytes tcp = tcp_segment();
  Bytes tcp_inside = join({6, 2, 1, 20}, first(tcp, 20));
  for (const std::string& vip : kVips)
    for (uint8_t header : {0, 60}) {
      const auto add = [&](const char* name, const Bytes& chain) {
        frames.push_back({name, chained(vip, header, join(chain, tcp)), Must::kBeSent});
      };
      add("TCP look-alike inside PadN", tcp_inside);
      add("ports where TCP would be", option_of(1, 12, {0x7a, 0x69, 0, 80, 0x7a, 0x69, 0, 81}));
      for (uint8_t length : {13, 16, 100, 255}) add("PadN overrun", option_of(1, length, {}));
      add("unknown option that demands a discard", option_of(0xc1, 4, {}));
    }
  check_hostile("IPv6 options", frames);
}

// RFC 2675: a payload length of zero, and the real one in a hop-by-hop option.
Bytes jumbo(const std::string& vip, uint32_t length) {
  const Bytes option = {6,
                        0,
                        0xc2,
                        4,
                        uint8_t(length >> 24),
                        uint8_t(length >> 16),
                        uint8_t(length >> 8),
                        uint8_t(length)};
  return frame6({.source = kClient6, .destination = vip, .next_header = 0, .payload_length = 0})
      .payload(join(option, tcp_segment()))
      .build();
}

TEST(HostileIpv6, JumbogramsAndChainsThatEndEarlyAreDropped) {
  Frames frames;
  for (const std::string& vip : kVips) {
    for (uint32_t length : {0u, 33u, 65536u, 0xffffffffu})
      frames.push_back({"jumbogram", jumbo(vip, length), Must::kBeDropped, SLUICE_DROP_IPV6_CHAIN});
    // The payload ends at every byte of the chain; the frame has it all.
    const Bytes chain = join(join(options(51, 2), authentication(60, 4)), options(6, 2));
    const Bytes whole = join(chain, tcp_segment());
    for (size_t n = 0; n < chain.size() + 20; n++) {
      const Ipv6 ip = {
          .source = kClient6, .destination = vip, .next_header = 60, .payload_length = uint16_t(n)};
      frames.push_back({"payload of " + std::to_string(n), frame6(ip).payload(whole).build(),
                        Must::kBeDropped,
                        n < chain.size() ? SLUICE_DROP_IPV6_CHAIN : SLUICE_DROP_L4_HEADER});
    }
    // The frame ends there as well.
    for (size_t n = 0; n < chain.size() + 20; n++)
      frames.push_back(
          {"chain of " + std::to_string(n), chained(vip, 60, first(whole, n)), Must::kBeDropped});
  }
  check_hostile("jumbograms and chains cut", frames);
}

}  // namespace
}  // namespace sluice::test
