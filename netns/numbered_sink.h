// SPDX-License-Identifier: Apache-2.0
// Where numbered packets end: an XDP program that writes down which of them arrived, and how.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/host.h"

namespace sluice::netns {

// A way for packets of a stream to arrive, as the outermost IP header tells it.
struct NumberedWay {
  uint32_t stream = 0;
  IpAddress to;
  uint8_t protocol = 0;  // the one that follows
};

// How one number arrived.
struct Arrival {
  uint32_t times = 0;
  uint32_t marks = 0;  // bit m: by a way marked m
};

// Numbers are told apart as long as fewer than kWindow of them are neither taken nor to come.
class NumberedSink {
 public:
  static constexpr uint64_t kWindow = 1 << 22;
  // The mark of arrivals by a way nobody has named.
  static constexpr unsigned kStray = 0, kMarks = 32;

  static Result<std::unique_ptr<NumberedSink>> create();
  NumberedSink(const NumberedSink&) = delete;
  NumberedSink& operator=(const NumberedSink&) = delete;
  ~NumberedSink();

  // Natively, for as long as the sink lives. The device must have no XDP program.
  Result<void> attach(const Host& host, const std::string& device);
  // `mark` is 1 to kMarks - 1.
  Result<void> mark(const NumberedWay& way, unsigned mark);

  // One more than the highest number that has arrived since forget_progress().
  uint64_t progress() const;
  void forget_progress();

  Arrival look_at(uint64_t number) const;
  // Looks, and forgets it: the next arrival is of number + kWindow.
  Arrival take(uint64_t number);

 private:
  struct Loaded;
  NumberedSink() = default;
  uint64_t* record(uint64_t number) const;

  std::unique_ptr<Loaded> loaded_;
  uint64_t *records_ = nullptr, *progress_ = nullptr;
  std::vector<UniqueFd> links_;
};

}  // namespace sluice::netns
