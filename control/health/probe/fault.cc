// SPDX-License-Identifier: Apache-2.0
#include "health/probe/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <iterator>

#include "health/probe/outcome.h"

namespace sluice::health {

namespace {

struct Meaning {
  int error;
  Answer asking, waiting;
};

constexpr Answer kBad = Answer::kBad;
constexpr Answer kOurs = Answer::kUnknown;

// What is not in it is our own fault: a backend is not taken out for what nobody has thought of.
// Where `asking` is kOurs and `waiting` kBad, the kernel's own tables speak first, and ICMP later
// (icmp_err_convert of ICMP, icmpv6_err_convert() of ICMPv6). That the kernel's own neighbour
// discovery failed comes later too, as EHOSTUNREACH: the backend, or the router to it, is silent.
constexpr Meaning kMeanings[] = {
    {ECONNREFUSED, kBad, kBad},   // a reset answered the SYN, or ICMP said: no such port
    {ECONNRESET, kBad, kBad},     // a reset came
    {EPIPE, kBad, kBad},          // the connection has been closed by the backend
    {ETIMEDOUT, kBad, kBad},      // the kernel has given up sending again
    {EHOSTUNREACH, kOurs, kBad},  // our route says unreachable; ICMP does, or ARP is not answered
    {ENETUNREACH, kOurs, kBad},   // we have no route; a router has none
    {EACCES, kOurs, kBad},  // our route says prohibit, or LSM; ICMPv6: administratively prohibited
    {EHOSTDOWN, kOurs, kBad},    // ICMP: host unknown
    {ENONET, kOurs, kBad},       // ICMP: host isolated
    {ENOPROTOOPT, kOurs, kBad},  // ICMP: the backend does not know the protocol
    {EPROTO, kOurs, kBad},       // ICMP: parameter problem
    {EOPNOTSUPP, kOurs, kBad},   // ICMP: source route failed
    {EMSGSIZE, kOurs, kBad},     // our interface's MTU is too small; a router's is
    // Never the backend's, whenever they come.
    {EPERM, kOurs, kOurs},          // the mark without CAP_NET_ADMIN, or our own packet filter
    {EMFILE, kOurs, kOurs},         // descriptors
    {ENFILE, kOurs, kOurs},         // descriptors of the host
    {ENOBUFS, kOurs, kOurs},        // memory, or a full queue of our interface
    {ENOMEM, kOurs, kOurs},         // memory
    {EADDRNOTAVAIL, kOurs, kOurs},  // no source port is left, or the source address is not ours
    {EADDRINUSE, kOurs, kOurs},     // no source port is left
    {EAGAIN, kOurs, kOurs},         // no source port is left (UDP)
    {ENETDOWN, kOurs, kOurs},       // our interface is down
    {ENODEV, kOurs, kOurs},         // our interface is gone
    {EINVAL, kOurs, kOurs},         // our route says blackhole
    {ECONNABORTED, kOurs, kOurs},   // an administrator has ended the connection (ss -K)
};

// What only the backend says, and no router in its place.
bool is_reply(int error) {
  return error == ECONNREFUSED || error == ECONNRESET || error == EPIPE || error == ENOPROTOOPT;
}

}  // namespace

Answer answer_of(Moment moment, int error) {
  const Meaning* found = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                                      [&](const Meaning& m) { return m.error == error; });
  if (found == std::end(kMeanings)) return kOurs;
  return moment == Moment::kAsking ? found->asking : found->waiting;
}

Outcome failed(Moment moment, std::string_view doing, int error) {
  const Answer answer = answer_of(moment, error);
  if (answer == kBad) return is_reply(error) ? bad(words_of(error)) : silent(words_of(error));
  return unknown(fmt::format("{}: {}", doing, words_of(error)));
}

Outcome failed(const Error& error) {
  return unknown(error.message);
}

std::string words_of(int error) {
  // A write behind the reset.
  std::string text = std::strerror(error == EPIPE ? ECONNRESET : error);
  // But not "RPC ..." or "I/O ...".
  if (text.size() > 1 && std::islower(uint8_t(text[1])))
    text[0] = char(std::tolower(uint8_t(text[0])));
  return text;
}

}  // namespace sluice::health
