// SPDX-License-Identifier: Apache-2.0
// Packets for a contestant, and what came back of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "compare/site.h"

namespace sluice::bench {

// How a packet looks that a balancer has delivered.
struct Delivery {
  enum class To { kVip, kBackend, kBackendMac };
  uint8_t protocol = 17;  // the one behind the outermost IP header
  To to = To::kBackend;   // the outermost destination, or the VIP in a frame for a backend
  unsigned growth = 0;    // bytes in front of the client's packet

  bool operator==(const Delivery&) const = default;
};

struct Passage {
  uint64_t sent = 0, delivered = 0;
  uint64_t astray = 0;   // came back otherwise
  uint64_t reached = 0;  // a bit for each backend that got one, at any time
};

// What generates traffic at a site's network and counts what is delivered there. Another generator
// is another class of this kind.
class Traffic {
 public:
  virtual ~Traffic() = default;
  // Sends `packets` packets, of each of `flows` flows (a power of two) in turn. The calling thread
  // is a sender in the site's network, and its CPU does the work; several may send at once.
  virtual Result<void> send(uint64_t packets, uint32_t flows) = 0;
  // Of all that was sent so far.
  virtual Passage passage() const = 0;
};

// Makes the calling thread one that sends: it stays on `cpu`, and lets ksoftirqd there go first, or
// what that has been left with would have no room in the veths' queues.
Result<void> become_sender(int cpu);

// Sends, and returns what became of it when that is back, or never will be.
Result<Passage> send_all(Traffic& traffic, uint64_t packets, uint32_t flows);
// Since `before`, when all that was sent is back, or never will be.
Passage passage_since(const Traffic& traffic, const Passage& before);

// Makes the traffic of a site. `delivery` says what its contestant does to packets.
using TrafficMaker = std::function<Result<std::unique_ptr<Traffic>>(Site&, const Delivery&)>;

// Frames of 64 bytes, UDP over IPv4, made by an XDP program in the kernel (BPF_PROG_TEST_RUN with
// live frames); another one takes them in. All of a packet's way is on the sender's CPU, before the
// call returns.
Result<std::unique_ptr<Traffic>> live_frames(Site& site, const Delivery& delivery);

}  // namespace sluice::bench
