// SPDX-License-Identifier: Apache-2.0
#include "loadgen/traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "loadgen/flow_set.h"

namespace sluice::loadgen {

namespace {

constexpr std::array<const char*, kKinds> kNames = {"syn", "established", "fin",  "icmp",
                                                    "udp", "fragments",   "quic", "echo"};
constexpr double kMostRate = 1e9;

// Takes the number at the beginning of `text` away.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || !(value >= 0)) return {};
  text.remove_prefix(size_t(end - text.data()));
  return value;
}

Error wrong(std::string_view text, std::string_view wanted) {
  return Error{fmt::format("\"{}\" is not {}", text, wanted)};
}

std::optional<uint32_t> whole_number(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace

const char* to_string(Kind kind) {
  return kNames[size_t(kind)];
}

FlowClass class_of(Kind kind) {
  switch (kind) {
    case Kind::kSyn:
    case Kind::kEstablished:
    case Kind::kFin:
    case Kind::kIcmp:
      return FlowClass::kTcp;
    case Kind::kUdp:
    case Kind::kFragments:
      return FlowClass::kUdp;
    case Kind::kQuic:
      return FlowClass::kQuic;
    case Kind::kEcho:
      return FlowClass::kEcho;
  }
  std::abort();
}

Result<void> check(const Traffic& traffic, double seconds) {
  if (traffic.vips.empty()) return Error{"there is no VIP to send to"};
  if (traffic.flows == 0) return Error{"there must be one flow at least"};
  if (std::accumulate(traffic.mix.begin(), traffic.mix.end(), uint64_t(0)) == 0)
    return Error{"the mix has nothing in it"};
  if (traffic.size > kMostSize)
    return Error{
        fmt::format("frames of {} bytes are too big: {} at most", traffic.size, kMostSize)};
  const double all = double(traffic.flows) + traffic.new_flows * seconds;
  if (all > double(kMostFlows))
    return Error{fmt::format("{:.0f} flows in all are too many: {} at most", all, kMostFlows)};
  const double room = double(FlowSet(traffic).room());
  if (double(traffic.flows) > room)
    return Error{fmt::format("the clients' networks have room for {:.0f} flows, not {}", room,
                             traffic.flows)};
  return {};
}

Result<Mix> parse_mix(std::string_view text) {
  Mix mix = {};
  const std::string_view whole = text;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const std::string_view name = item.substr(0, item.find('='));
    const auto* const known = std::ranges::find(kNames, name);
    if (known == kNames.end())
      return wrong(name, fmt::format("a kind of packet: {}", fmt::join(kNames, ", ")));
    std::optional<uint32_t> weight = 1;
    if (name.size() < item.size()) weight = whole_number(item.substr(name.size() + 1));
    if (!weight || *weight > 1'000'000) return wrong(item, "a kind and its weight, as in udp=5");
    mix[size_t(known - kNames.begin())] += *weight;
  }
  if (mix == Mix{}) return wrong(whole, "a mix, as in established=90,syn=5,fin=5");
  return mix;
}

Result<Vip> parse_vip(std::string_view text) {
  constexpr char kWanted[] = "an address and a port: 192.0.2.10:443, [2001:db8::10]:443";
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return wrong(text, kWanted);
  std::string_view address = text.substr(0, colon);
  const bool bracketed = address.starts_with('[') && address.ends_with(']');
  if (bracketed) address = address.substr(1, address.size() - 2);
  const std::optional<IpAddress> parsed = IpAddress::parse(address);
  const std::optional<uint32_t> port = whole_number(text.substr(colon + 1));
  if (!parsed || parsed->is_v4() == bracketed || !port || *port == 0 || *port > 0xffff)
    return wrong(text, kWanted);
  return Vip{.address = *parsed, .port = uint16_t(*port)};
}

Result<double> parse_order(std::string_view text) {
  constexpr std::string_view kZipf = "zipf:";
  if (text == "uniform") return 0.0;
  std::string_view rest = text;
  if (text.starts_with(kZipf)) {
    rest.remove_prefix(kZipf.size());
    const std::optional<double> exponent = take_number(rest);
    if (exponent && rest.empty() && *exponent > 0 && *exponent <= 10) return *exponent;
  }
  return wrong(text, "uniform or zipf:EXPONENT, of 10 at most");
}

Result<double> parse_rate(std::string_view text, bool max_allowed) {
  if (max_allowed && text == "max") return 0.0;
  std::string_view rest = text;
  std::optional<double> rate = take_number(rest);
  if (rate && rest.starts_with('k')) *rate *= 1e3;
  if (rate && rest.starts_with('M')) *rate *= 1e6;
  if (rest.starts_with('k') || rest.starts_with('M')) rest.remove_prefix(1);
  const bool whole = rest.empty() || rest == "/s";
  if (rate && whole && *rate <= kMostRate && (*rate > 0 || !max_allowed)) return *rate;
  return wrong(text, max_allowed ? "a rate: 100k, 1.5M, max" : "a rate: 1000/s, 20k");
}

Result<double> parse_share(std::string_view text) {
  std::string_view rest = text;
  std::optional<double> share = take_number(rest);
  if (share && rest == "%") {
    *share /= 100;
    rest = {};
  }
  if (share && rest.empty() && *share <= 1) return *share;
  return wrong(text, "a share: 10% or 0.1");
}

Result<double> parse_seconds(std::string_view text) {
  std::string_view rest = text;
  const std::optional<double> n = take_number(rest);
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"s", 1}, {"ms", 1e-3}, {"m", 60}, {"h", 3600}};
  for (const auto& [unit, seconds] : kUnits)
    if (n && *n > 0 && rest == unit && *n * seconds <= 7 * 86400) return *n * seconds;
  return wrong(text, "a duration: 10s, 500ms, 2m, 1h");
}

}  // namespace sluice::loadgen
