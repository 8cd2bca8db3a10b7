// SPDX-License-Identifier: Apache-2.0
#include "loadgen/generator.h"

#include <algorithm>
#include <utility>

namespace sluice::loadgen {

namespace {

// The first packet of a QUIC connection looks like one; fragments come in two.
Shape shape_of(Kind kind, bool first) {
  switch (kind) {
    case Kind::kSyn:
      return Shape::kSyn;
    case Kind::kEstablished:
      return Shape::kEstablished;
    case Kind::kFin:
      return Shape::kFin;
    case Kind::kIcmp:
      return Shape::kIcmp;
    case Kind::kUdp:
      return Shape::kUdp;
    case Kind::kFragments:
      return Shape::kFirstFragment;
    case Kind::kQuic:
      return first ? Shape::kQuicInitial : Shape::kQuic;
    case Kind::kEcho:
      return Shape::kEcho;
  }
  std::abort();
}

}  // namespace

Generator::Generator(const Traffic& traffic, MacAddress from, MacAddress to, uint32_t magic,
                     uint64_t most_flows)
    : flows_(traffic),
      turns_(traffic),
      random_(traffic.seed + 1),
      magic_(magic),
      has_syn_(traffic.mix[size_t(Kind::kSyn)] != 0),
      sent_(most_flows) {
  for (size_t kind = 0; kind < kKinds; kind++) {
    if (traffic.mix[kind] == 0) continue;
    Choice& choice = choices_[size_t(class_of(Kind(kind)))];
    choice.kinds.push_back(Kind(kind));
    choice.up_to.push_back((choice.up_to.empty() ? 0 : choice.up_to.back()) + traffic.mix[kind]);
  }
  for (size_t shape = 0; shape < kShapes; shape++)
    for (const Vip& vip : traffic.vips)
      frames_[shape].emplace_back(FrameOptions{
          .shape = Shape(shape),
          .from = from,
          .to = to,
          .clients = (vip.address.is_v4() ? traffic.sources_v4 : traffic.sources_v6).address,
          .vip = vip,
          .size = traffic.size});
}

// A connection begins with a SYN, if there are any.
Kind Generator::choose(FlowClass flow_class, bool first) {
  const Choice& choice = choices_[size_t(flow_class)];
  if (first && has_syn_ && flow_class == FlowClass::kTcp) return Kind::kSyn;
  if (choice.kinds.size() == 1) return choice.kinds.front();
  const uint32_t at = random_.below(uint32_t(choice.up_to.back()));
  size_t i = 0;
  while (choice.up_to[i] <= at) i++;
  return choice.kinds[i];
}

Generator::Written Generator::write(Shape shape, uint32_t number, const Flow& flow,
                                    uint32_t sequence, uint32_t time, uint8_t* to) {
  const Frame& frame = frames_[size_t(shape)][flow.vip];
  frame.write({.client = flow.client,
               .port = flow.port,
               .id = datagrams_,
               .stamp = {.magic = magic_, .flow = number, .sequence = sequence, .time = time}},
              to);
  return {frame.size(), number};
}

Generator::Written Generator::next(uint8_t* to, uint32_t time, uint64_t new_flows) {
  if (const std::optional<Rest> rest = std::exchange(rest_, std::nullopt))
    return write(Shape::kLaterFragment, rest->number, rest->flow, sent_[rest->number]++, time, to);
  const uint32_t number = turns_.next(new_flows);
  if (number == kFlood) {
    const uint32_t n = flood_sent_++;
    return write(Shape::kSyn, number, flows_.flood(n), n, time, to);
  }
  const Flow flow = flows_.flow(number);
  const uint32_t sequence = sent_[number]++;
  const bool first = sequence == 0;
  const Shape shape = shape_of(choose(flow.flow_class, first), first);
  if (shape == Shape::kFirstFragment) {
    datagrams_++;
    rest_ = {number, flow};
  }
  return write(shape, number, flow, sequence, time, to);
}

}  // namespace sluice::loadgen
