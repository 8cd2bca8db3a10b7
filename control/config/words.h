// SPDX-License-Identifier: Apache-2.0
// The words of the configuration language, version 1: its keys and its fixed values.
//
// `later` marks what the language has but this program cannot do yet. It is refused by name, so
// that no setting is ever silently ignored; to support one, move the mark and read the key.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/config.h"

namespace sluice {

enum Support { kNow, kLater };

struct Word {
  std::string_view text;
  Support support = kNow;
};

inline constexpr Word kRootKeys[] = {
    {"version"},  {"interfaces"},   {"defaults"},         {"pools"},
    {"services"}, {"deny", kLater}, {"announce", kLater}, {"observe", kLater},
};
inline constexpr Word kInterfaceKeys[] = {{"mode"}, {"next_hop"}, {"vlan"}, {"share"}};
inline constexpr Word kShareKeys[] = {{"priority"}, {"continue"}};
inline constexpr Word kDefaultsKeys[] = {
    {"forward"}, {"hash"}, {"tracking"}, {"flows"}, {"ring"},
    {"seed"},    {"mtu"},  {"drain"},    {"check"},
};
inline constexpr Word kPoolKeys[] = {
    {"backends"}, {"check"}, {"minimum"}, {"panic"}, {"slow-start"},
};
// Of a pool, or of a service that has its backends itself.
inline constexpr std::string_view kHealthKeys[] = {"check", "minimum", "panic", "slow-start"};
inline constexpr Word kBackendKeys[] = {{"address"}, {"weight"}, {"forward"}};
inline constexpr Word kServiceKeys[] = {
    {"vip"},        {"ports"},       {"pool"},          {"backends"},       {"hash"},
    {"tracking"},   {"empty"},       {"check"},         {"minimum"},        {"panic"},
    {"slow-start"}, {"acl", kLater}, {"limit", kLater}, {"routes", kLater},
};
// A kind (kCheckKinds), what some kinds have, and what nearly all have.
inline constexpr Word kCheckKeys[] = {
    {"tcp"},         {"udp"},     {"http"},   {"https"}, {"dns"},       {"grpc"},
    {"icmp"},        {"exec"},    {"expect"}, {"host"},  {"body"},      {"http2"},
    {"weight-from"}, {"verify"},  {"type"},   {"rcode"}, {"port"},      {"via"},
    {"every"},       {"timeout"}, {"rise"},   {"fall"},  {"hold-down"},
};
inline constexpr Word kTalkKeys[] = {{"send"}, {"expect"}};  // of tcp and udp
inline constexpr Word kGrpcKeys[] = {{"service"}, {"tls"}};
inline constexpr Word kIpipKeys[] = {{"source"}};
inline constexpr Word kGreKeys[] = {{"source"}};
inline constexpr Word kFouKeys[] = {{"port"}, {"port6"}, {"source"}, {"checksum"}};
inline constexpr Word kGueKeys[] = {{"port"}, {"source"}, {"variant"}, {"checksum"}};
inline constexpr Word kGeneveKeys[] = {{"port"}, {"vni"}, {"source"}, {"checksum"}};

// A fixed value: without a `value` it is for later.
template <class T>
struct Choice {
  std::string_view text;
  std::optional<T> value;
};

enum class CheckKind : uint8_t { kTcp, kUdp, kHttp, kHttps, kDns, kGrpc, kIcmp, kExec };

enum class Protocol : uint8_t { kTcp = 6, kUdp = 17, kAny = 0 };  // as in PortRange

inline constexpr Choice<AttachMode> kModes[] = {
    {"auto", AttachMode::kAuto},       {"native", AttachMode::kNative},
    {"generic", AttachMode::kGeneric}, {"offload", AttachMode::kOffload},
    {"tc", AttachMode::kTc},
};
inline constexpr Choice<XdpVerdict> kXdpVerdicts[] = {
    {"aborted", XdpVerdict::kAborted},
    {"drop", XdpVerdict::kDrop},
    {"pass", XdpVerdict::kPass},
};
inline constexpr Choice<Tunnel> kTunnels[] = {
    {"l2", Tunnel::kL2},   {"ipip", Tunnel::kIpip}, {"gre", Tunnel::kGre},
    {"fou", Tunnel::kFou}, {"gue", Tunnel::kGue},   {"geneve", Tunnel::kGeneve},
};
inline constexpr Choice<bool> kVlans[] = {{"keep", true}, {"strip", false}};
inline constexpr Choice<bool> kBooleans[] = {{"true", true}, {"false", false}};
inline constexpr Choice<HashFields> kHashes[] = {
    {"5-tuple", HashFields::kFiveTuple},
    {"source", HashFields::kSource},
    {"source+vip", HashFields::kSourceAndVip},
};
inline constexpr Choice<Tracking> kTrackings[] = {
    {"adaptive", Tracking::kAdaptive},
    {"always", Tracking::kAlways},
    {"never", Tracking::kNever},
};
inline constexpr Choice<EmptyPolicy> kEmptyPolicies[] = {
    {"drop", EmptyPolicy::kDrop},
    {"pass", EmptyPolicy::kPass},
    {"reset", EmptyPolicy::kReset},
};
inline constexpr Choice<Protocol> kProtocols[] = {
    {"tcp", Protocol::kTcp},
    {"udp", Protocol::kUdp},
    {"any", Protocol::kAny},
};

inline constexpr Choice<CheckKind> kCheckKinds[] = {
    {"tcp", CheckKind::kTcp},     {"udp", CheckKind::kUdp},   {"http", CheckKind::kHttp},
    {"https", CheckKind::kHttps}, {"dns", CheckKind::kDns},   {"grpc", CheckKind::kGrpc},
    {"icmp", CheckKind::kIcmp},   {"exec", CheckKind::kExec},
};
inline constexpr std::string_view kNoCheck = "none";  // in place of a check
inline constexpr Choice<bool> kTcpForms[] = {{"connect", true}};
inline constexpr Choice<bool> kIcmpForms[] = {{"echo", true}};
inline constexpr Choice<bool> kGrpcForms[] = {{"server", true}};
inline constexpr Choice<CheckPath> kCheckPaths[] = {
    {"tunnel", CheckPath::kTunnel},
    {"direct", CheckPath::kDirect},
};
inline constexpr Choice<WeightSource> kWeightSources[] = {
    {"header", WeightSource::kHeader},
    {"body", WeightSource::kBody},
};
// The numbers of RFC 1035, 2782 and 3596.
inline constexpr Choice<uint16_t> kDnsTypes[] = {
    {"A", 1},    {"AAAA", 28}, {"CNAME", 5}, {"MX", 15},  {"NS", 2},
    {"PTR", 12}, {"SOA", 6},   {"SRV", 33},  {"TXT", 16},
};
inline constexpr Choice<uint8_t> kRcodes[] = {
    {"NOERROR", 0}, {"FORMERR", 1}, {"SERVFAIL", 2}, {"NXDOMAIN", 3}, {"NOTIMP", 4}, {"REFUSED", 5},
};

// ` (did you mean "backends"?)` if one of the candidates is a likely misspelling of `word`, else
// nothing. Looks at no more than the first thousand candidates.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace sluice
