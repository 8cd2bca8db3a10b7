// SPDX-License-Identifier: Apache-2.0
#include "support/judge.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>

#include "abi/drop_reason.h"

namespace sluice::test {

namespace {

// The first of several checks that failed.
class Check {
 public:
  Check& that(bool holds, const char* what) {
    if (!holds && wrong_.empty()) wrong_ = what;
    return *this;
  }
  template <class T>
  Check& equal(const T& have, const T& want, const char* what) {
    if (have != want && wrong_.empty()) wrong_ = fmt::format("{} is {}, not {}", what, have, want);
    return *this;
  }
  bool ok() const { return wrong_.empty(); }
  const std::string& wrong() const { return wrong_; }

 private:
  std::string wrong_;
};

Bytes bytes_of(const MacAddress& mac) {
  return Bytes(mac.bytes().begin(), mac.bytes().end());
}

// The client's packet and what stood around it.
struct Sender {
  Link link;
  Datagram datagram;
  Bytes packet;   // as long as its header says
  Bytes trailer;  // what Ethernet added
};

Sender read_sender(const Bytes& frame) {
  Sender s = {.link = read_link(frame), .datagram = {}, .packet = {}, .trailer = {}};
  const Bytes ip = slice(frame, s.link.size(), frame.size());
  s.datagram = read_datagram(s.link.type, ip).value_or(Datagram{});
  s.packet = slice(ip, 0, s.datagram.length);
  s.trailer = slice(ip, s.datagram.length, ip.size());
  return s;
}

// A trailer may be kept or cut off, not changed.
bool is_start_of(const Bytes& part, const Bytes& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

// The outer IPv4 header: RFC 791, RFC 2003, RFC 6040 (normal mode: ECN is copied).
void check_outer4(Check& check, const Bytes& ip, const Sender& in, const Target& target) {
  check.that(ip.size() >= 20, "the outer header is cut");
  if (!check.ok()) return;
  check.equal(int(ip[0]), 0x45, "the outer version and header length")
      .equal(ip[1], in.datagram.tos, "the outer TOS")
      .equal(size_t(get16(ip, 2)), target.overhead() + in.packet.size(), "the outer length")
      .equal(get16(ip, 6) & 0xbfff, 0, "the outer fragment field")
      .equal(int(ip[8]), 64, "the outer TTL")
      .equal(internet_checksum(first(ip, 20)), uint16_t(0), "the sum of the outer header")
      .that(target.source().contains(IpAddress::from_v4(ip.data() + 12)), "the outer source")
      .that(IpAddress::from_v4(ip.data() + 16) == target.backend.address, "the destination");
}

void check_outer6(Check& check, const Bytes& ip, const Sender& in, const Target& target) {
  check.that(ip.size() >= 40, "the outer header is cut");
  if (!check.ok()) return;
  check.equal(ip[0] >> 4, 6, "the outer version")
      .equal(uint8_t(get16(ip, 0) >> 4), in.datagram.tos, "the outer traffic class")
      .equal(size_t(get16(ip, 4)) + 40, target.overhead() + in.packet.size(), "the outer length")
      .equal(int(ip[7]), 64, "the outer hop limit")
      .that(target.source().contains(IpAddress::from_v6(ip.data() + 8)), "the outer source")
      .that(IpAddress::from_v6(ip.data() + 24) == target.backend.address, "the destination");
}

bool is_udp(Tunnel t) {
  return t == Tunnel::kFou || t == Tunnel::kGue || t == Tunnel::kGeneve;
}

// What stands between the outer IP header, or UDP's, and the client's packet.
Bytes tunnel_header(const Forward& f, int inner_family) {
  const bool v4 = inner_family == 4;
  const Bytes type = v4 ? Bytes{0x08, 0x00} : Bytes{0x86, 0xdd};
  switch (f.tunnel) {
    case Tunnel::kGre:
      return join({0, 0}, type);
    case Tunnel::kGue:
      return f.gue_variant == 0 ? Bytes{0, uint8_t(v4 ? IPPROTO_IPIP : IPPROTO_IPV6), 0, 0}
                                : Bytes{};
    case Tunnel::kGeneve:
      return join(join({0, 0}, type),
                  {uint8_t(f.vni >> 16), uint8_t(f.vni >> 8), uint8_t(f.vni), 0});
    default:
      return {};
  }
}

uint8_t outer_protocol(const Forward& f, int inner_family) {
  if (is_udp(f.tunnel)) return IPPROTO_UDP;
  if (f.tunnel == Tunnel::kGre) return IPPROTO_GRE;
  return inner_family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
}

// RFC 768, RFC 8200, 8.1; the source port is of the dynamic range (RFC 6335).
void check_udp(Check& check, const Bytes& ip, size_t at, size_t length, const Sender& in,
               const Target& target) {
  const Forward& f = target.backend.forward;
  const uint16_t port = in.datagram.family == 6 && f.port_v6 ? f.port_v6 : f.port;
  const uint16_t sum = get16(ip, at + 6);
  check.that(get16(ip, at) >= 0xc000, "the UDP source port")
      .equal(get16(ip, at + 2), port, "the UDP destination port")
      .equal(size_t(get16(ip, at + 4)), length, "the UDP length");
  if (sum == 0) {
    check.that(at == 20 || !f.checksum_v6, "no UDP checksum over IPv6");
    return;
  }
  Datagram outer = {.family = at == 20 ? 4 : 6, .protocol = IPPROTO_UDP};
  outer.source = at == 20 ? IpAddress::from_v4(ip.data() + 12) : IpAddress::from_v6(ip.data() + 8);
  outer.destination = target.backend.address;
  check.equal(message_sum(outer, slice(ip, at, length)), uint16_t(0), "the sum of UDP");
}

// `ip` is the outer packet with what the frame holds behind it.
void check_tunnel(Check& check, const Bytes& ip, const Sender& in, const Target& target) {
  const Forward& f = target.backend.forward;
  const bool v4 = target.backend.address.is_v4();
  const size_t at = v4 ? 20 : 40;
  v4 ? check_outer4(check, ip, in, target) : check_outer6(check, ip, in, target);
  check.that(ip.size() >= target.overhead() + in.packet.size(), "the frame is cut");
  if (!check.ok()) return;
  check.equal(ip[v4 ? 9 : 6], outer_protocol(f, in.datagram.family), "the outer protocol");
  if (is_udp(f.tunnel))
    check_udp(check, ip, at, target.overhead() + in.packet.size() - at, in, target);
  const Bytes header = tunnel_header(f, in.datagram.family);
  check.that(slice(ip, target.overhead() - header.size(), header.size()) == header,
             "the tunnel's own header");
}

}  // namespace

std::string to_string(Fate fate) {
  const char* const kNames[] = {"sent", "passed", "dropped", "aborted"};
  return kNames[size_t(fate)];
}

std::string check_encapsulation(const Bytes& frame, const Bytes& sent, const Target& target) {
  const Sender in = read_sender(frame);
  const Link out = read_link(sent);
  const bool tunnel = target.backend.forward.tunnel != Tunnel::kL2;
  const bool outer_v4 = tunnel ? target.backend.address.is_v4() : in.datagram.family == 4;
  const Bytes ip = slice(sent, out.size(), sent.size());
  Check check;
  check.that(out.to == bytes_of(target.way.destination), "the frame is to another MAC")
      .that(out.from == bytes_of(target.way.source), "the frame is from another MAC")
      .that(out.tags == in.link.tags, "the VLAN tags changed")
      .equal(out.type, uint16_t(outer_v4 ? 0x0800 : 0x86dd), "the EtherType");
  if (tunnel) check_tunnel(check, ip, in, target);
  const size_t at = target.overhead();
  check.that(slice(ip, at, in.packet.size()) == in.packet, "the client's packet changed")
      .that(is_start_of(slice(ip, at + in.packet.size(), ip.size()), in.trailer),
            "something else follows the client's packet")
      .that(ip.size() <= target.mtu, "the frame is larger than the MTU");
  return check.wrong();
}

namespace {

// What every answer has in common. `ip` is as long as its header says.
void check_answer(Check& check, const Sender& in, const Sender& out, size_t frame_size,
                  size_t sent_size, uint8_t protocol) {
  check.that(out.link.to == in.link.from && out.link.from == in.link.to, "the MACs of the answer")
      .that(out.link.tags == in.link.tags, "the VLAN tags of the answer")
      .that(out.datagram.faults.empty() && out.datagram.family == in.datagram.family,
            "the answer is malformed")
      .that(out.datagram.source == in.datagram.destination, "the answer is not from the VIP")
      .that(out.datagram.destination == in.datagram.source, "the answer is not to the sender")
      .that(out.datagram.part == Part::kWhole && !out.datagram.has_options(), "a plain answer")
      .that(sent_size <= frame_size, "the answer is larger than its cause");
  if (!check.ok()) return;
  check.equal(out.datagram.protocol, protocol, "the answer's protocol")
      .equal(int(out.packet[out.datagram.family == 4 ? 8 : 7]), 64, "the answer's TTL");
}

Bytes message_of(const Sender& s) {
  return slice(s.packet, s.datagram.headers, s.packet.size());
}

}  // namespace

std::string check_echo(const Bytes& frame, const Bytes& sent) {
  const Sender in = read_sender(frame), out = read_sender(sent);
  Check check;
  check_answer(check, in, out, frame.size(), sent.size(), icmp_of(in.datagram.family));
  if (!check.ok()) return check.wrong();
  const Bytes asked = message_of(in), answer = message_of(out);
  check.equal(answer.size(), asked.size(), "the length of the echo")
      .equal(int(answer[0]), in.datagram.family == 4 ? 0 : 129, "the type of the echo")
      .equal(answer[1], asked[1], "the code of the echo")
      .that(from(answer, 4) == from(asked, 4), "the data of the echo changed")
      .equal(out.datagram.checksum_is_right, in.datagram.checksum_is_right, "the IPv4 checksum")
      .equal(message_sum(out.datagram, answer) == 0, message_sum(in.datagram, asked) == 0,
             "that the checksum of the echo is right");
  return check.wrong();
}

std::string check_too_big(const Bytes& frame, const Bytes& sent, const std::set<size_t>& told) {
  const Sender in = read_sender(frame), out = read_sender(sent);
  const bool v4 = in.datagram.family == 4;
  Check check;
  check_answer(check, in, out, frame.size(), sent.size(), icmp_of(in.datagram.family));
  check.that(out.packet.size() <= (v4 ? 576u : 1280u), "an answer of more than 576 or 1280 bytes");
  if (!check.ok()) return check.wrong();
  const Bytes message = message_of(out);
  check.that(message.size() >= 8 + 28, "the answer quotes too little");
  if (!check.ok()) return check.wrong();
  const size_t mtu = v4 ? get16(message, 6) : get32(message, 4);
  check.equal(get16(message, 0), uint16_t(v4 ? 0x0304 : 0x0200), "type and code of the answer")
      .equal(v4 ? get16(message, 4) : uint16_t(0), uint16_t(0), "the unused field")
      .that(told.contains(mtu), fmt::format("{} is told for an MTU", mtu).c_str())
      .that(is_start_of(from(message, 8), in.packet), "the answer quotes something else")
      .that(out.datagram.checksum_is_right, "the IPv4 checksum of the answer")
      .equal(message_sum(out.datagram, message), uint16_t(0), "the sum of the answer");
  return check.wrong();
}

// RFC 9293, 3.10.7.1: what acknowledges names the sequence number, what does not is acknowledged.
std::string check_reset(const Bytes& frame, const Bytes& sent) {
  constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;
  const Sender in = read_sender(frame), out = read_sender(sent);
  Check check;
  check_answer(check, in, out, frame.size(), sent.size(), IPPROTO_TCP);
  if (!check.ok()) return check.wrong();
  const Bytes cause = message_of(in), answer = message_of(out);
  const uint8_t flags = in.datagram.tcp_flags;
  const uint32_t length = uint32_t(cause.size() - in.datagram.tcp_header) +
                          uint32_t((flags & kSyn) != 0) + uint32_t((flags & kFin) != 0);
  const bool acknowledges = flags & kAck;
  check.equal(answer.size(), size_t(20), "the length of the reset")
      .that(out.trailer.empty(), "something follows the reset")
      .equal(int(out.datagram.tos), 0, "the TOS of the reset")
      .that(out.datagram.checksum_is_right, "the IPv4 checksum of the reset");
  if (!check.ok()) return check.wrong();
  check.equal(out.datagram.sport, in.datagram.dport, "the source port of the reset")
      .equal(out.datagram.dport, in.datagram.sport, "the destination port of the reset")
      .equal(get32(answer, 4), acknowledges ? get32(cause, 8) : 0, "its sequence number")
      .equal(get32(answer, 8), acknowledges ? 0 : get32(cause, 4) + length, "its acknowledgement")
      .equal(int(answer[12]), 0x50, "the header length of the reset")
      .equal(int(answer[13]), acknowledges ? kRst : kRst | kAck, "the flags of the reset")
      .equal(get16(answer, 14), uint16_t(0), "the window of the reset")
      .equal(get16(answer, 18), uint16_t(0), "the urgent pointer of the reset")
      .equal(message_sum(out.datagram, answer), uint16_t(0), "the sum of the reset");
  return check.wrong();
}

std::string Judge::judge_flow(const std::string& flow, const Target& target) {
  const std::string backend = target.backend.address.to_string();
  const auto [known, is_new] = flows_.emplace(flow, backend);
  if (is_new || known->second == backend) return "";
  return fmt::format("flow {} was sent to {}, and now to {}", flow, known->second, backend);
}

std::string Judge::judge_sent(const Bytes& frame, const Bytes& sent, const Expectation& expected) {
  std::string wrong;
  for (const Target& t : expected.backends) {
    const std::string why = check_encapsulation(frame, sent, t);
    if (why.empty()) return judge_flow(expected.flow, t);
    wrong += fmt::format(" {}: {};", t.backend.address.to_string(), why);
  }
  was_reply_ = expected.echo || !expected.told.empty() || expected.reset;
  if (expected.echo) {
    const std::string why = check_echo(frame, sent);
    if (why.empty()) return "";
    wrong += fmt::format(" as an echo: {};", why);
  }
  if (!expected.told.empty()) {
    const std::string why = check_too_big(frame, sent, expected.told);
    if (why.empty()) return "";
    wrong += fmt::format(" as too big: {};", why);
  }
  if (expected.reset) {
    const std::string why = check_reset(frame, sent);
    if (why.empty()) return "";
    wrong += fmt::format(" as a reset: {};", why);
  }
  return wrong.empty() ? "sent, which nothing allows" : "sent, and wrong." + wrong;
}

namespace {

const char* name_of(const std::optional<sluice_drop_reason>& reason) {
#define X(name, text) #name,
  constexpr const char* kNames[] = {SLUICE_DROP_REASONS(X)};
#undef X
  return reason ? kNames[*reason] : "no reason";
}

}  // namespace

std::string Judge::judge(const Bytes& frame, const Observed& o, const Expectation& e) {
  was_reply_ = false;
  switch (o.fate) {
    case Fate::kSent:
      return judge_sent(frame, o.packet, e);
    case Fate::kPassed:
      if (!e.pass) return "passed, which nothing allows";
      return o.packet == frame ? "" : "passed, but not as it came";
    case Fate::kDropped:
      if (!e.drop) return fmt::format("dropped for {}, which nothing allows", name_of(o.reason));
      if (!e.drop_reasons.empty() && (!o.reason || !e.drop_reasons.contains(*o.reason)))
        return fmt::format("dropped, but for {}", name_of(o.reason));
      return "";
    case Fate::kAborted:
      break;
  }
  return "aborted";
}

}  // namespace sluice::test
