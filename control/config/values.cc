// SPDX-License-Identifier: Apache-2.0
#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// "[fd00::]" is a list of one map for YAML; the address it was meant to be, or nothing.
std::string address_read_as_map(const Node& node) {
  if (node.kind != Node::Kind::kMap || node.items.size() != 2) return "";
  const Node &key = *node.items[0], &value = *node.items[1];
  if (value.kind != Node::Kind::kMissing || !key.text.ends_with(':')) return "";
  return std::string(key.text) + ":";
}

constexpr uint64_t kTooLarge = uint64_t(1) << 32;

// kTooLarge for all that do not fit into 32 bits.
std::optional<uint64_t> parse_decimal(const Node& node, std::string_view text, Report& report) {
  if (!all_digits(text)) {
    complain(report, node, quoted(text) + " is not a decimal number");
    return std::nullopt;
  }
  if (text.size() > 1 && text[0] == '0') {
    complain(report, node, quoted(text) + " has a leading zero; numbers are decimal");
    return std::nullopt;
  }
  uint32_t number = 0;
  const bool fits =
      std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
  return fits ? number : kTooLarge;
}

struct Unit {
  std::string_view text;
  std::chrono::milliseconds length;
};

constexpr Unit kUnits[] = {
    {"ms", std::chrono::milliseconds(1)},
    {"s", std::chrono::seconds(1)},
    {"m", std::chrono::minutes(1)},
    {"h", std::chrono::hours(1)},
};

// Of "90s", or null.
const Unit* unit_of(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const Unit* const unit = std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& u) {
    return u.text == text.substr(digits);
  });
  return digits == 0 || unit == std::end(kUnits) ? nullptr : unit;
}

std::optional<std::chrono::milliseconds> parse_duration(const Node& node,
                                                        const DurationRange& range,
                                                        std::string_view examples, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "a duration", report);
  if (!text) return std::nullopt;
  const Unit* const unit = unit_of(*text);
  if (!unit) {
    complain(report, node,
             fmt::format("{} is not a duration, such as {}", quoted(*text), examples));
    return std::nullopt;
  }
  const std::string_view digits = text->substr(0, text->size() - unit->text.size());
  const std::optional<uint64_t> number = parse_decimal(node, digits, report);
  if (!number) return std::nullopt;
  const std::chrono::milliseconds duration = int64_t(*number) * unit->length;
  if (duration >= range.shortest && duration <= range.longest) return duration;
  complain(report, node,
           fmt::format("{} is not in {}..{}", excerpt(*text), duration_text(range.shortest),
                       duration_text(range.longest)));
  return std::nullopt;
}

// Why no single host can own `address`, or nullptr.
const char* why_unusable(const IpAddress& address) {
  static const IpAddress kBroadcast = *IpAddress::parse("255.255.255.255");
  if (address.is_unspecified()) return "the unspecified address";
  if (address.is_loopback()) return "a loopback address";
  if (address.is_multicast()) return "a multicast address";
  if (address.is_link_local()) return "a link-local address";
  if (address == kBroadcast) return "the broadcast address";
  return nullptr;
}

std::optional<IpAddress> parse_address(const Node& node, std::string_view text, Report& report) {
  const std::optional<IpAddress> address = IpAddress::parse(text);
  if (!address) {
    complain(report, node, quoted(text) + " is not an IPv4 or IPv6 address");
    return std::nullopt;
  }
  if (const char* why = why_unusable(*address)) {
    complain(report, node, fmt::format("{} is {} and cannot be used here", excerpt(text), why));
    return std::nullopt;
  }
  return address;
}

// An address of the prefix that why_unusable() refuses, if there is one: those are blocks, so that
// either the first address is in a block or the first address of a block is in the prefix.
std::optional<IpAddress> unusable_in(const IpPrefix& prefix) {
  static const std::vector<IpAddress> kFirstOfBlocks = [] {
    std::vector<IpAddress> first;
    for (const char* text : {"0.0.0.0", "127.0.0.0", "224.0.0.0", "169.254.0.0", "255.255.255.255",
                             "::", "::1", "ff00::", "fe80::"})
      first.push_back(*IpAddress::parse(text));
    return first;
  }();
  if (why_unusable(prefix.address)) return prefix.address;
  const auto it = std::find_if(kFirstOfBlocks.begin(), kFirstOfBlocks.end(),
                               [&](const IpAddress& a) { return prefix.contains(a); });
  return it == kFirstOfBlocks.end() ? std::nullopt : std::optional(*it);
}

// True for the IPv6 prefixes around ::ffff:0:0/96, as which IPv4 addresses go.
bool holds_mapped_addresses(const IpPrefix& prefix) {
  static const IpAddress kNeighbour = *IpAddress::parse("::fffe:0:0");
  return prefix.length < 96 && prefix.contains(kNeighbour);
}

// `address` with zeroes behind its first `length` bits.
IpAddress masked(const IpAddress& address, uint32_t length) {
  IpAddress::Bytes bytes = address.bytes();
  for (size_t bit = (bytes.size() - address.size()) * 8 + length; bit < bytes.size() * 8; bit++)
    bytes[bit / 8] &= uint8_t(~(0x80 >> bit % 8));
  return IpAddress(bytes);
}

std::optional<IpPrefix> parse_prefix(const Node& node, std::string_view text, Report& report) {
  const size_t slash = text.find('/');
  const std::optional<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    complain(report, node, quoted(text) + " is not an IPv4 or IPv6 prefix");
    return std::nullopt;
  }
  const std::optional<uint32_t> length =
      read_number(node, text.substr(slash + 1), 1, uint32_t(address->size() * 8), report);
  if (!length) return std::nullopt;
  const IpPrefix prefix = {.address = masked(*address, *length), .length = uint8_t(*length)};
  if (prefix.address != *address)
    complain(report, node,
             fmt::format("{} has bits set behind its length (did you mean {}/{}?)", excerpt(text),
                         prefix.address.to_string(), *length));
  else if (const std::optional<IpAddress> bad = unusable_in(prefix))
    complain(report, node,
             fmt::format("{} holds {}, {}, and cannot be used here", excerpt(text),
                         bad->to_string(), why_unusable(*bad)));
  else if (holds_mapped_addresses(prefix))
    complain(report, node, excerpt(text) + " holds ::ffff:0:0/96, which stands for IPv4");
  else
    return prefix;
  return std::nullopt;
}

// "80" or "27000-27100"; the protocol is left open.
std::optional<PortRange> parse_ports(const Node& node, std::string_view text, Report& report) {
  const size_t dash = text.find('-', 1);  // one at the start makes a number negative
  const std::optional<uint32_t> first = read_number(node, text.substr(0, dash), 1, 65535, report);
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return PortRange::one(uint16_t(*first), 0);
  const std::optional<uint32_t> last = read_number(node, text.substr(dash + 1), 1, 65535, report);
  if (!last) return std::nullopt;
  if (*first <= *last) return PortRange{uint16_t(*first), uint16_t(*last), 0};
  complain(report, node,
           fmt::format("{0}-{1} ends before it starts (did you mean {1}-{0}?)", *first, *last));
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> read_text(const Node& node, std::string_view what, Report& report) {
  if (node.kind == Node::Kind::kScalar && !node.text.empty()) return node.text;
  if (const std::string address = address_read_as_map(node); !address.empty())
    complain(report, node, "YAML sees a map here; quote the address: " + quoted(address));
  else if (node.kind == Node::Kind::kScalar)
    complain(report, node, fmt::format("{} is expected; this is empty", what));
  else
    complain(report, node, fmt::format("{} is expected; this is {}", what, to_string(node.kind)));
  return std::nullopt;
}

std::vector<const Node*> one_or_more(const Node& node) {
  if (node.kind == Node::Kind::kList) return node.items;
  return {&node};
}

std::optional<uint32_t> read_number(const Node& node, uint32_t low, uint32_t high, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "a number", report);
  return text ? read_number(node, *text, low, high, report) : std::nullopt;
}

std::optional<uint32_t> read_number(const Node& node, std::string_view text, uint32_t low,
                                    uint32_t high, Report& report) {
  const bool negative = text.starts_with('-') && all_digits(text.substr(1));
  if (!negative) {
    const std::optional<uint64_t> number = parse_decimal(node, text, report);
    if (!number) return std::nullopt;
    if (*number >= low && *number <= high) return uint32_t(*number);
  }
  complain(report, node, fmt::format("{} is not in {}..{}", excerpt(text), low, high));
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> read_duration(const Node& node, const DurationRange& range,
                                                       Report& report) {
  return parse_duration(node, range, "500ms, 15s or 2m", report);
}

std::optional<std::chrono::seconds> read_seconds(const Node& node, const DurationRange& range,
                                                 Report& report) {
  const std::optional<std::chrono::milliseconds> duration =
      parse_duration(node, range, "90s, 15m or 2h", report);
  if (!duration) return std::nullopt;
  const std::chrono::seconds seconds = std::chrono::floor<std::chrono::seconds>(*duration);
  if (seconds == *duration) return seconds;
  complain(report, node, fmt::format("{} is not a number of whole seconds", excerpt(node.text)));
  return std::nullopt;
}

std::string duration_text(std::chrono::milliseconds duration) {
  if (duration.count() == 0) return "0s";
  const Unit* unit = std::end(kUnits) - 1;
  while (duration % unit->length != std::chrono::milliseconds(0)) unit--;
  return fmt::format("{}{}", duration / unit->length, unit->text);
}

std::optional<IpAddress> read_address(const Node& node, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "an address", report);
  return text ? parse_address(node, *text, report) : std::nullopt;
}

std::optional<IpPrefix> read_prefix(const Node& node, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "an address or prefix", report);
  if (!text) return std::nullopt;
  if (text->find('/') != std::string_view::npos) return parse_prefix(node, *text, report);
  const std::optional<IpAddress> address = parse_address(node, *text, report);
  return address ? std::optional(IpPrefix::of(*address)) : std::nullopt;
}

std::optional<MacAddress> read_mac(const Node& node, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "a MAC address", report);
  if (!text) return std::nullopt;
  const std::optional<MacAddress> mac = MacAddress::parse(*text);
  if (!mac)
    complain(report, node, quoted(*text) + " is not a MAC address (such as 02:00:00:00:00:01)");
  else if (mac->is_zero() || mac->is_multicast())
    complain(report, node, excerpt(*text) + " is not the address of one host");
  else
    return mac;
  return std::nullopt;
}

std::optional<PortRange> read_ports(const Node& node, Report& report) {
  const std::optional<std::string_view> text = read_text(node, "a port", report);
  if (!text) return std::nullopt;
  const size_t slash = text->find('/');
  const std::string_view numbers = text->substr(0, slash);
  std::optional<PortRange> ports =
      numbers == "any" ? PortRange::any(0) : parse_ports(node, numbers, report);
  if (!ports) return std::nullopt;
  if (slash == std::string_view::npos) {
    complain(report, node, fmt::format("{0} has no protocol (write {0}/tcp or {0}/udp)", numbers));
    return std::nullopt;
  }
  const std::optional<Protocol> protocol =
      read_choice(node, text->substr(slash + 1), kProtocols, report);
  if (!protocol) return std::nullopt;
  if (protocol == Protocol::kAny && !ports->is_any()) {
    complain(report, node,
             fmt::format("{0}/any: any protocol goes with any port (write any/any, or {0}/tcp and "
                         "{0}/udp)",
                         numbers));
    return std::nullopt;
  }
  ports->protocol = uint8_t(*protocol);
  return ports;
}

void check_name(const Node& key, Report& report) {
  constexpr size_t kLongestName = 63;
  const auto alphanumeric = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  const std::string_view name = key.text;
  const bool valid = !name.empty() && name.size() <= kLongestName && alphanumeric(name[0]) &&
                     std::all_of(name.begin(), name.end(), [&](char c) {
                       return alphanumeric(c) || c == '.' || c == '_' || c == '-';
                     });
  if (valid) return;
  complain(report, key,
           fmt::format("{} is not a name (letters, digits, \".\", \"_\" and \"-\", at most {}, a "
                       "letter or digit first)",
                       quoted(name), kLongestName));
}

std::optional<size_t> read_word(const Node& node, std::string_view text,
                                std::span<const Word> words, Report& report) {
  std::vector<std::string_view> all, supported;
  for (size_t i = 0; i < words.size(); i++) {
    if (words[i].text == text && words[i].support == kNow) return i;
    if (words[i].text == text) {
      complain(report, node, quoted(text) + " is not supported yet");
      return std::nullopt;
    }
    all.push_back(words[i].text);
    if (words[i].support == kNow) supported.push_back(words[i].text);
  }
  if (report.full()) return std::nullopt;
  std::string hint = did_you_mean(text, all);
  if (hint.empty()) hint = fmt::format(" (supported: {})", fmt::join(supported, ", "));
  complain(report, node, "unknown value " + quoted(text) + hint);
  return std::nullopt;
}

}  // namespace sluice
