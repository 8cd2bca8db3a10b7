// SPDX-License-Identifier: Apache-2.0
#include "netns/numbered_ledger.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <deque>
#include <utility>

namespace sluice::netns {
namespace {

constexpr milliseconds kTurn(50);
constexpr size_t kMostLost = 8, kMostCuts = 100'000;  // that are listed

}  // namespace

std::string NumberedReport::text() const {
  std::string text = fmt::format("{} sent, {} lost, {} duplicated, {} stray, {} moved, {} cuts",
                                 sent, lost, duplicated, strays, moved, cuts.size());
  if (!first_lost.empty()) text += fmt::format("; lost first: {}", fmt::join(first_lost, ", "));
  if (overrun) text += "; the ledger was too late";
  return text;
}

NumberedLedger::NumberedLedger(const NumberedSender& sender, NumberedSink& sink, MarkGroups groups)
    : sender_(sender), sink_(sink), groups_(std::move(groups)) {
  for (const auto& [mark, group] : groups_) marks_[group].resize(sender.period());
  thread_ = std::thread([this] { run(); });
}

NumberedLedger::~NumberedLedger() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void NumberedLedger::run() {
  std::deque<std::pair<Clock::time_point, uint64_t>> sent;  // by then, so many
  while (!stopping_) {
    const Clock::time_point now = Clock::now();
    sent.emplace_back(now, sender_.sent());
    while (!sent.empty() && sent.front().first + kSettled <= now) {
      settle(sent.front().second);
      sent.pop_front();
    }
    std::this_thread::sleep_for(kTurn);
  }
}

NumberedReport NumberedLedger::close() {
  stopping_ = true;
  thread_.join();
  std::this_thread::sleep_for(kSettled);
  settle(sender_.sent());
  // What is still written down came when its number had been settled, or was never sent.
  for (uint64_t n = 0; n < NumberedSink::kWindow; n++)
    if (sink_.take(settled_ + n).times > 0) report_.duplicated++;
  report_.sent = settled_;
  return report_;
}

void NumberedLedger::settle(uint64_t end) {
  if (sender_.begun() - settled_ > NumberedSink::kWindow) report_.overrun = true;
  for (; settled_ < end; settled_++) enter(settled_, sink_.take(settled_));
}

void NumberedLedger::enter(uint64_t number, const Arrival& arrival) {
  if (arrival.times == 0) {
    report_.lost++;
    if (report_.first_lost.size() < kMostLost) report_.first_lost.push_back(number);
    return;
  }
  if (arrival.times > 1) report_.duplicated++;
  if (arrival.marks & 1u << NumberedSink::kStray) report_.strays++;
  const uint32_t named = arrival.marks & ~(1u << NumberedSink::kStray);
  if (!std::has_single_bit(named)) return;
  follow(number, unsigned(std::countr_zero(named)));
}

void NumberedLedger::follow(uint64_t number, unsigned mark) {
  const unsigned group = groups_.at(mark);
  if (group_ != 0 && group != group_ && report_.cuts.size() < kMostCuts)
    report_.cuts.push_back({.number = number, .from = group_, .to = group});
  group_ = group;
  uint8_t& known = marks_.at(group).at(number % sender_.period());
  if (known != 0 && known != mark) report_.moved++;
  known = uint8_t(mark);
}

}  // namespace sluice::netns
