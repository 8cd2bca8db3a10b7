// SPDX-License-Identifier: Apache-2.0
// A configuration in the shipped program with maps of its own, attached to nothing: says what
// becomes of the frames it is given.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernel/dataplane.h"
#include "kernel/hook.h"
#include "model/config.h"
#include "plan/plan.h"
#include "simulate/capture.h"
#include "simulate/scene.h"

namespace sluice {

enum class Verdict {
  kTx,        // out of the interface it came in by: to a backend, or an answer of our own
  kRedirect,  // to a backend, out of another interface
  kPass,      // to the kernel
  kDrop,
  kSkipped,  // not shown to the program: the answer would be wrong
};
const char* to_string(Verdict verdict);

// What became of a frame. Names live as long as the Simulator; one that is empty is not there.
struct Fate {
  Verdict verdict;
  std::string_view reason;      // "NOT_VIP", "FRAGMENT", "ECHO"; none if forwarded
  std::string_view text;        // the same for people
  std::string_view service;     // it is for
  std::string_view backend;     // "pool/backend" that was chosen
  std::string_view interface;   // it leaves by
  std::vector<uint8_t> packet;  // as the program left it

  bool is_sent() const { return verdict == Verdict::kTx || verdict == Verdict::kRedirect; }
  bool is_forwarded() const { return is_sent() && reason.empty(); }
};

class Simulator {
 public:
  // Keeps the calling thread on its CPU from now on: fates are noted, and state is kept, by CPU.
  static Result<std::unique_ptr<Simulator>> create(const Config& config, const Scene& scene,
                                                   Hook hook);

  // What came before counts: fragments, for one, are remembered. Time passes as it passes here, not
  // as between the frames of the capture.
  Result<Fate> run(const CapturedFrame& frame);

 private:
  Simulator(const Scene& scene, Hook hook, int cpu, std::unique_ptr<Dataplane> dataplane,
            const Live& live);
  struct Member {
    std::string backend;  // "pool/backend"
    bool keeps_vlan;
  };
  Result<Fate> explain(std::span<const uint8_t> frame, std::vector<uint8_t> packet) const;

  std::string ingress_;
  std::map<uint32_t, std::string> interfaces_;  // by index
  std::vector<std::string> services_;           // by number
  std::map<uint32_t, Member> members_;          // by index
  Hook hook_;
  int cpu_;
  std::unique_ptr<Dataplane> dataplane_;
};

}  // namespace sluice
