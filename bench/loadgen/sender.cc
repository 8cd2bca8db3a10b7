// SPDX-License-Identifier: Apache-2.0
#include "loadgen/sender.h"

namespace sluice::loadgen {

const std::vector<uint32_t>& sent_by(const Source& source) {
  return std::visit([](const auto& s) -> const std::vector<uint32_t>& { return s.sent(); }, source);
}
uint64_t flood_by(const Source& source) {
  return std::visit([](const auto& s) { return uint64_t(s.flood_sent()); }, source);
}

Sender::Sender(const Options& options, Wire& wire, Source& source, PcapWriter* record,
               uint64_t start)
    : options_(options),
      wire_(wire),
      source_(source),
      record_(record),
      start_(start),
      pace_(options.rate),
      last_(start) {
}

bool Sender::done(uint64_t now) const {
  if (std::holds_alternative<Replay>(source_)) return at_end_;
  return double(now - start_) >= options_.seconds * double(kSecond);
}

Filled Sender::fill(uint8_t* to, uint64_t now) {
  Filled filled;
  if (Generator* const generator = std::get_if<Generator>(&source_)) {
    const double begun = options_.traffic.new_flows * double(now - start_) / double(kSecond);
    const Generator::Written written = generator->next(to, uint32_t(now), uint64_t(begun));
    filled = {written.size, written.flow};
  } else {
    std::optional<Stamp> stamp;
    filled.size = std::get<Replay>(source_).next(to, uint32_t(now), stamp);
    at_end_ = filled.size == 0;
    unstamped_ += filled.size != 0 && !stamp;
    if (stamp) filled.flow = stamp->flow;
  }
  if (record_ && filled.size) record_->write({to, filled.size}, calendar_of(now));
  return filled;
}

uint64_t Sender::step(uint64_t now) {
  const unsigned due = pace_.due(now - start_, options_.burst);
  if (due == 0) return pace_.wait(now - start_);
  const uint64_t unstamped = unstamped_;
  const Sent sent = wire_.send(due, [&](uint8_t* to) { return fill(to, now); });
  pace_.sent(sent.filled);
  seconds_.of((now - start_) / kSecond).sent += sent.filled - (unstamped_ - unstamped);
  not_taken_ += sent.filled - sent.taken;
  last_ = now;
  return 0;
}

}  // namespace sluice::loadgen
