// SPDX-License-Identifier: Apache-2.0
#include "agent/tunnels.h"

namespace sluice::test {

namespace {

void put16(Bytes& bytes, size_t value) {
  bytes.push_back(uint8_t(value >> 8));
  bytes.push_back(uint8_t(value));
}

bool is_v6(const Bytes& inner) {
  return !inner.empty() && inner[0] >> 4 == 6;
}

uint16_t ethertype_of(const Bytes& inner) {
  return is_v6(inner) ? 0x86dd : 0x0800;
}

Bytes options_of_geneve(size_t words) {
  Bytes options = {0xff, 0x01, 0x00, uint8_t(words - 1)};  // class, type, length without these 4
  options.resize(4 * words, 0xa5);
  return options;
}

}  // namespace

Wrapped in_udp(const UdpTunnel& udp, const Bytes& payload) {
  Bytes bytes;
  put16(bytes, udp.source);
  put16(bytes, udp.port);
  put16(bytes, udp.length.value_or(uint16_t(8 + payload.size())));
  put16(bytes, udp.checksum);
  return {17, join(bytes, payload)};
}

Wrapped in_gre(const Bytes& inner, const Gre& gre) {
  Bytes bytes;
  put16(bytes, gre.flags);
  put16(bytes, gre.type.value_or(ethertype_of(inner)));
  return {47, join(join(bytes, gre.fields), inner)};
}

Bytes gue_payload(const Bytes& inner, const Gue& gue) {
  Bytes bytes = {gue.first, gue.protocol.value_or(is_v6(inner) ? 41 : 4)};
  put16(bytes, gue.flags);
  return join(join(bytes, gue.fields), inner);
}

Wrapped in_gue(const Bytes& inner, const Gue& gue) {
  return in_udp({.port = kGuePort}, gue_payload(inner, gue));
}

Bytes geneve_payload(const Bytes& inner, const Geneve& geneve) {
  Bytes bytes = {geneve.first, geneve.flags};
  put16(bytes, geneve.type.value_or(ethertype_of(inner)));
  put16(bytes, geneve.network >> 8);
  put16(bytes, (geneve.network & 0xff) << 8);
  return join(join(bytes, geneve.options), inner);
}

Wrapped in_geneve(const Bytes& inner, const Geneve& geneve) {
  return in_udp({.port = kGenevePort}, geneve_payload(inner, geneve));
}

Bytes in_ethernet(const Bytes& inner, std::optional<uint16_t> type) {
  return PacketBuilder()
      .ethernet("02:00:00:00:00:aa", "02:00:00:00:00:bb", type.value_or(ethertype_of(inner)))
      .payload(inner)
      .build();
}

Wrapped in_fou(const Bytes& inner) {
  return in_udp({.port = kFouPort}, inner);
}

Wrapped in_gue1(const Bytes& inner) {
  return in_udp({.port = kGuePort}, inner);
}

Bytes frame4(const Wrapped& wrapped, Ipv4 ip) {
  ip.protocol = wrapped.protocol;
  return in4(wrapped.bytes, std::move(ip));
}

Bytes frame6(const Wrapped& wrapped, Ipv6 ip) {
  ip.next_header = wrapped.protocol;
  return in6(wrapped.bytes, std::move(ip));
}

const std::vector<Shape>& shapes() {
  constexpr sluice_agent_tunnel kGre = SLUICE_AGENT_TUNNEL_GRE, kFou = SLUICE_AGENT_TUNNEL_FOU,
                                kGue = SLUICE_AGENT_TUNNEL_GUE,
                                kGeneve = SLUICE_AGENT_TUNNEL_GENEVE;
  static const std::vector<Shape> all = {
      {"Gre", kGre, [](const Bytes& b) { return in_gre(b); }, 4, false},
      {"GreChecksum", kGre,
       [](const Bytes& b) { return in_gre(b, {.flags = 0x8000, .fields = Bytes(4, 0xee)}); }, 8,
       false},
      {"GreKey", kGre,
       [](const Bytes& b) { return in_gre(b, {.flags = 0x2000, .fields = Bytes(4, 0xee)}); }, 8,
       false},
      {"GreKeyAndSequence", kGre,
       [](const Bytes& b) { return in_gre(b, {.flags = 0x3000, .fields = Bytes(8, 0xee)}); }, 12,
       false},
      {"GreEverything", kGre,
       [](const Bytes& b) { return in_gre(b, {.flags = 0xb000, .fields = Bytes(12, 0xee)}); }, 16,
       false},
      {"Fou", kFou, in_fou, 0, true},
      {"Gue", kGue, [](const Bytes& b) { return in_gue(b); }, 4, true},
      {"GueOneWord", kGue,
       [](const Bytes& b) { return in_gue(b, {.first = 1, .fields = Bytes(4, 0x45)}); }, 8, true},
      {"GueMostWords", kGue,
       [](const Bytes& b) { return in_gue(b, {.first = 31, .fields = Bytes(124, 0x45)}); }, 128,
       true},
      {"GueVariant1", kGue, in_gue1, 0, true},
      {"Geneve", kGeneve, [](const Bytes& b) { return in_geneve(b); }, 8, true},
      {"GeneveOption", kGeneve,
       [](const Bytes& b) { return in_geneve(b, {.first = 1, .options = options_of_geneve(1)}); },
       12, true},
      {"GeneveMostOptions", kGeneve,
       [](const Bytes& b) {
         return in_geneve(
             b, {.first = 63, .options = join(options_of_geneve(32), options_of_geneve(31))});
       },
       260, true},
      {"GeneveEthernet", kGeneve,
       [](const Bytes& b) { return in_geneve(in_ethernet(b), {.type = 0x6558}); }, 22, true},
      {"GeneveEthernetMostOptions", kGeneve,
       [](const Bytes& b) {
         return in_geneve(in_ethernet(b),
                          {.first = 63,
                           .type = 0x6558,
                           .options = join(options_of_geneve(32), options_of_geneve(31))});
       },
       274, true},
  };
  return all;
}

Row open_tunnel_row(std::string name, sluice_agent_tunnel kind, Bytes in, const Bytes& inner,
                    const Bytes& behind) {
  Row row = open_row(std::move(name), std::move(in), inner, behind);
  row.tunnel = kind;
  return row;
}

}  // namespace sluice::test
