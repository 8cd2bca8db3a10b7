// SPDX-License-Identifier: Apache-2.0
// Fragments of every kind: no datagram is split over two backends, no payload read as ports.
#include <netinet/in.h>

#include "packet/hostile.h"

namespace sluice::test {
namespace {

constexpr uint16_t kMore = 0x2000;

struct Piece {
  uint32_t id;
  size_t offset;
  bool more;
  Bytes payload;
  uint8_t protocol = IPPROTO_UDP;
};

// One client's datagrams to one VIP: each world has clients of its own, since what a fragment says
// is remembered.
struct Sender {
  std::string client, vip;
  bool is_v4() const { return vip.find(':') == std::string::npos; }
  Bytes piece(const Piece& p) const;
  Bytes behind(uint8_t first_header, const Bytes& chain) const {
    return frame6({.source = client, .destination = vip, .next_header = first_header})
        .payload(chain)
        .build();
  }
};

Bytes fragment_header(const Piece& p) {
  const uint16_t bits = uint16_t((p.offset & 0xfff8) | (p.more ? 1 : 0));
  return {p.protocol,          0,
          uint8_t(bits >> 8),  uint8_t(bits),
          uint8_t(p.id >> 24), uint8_t(p.id >> 16),
          uint8_t(p.id >> 8),  uint8_t(p.id)};
}

Bytes Sender::piece(const Piece& p) const {
  if (is_v4())
    return frame4({.source = client,
                   .destination = vip,
                   .id = uint16_t(p.id),
                   .fragment = uint16_t((p.more ? kMore : 0) | p.offset / 8),
                   .protocol = p.protocol})
        .payload(p.payload)
        .build();
  return behind(IPPROTO_FRAGMENT, join(fragment_header(p), p.payload));
}

// Twelve senders a world, to VIPs of each kind.
std::vector<Sender> senders(size_t world) {
  std::vector<Sender> all;
  for (size_t i = 0; i < 2; i++)
    for (const std::string& vip : {kVip4, kAny4, kNet4, kVip6, kAny6, kNet6}) {
      const std::string host = std::to_string(10 + 20 * world + all.size());
      const bool v4 = vip.find(':') == std::string::npos;
      all.push_back({(v4 ? "198.51.100." : "2001:db8:c::") + host, vip});
    }
  return all;
}

// The first `n` bytes of a datagram to a port that is served.
Bytes beginning(const Sender& s, uint16_t sport, size_t n) {
  const bool net = s.vip == kNet4 || s.vip == kNet6;
  Bytes b = udp_header(sport, net ? 27050 : 443, 1000);
  b.resize(n, 0x5a);
  return b;
}

// Bytes that look like the ports of another service's flow.
Bytes look_alike(uint16_t sport, size_t n) {
  Bytes b = udp_header(sport, 80, n);
  b.resize(n, 0x11);
  return b;
}

Frames in_order(const Sender& s) {
  Frames f;
  for (uint16_t id = 1; id <= 20; id++) {
    f.push_back({"first", s.piece({id, 0, true, beginning(s, id, 64)}), Must::kBeSent});
    f.push_back({"middle", s.piece({id, 64, true, look_alike(id, 64)}), Must::kBeSent});
    f.push_back({"overlap", s.piece({id, 32, true, look_alike(9, 64)}), Must::kBeSent});
    f.push_back({"inside (teardrop)", s.piece({id, 24, false, Bytes(4)}), Must::kBeSent});
    f.push_back({"last", s.piece({id, 128, false, look_alike(3, 13)}), Must::kBeSent});
    f.push_back({"middle again", s.piece({id, 64, true, look_alike(id, 64)}), Must::kBeSent});
    f.push_back({"first again", s.piece({id, 0, true, beginning(s, id, 64)}), Must::kBeSent});
  }
  return f;
}

Frames out_of_order(const Sender& s) {
  Frames f;
  const auto drop = [&](const char* name, const Piece& p, sluice_drop_reason why) {
    f.push_back({name, s.piece(p), Must::kBeDropped, why});
  };
  for (uint16_t id = 100; id < 110; id++) {
    drop("last before first", {id, 64, false, look_alike(id, 13)}, SLUICE_DROP_FRAGMENT);
    drop("middle before first", {id, 32, true, look_alike(id, 32)}, SLUICE_DROP_FRAGMENT);
    f.push_back({"first", s.piece({id, 0, true, beginning(s, id, 32)}), Must::kBeSent});
    drop("of another datagram", {id + 1000u, 64, false, look_alike(id, 13)}, SLUICE_DROP_FRAGMENT);
    drop("first with other ports", {id, 0, true, beginning(s, uint16_t(id + 1), 32)},
         SLUICE_DROP_FRAGMENT_CONFLICT);
    f.push_back({"last", s.piece({id, 32, false, look_alike(id, 13)}), Must::kBeSent});
    if (s.is_v4()) drop("of another protocol", {id, 32, false, Bytes(8), 50}, SLUICE_DROP_FRAGMENT);
  }
  return f;
}

TEST(HostileFragments, OfOneDatagramAreNeverSplit) {
  check_hostile("fragments in and out of order", [](size_t world) {
    Frames frames;
    for (const Sender& s : senders(world)) {
      append(frames, in_order(s));
      append(frames, out_of_order(s));
    }
    return frames;
  });
}

// What no datagram can be put together from.
Frames impossible(const Sender& s) {
  Frames f;
  const auto drop = [&](const std::string& name, const Piece& p, sluice_drop_reason why) {
    f.push_back({name, s.piece(p), Must::kBeDropped, why});
  };
  const sluice_drop_reason bounds = SLUICE_DROP_FRAGMENT_BOUNDS, l4 = SLUICE_DROP_L4_HEADER;
  for (uint16_t n = 1; n < 8; n++)
    drop("tiny first UDP", {n, 0, true, beginning(s, 1, n)}, n % 8 ? bounds : l4);
  for (uint16_t n : {8, 16}) drop("tiny first TCP (RFC 1858)", {n, 0, true, Bytes(n), 6}, l4);
  drop("FO=1 of TCP (RFC 3128)", {20, 8, true, Bytes(16), 6}, bounds);
  drop("FO=1 of TCP, the last", {21, 8, false, Bytes(3), 6}, bounds);
  for (size_t offset : {size_t(0), size_t(8), size_t(64), size_t(65528)})
    for (bool more : {false, true})
      if (offset || more) drop("no payload", {30, offset, more, {}}, bounds);
  for (size_t n : {9, 15, 63, 65}) drop("odd length", {31, 64, true, Bytes(n)}, bounds);
  for (size_t n : {8, 9, 16, 800}) drop("ping of death", {32, 65528, false, Bytes(n)}, bounds);
  return f;
}

// RFC 791: a datagram has at most 65,535 bytes, its header among them; RFC 8200: its payload has.
Frames at_the_limit(const Sender& s) {
  Frames f;
  const size_t most = 65535 - (s.is_v4() ? 20 : 0), offset = (most - 100) / 8 * 8;
  f.push_back({"first", s.piece({40, 0, true, beginning(s, 4, 64)}), Must::kBeSent});
  f.push_back(
      {"ends at the limit", s.piece({40, offset, false, Bytes(most - offset)}), Must::kBeSent});
  f.push_back({"ends beyond it", s.piece({40, offset, false, Bytes(most - offset + 1)}),
               Must::kBeDropped, SLUICE_DROP_FRAGMENT_BOUNDS});
  return f;
}

TEST(HostileFragments, ThatNoDatagramHasAreDropped) {
  check_hostile("fragments out of bounds", [](size_t world) {
    Frames frames;
    for (const Sender& s : senders(world)) {
      append(frames, impossible(s));
      append(frames, at_the_limit(s));
    }
    return frames;
  });
}

Bytes options_header(uint8_t next) {
  return {next, 0, 1, 4, 0, 0, 0, 0};
}

Frames of_ipv6(const Sender& s) {
  Frames f;
  const Bytes udp = beginning(s, 7, 64);
  const Piece first = {50, 0, true, {}}, last = {50, 64, false, {}}, atomic = {51, 0, false, {}};
  Piece to_options = first;
  to_options.protocol = 60;
  const auto nested = [&](Piece outer, const Piece& inner, const Bytes& payload) {
    outer.protocol = IPPROTO_FRAGMENT;
    return s.behind(44, join(join(fragment_header(outer), fragment_header(inner)), payload));
  };
  f.push_back({"atomic", s.behind(44, join(fragment_header(atomic), udp)), Must::kBeSent});
  f.push_back({"first behind options",
               s.behind(60, join(join(options_header(44), fragment_header(first)), udp)),
               Must::kBeSent});
  f.push_back({"last behind options",
               s.behind(60, join(join(options_header(44), fragment_header(last)), Bytes(5))),
               Must::kBeSent});
  f.push_back({"options in the first",
               s.behind(44, join(join(fragment_header(to_options), options_header(17)), udp)),
               Must::kBeSent});
  f.push_back({"first that ends in its options",
               s.behind(44, join(fragment_header(to_options), options_header(17))),
               Must::kBeDropped});
  f.push_back({"first without any L4",
               s.behind(44, join(fragment_header(first), beginning(s, 1, 0))), Must::kBeDropped});
  for (const Piece& outer : {first, atomic})
    for (const Piece& inner : {first, last, atomic})
      f.push_back({"nested", nested(outer, inner, udp), Must::kBeDropped, SLUICE_DROP_IPV6_CHAIN});
  // Inside a later fragment it is payload.
  f.push_back({"nested in a later one", nested(last, first, udp), Must::kBeSent});
  return f;
}

TEST(HostileFragments, OfIpv6ChainsAreNeverMisread) {
  check_hostile("IPv6 fragments and chains", [](size_t world) {
    Frames frames;
    for (const Sender& s : senders(world))
      if (!s.is_v4()) append(frames, of_ipv6(s));
    return frames;
  });
}

// Flags that should not be there, and ICMP: nobody's but a service's for any protocol.
Frames odd(const Sender& s) {
  Frames f;
  const bool any = s.vip == kAny4;
  for (uint16_t bits : {0x4000, 0x8000, 0xc000}) {
    const auto with = [&](uint16_t more, const Bytes& payload) {
      return frame4({.source = s.client,
                     .destination = s.vip,
                     .id = uint16_t(bits >> 8),
                     .fragment = uint16_t(bits | more),
                     .protocol = 17})
          .payload(payload)
          .build();
    };
    f.push_back({"first with odd flags", with(kMore, beginning(s, 9, 64)), Must::kBeSent});
    f.push_back({"last with odd flags", with(8, Bytes(9)), Must::kBeSent});
    f.push_back({"whole with odd flags", with(0, beginning(s, 9, 64)), Must::kBeSent});
  }
  const Bytes echo = icmp4(8, 0, 1, Bytes(56, 1)), error = icmp4(3, 4, 0, reply_of4(s.vip, 28));
  for (const Bytes& message : {echo, error}) {
    f.push_back(
        {"first of ICMP", s.piece({77, 0, true, message, 1}), any ? Must::kBeSent : Must::kPass});
    f.push_back({"last of ICMP", s.piece({77, 64, false, message, 1}),
                 any ? Must::kBeSent : Must::kBeDropped});
  }
  return f;
}

TEST(HostileFragments, WithOddFlagsOrOfIcmpAreNeverMisread) {
  check_hostile("odd fragments", [](size_t world) {
    Frames frames;
    for (const Sender& s : senders(world))
      if (s.is_v4()) append(frames, odd(s));
    return frames;
  });
}

}  // namespace
}  // namespace sluice::test
