// SPDX-License-Identifier: Apache-2.0
#include "loadgen/replay.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "loadgen/traffic.h"
#include "netns/checksum.h"

namespace sluice::loadgen {

namespace {

constexpr uint16_t kStampMagicHalf = uint16_t(kStampMagic >> 16);

// Where a packet's checksum stands in its payload; nothing: it has none we know.
std::optional<size_t> checksum_at(const IpView& ip) {
  if (ip.later_fragment) return 0;
  switch (ip.protocol) {
    case IPPROTO_TCP:
      return 16;
    case IPPROTO_UDP:
      return 6;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      return 2;
    default:
      return {};
  }
}

std::optional<IpView> ip_of(BytesView frame) {
  const std::optional<EthernetView> ethernet = read_ethernet(frame);
  return ethernet ? read_ip(ethernet->packet, ethernet->type) : std::nullopt;
}

std::optional<Stamp> stamp_of(const IpView& ip) {
  Stamp stamp;
  if (ip.payload.size() < sizeof(stamp)) return {};
  std::memcpy(&stamp, ip.payload.data() + ip.payload.size() - sizeof(stamp), sizeof(stamp));
  return stamp.magic >> 16 == kStampMagicHalf ? std::optional(stamp) : std::nullopt;
}

}  // namespace

std::optional<Stamp> restamp(std::span<uint8_t> frame, uint32_t magic, uint32_t time) {
  const std::optional<IpView> ip = ip_of(frame);
  if (!ip) return {};
  std::optional<Stamp> stamp = stamp_of(*ip);
  const std::optional<size_t> check_at = checksum_at(*ip);
  if (!stamp || stamp->magic != magic || !check_at) return {};
  uint8_t* const payload = frame.data() + (ip->payload.data() - frame.data());
  uint16_t check = 0;
  std::memcpy(&check, payload + *check_at, sizeof(check));
  // RFC 1624, equation 3, a word at a time.
  const uint32_t before = ~stamp->time;
  uint32_t sum = uint16_t(~check);
  sum += netns::sum_of_words(&before, sizeof(before)) + netns::sum_of_words(&time, sizeof(time));
  check = netns::checksum_of(sum);
  if (check == 0 && ip->protocol == IPPROTO_UDP) check = 0xffff;
  std::memcpy(payload + *check_at, &check, sizeof(check));
  stamp->time = time;
  std::memcpy(payload + ip->payload.size() - sizeof(*stamp), &*stamp, sizeof(*stamp));
  return stamp;
}

Result<Replay> Replay::open(const std::string& path) {
  Result<PcapReader> first = PcapReader::open(path), second = PcapReader::open(path);
  if (!first) return first.error();
  if (!second) return second.error();
  Replay replay(std::move(*second));
  uint64_t flows = 0;
  for (;;) {
    const Result<std::optional<BytesView>> frame = first->next();
    if (!frame) return frame.error();
    if (!*frame) break;
    const std::optional<IpView> ip = ip_of(**frame);
    const std::optional<Stamp> stamp = ip ? stamp_of(*ip) : std::nullopt;
    if (!stamp) continue;
    if (replay.magic_ == 0) replay.magic_ = stamp->magic;
    if (stamp->magic == replay.magic_ && stamp->flow != kFlood && stamp->flow < kMostFlows)
      flows = std::max<uint64_t>(flows, stamp->flow + 1u);
  }
  replay.sent_.resize(flows);
  return replay;
}

size_t Replay::next(uint8_t* to, uint32_t time, std::optional<Stamp>& stamp) {
  for (;;) {
    const Result<std::optional<BytesView>> frame = reader_.next();
    if (!frame || !*frame) return 0;
    const size_t size = (*frame)->size();
    if (size > kMostSize) continue;
    std::ranges::copy(**frame, to);
    stamp = restamp({to, size}, magic_, time);
    if (stamp && stamp->flow == kFlood) flood_sent_++;
    if (stamp && stamp->flow < sent_.size()) sent_[stamp->flow]++;
    return size;
  }
}

}  // namespace sluice::loadgen
