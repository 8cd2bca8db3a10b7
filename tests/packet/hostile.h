// SPDX-License-Identifier: Apache-2.0
// Hostile frames in bulk: each goes through one loaded data plane, in every world, with a control
// packet behind it; the oracle says what must become of it and the judge whether it did.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "packet/fixture.h"
#include "support/judge.h"
#include "support/oracle.h"

namespace sluice::test {

// VIPs besides kVip4 and kVip6 (TCP 80, UDP 443): every protocol at kAny*; in the networks of
// kNet*, TCP on any port and UDP 27000-27100.
inline const std::string kAny4 = "192.0.2.20", kAny6 = "2001:db8::20";
inline const std::string kNet4 = "192.0.2.200", kNet6 = "2001:db8:1::200";
// Nobody's: for the host, or for others.
inline const std::string kOther4 = "192.0.2.99", kOther6 = "2001:db8::99";
inline constexpr uint32_t kLinkMtu = 1500;

// Backends that are reached in one way, or in many.
struct World {
  std::string name;
  Scenario setup;
};
const std::vector<World>& worlds();
// The backend's tunnel in a world of its own, for rows about one tunnel.
World world_of(const std::string& name, const std::vector<Backend>& backends);

// What the class says of a frame besides what the oracle says.
enum class Must { kBeSent, kPass, kBeDropped, kBeAnswered, kNotBeSent };

struct Hostile {
  std::string name;
  Bytes frame;
  std::optional<Must> must = {};
  std::optional<sluice_drop_reason> why = {};  // of a drop
};

// What the data plane counted, or what it should have.
struct Totals {
  std::vector<uint64_t> by_cpu;  // packets, whatever became of them
  std::array<uint64_t, SLUICE_DROP_REASON_COUNT> drops = {};
  uint64_t sent = 0, replied = 0, passed = 0;
};

// Runs a class and counts. Each CPU takes its turn, so that per-CPU counters are told apart.
class HostileRun {
 public:
  explicit HostileRun(std::string name);
  ~HostileRun();
  HostileRun(const HostileRun&) = delete;
  HostileRun& operator=(const HostileRun&) = delete;

  void enter(const World& world);
  // What became of it, for those who go on with it.
  Observed run(const Hostile& hostile);
  // Prints the line of figures; fails the test unless all of them are 0.
  void finish();
  bool ok() const { return loaded_ && loaded_->ok(); }

 private:
  Observed observe(const Bytes& frame);
  void tally(const Observed& observed);
  void run_control();
  void take_turns();
  void wrong(const std::string& name, const Bytes& frame, const std::string& why);
  Totals counted();
  // Compares the counters with what was run in this world.
  void leave();

  std::string name_, world_;
  std::unique_ptr<Loaded> loaded_;
  Oracle oracle_;
  Judge judge_;
  std::vector<Bytes> controls_;
  std::vector<int> cpus_;  // that may be used
  Counters last_;          // as they were behind the last drop
  Totals before_, run_;    // what was counted before this world, what was run in it
  uint64_t frames_ = 0, control_runs_ = 0;
  uint64_t wrong_ = 0, aborted_ = 0, controls_lost_ = 0, uncounted_ = 0;
};

// Frames take a hundred times longer over a link than by test run: there one world must do, with
// every tunnel in it, and samples of what is counted through.
bool over_a_link();
// 1, or by how much to count over a link.
uint32_t stride();

// One class in every world; `make` is told which, for rows that must differ.
void check_hostile(const std::string& name,
                   const std::function<std::vector<Hostile>(size_t world)>& make);
void check_hostile(const std::string& name, const std::vector<Hostile>& frames);

// ---- Shapes that several classes start from.

using Frames = std::vector<Hostile>;
void append(Frames& to, Frames more);

// ICMP with the right checksum: `rest` is the second word of its header.
Bytes icmp4(uint8_t type, uint8_t code, uint32_t rest, const Bytes& body);
Bytes icmp_frame4(const Bytes& message, Ipv4 ip);
Bytes icmp_frame6(uint8_t type, uint8_t code, uint32_t rest, const Bytes& body, Ipv6 ip);
// What a backend once sent to the client from TCP port 80 of the VIP, to be quoted: its first `n`
// bytes behind the IP header.
Bytes reply_of4(const std::string& vip, size_t n);
Bytes reply_of6(const std::string& vip, size_t n);
// UDP without a checksum, which IPv4 allows.
Bytes udp_header(uint16_t source, uint16_t destination, size_t payload);
// From the client's port 31337 to port 80; from kClient4 or kClient6 unless `ip` says otherwise.
Bytes tcp_to4(Ipv4 ip, size_t payload = 5);
Bytes tcp_to6(Ipv6 ip, size_t payload = 5);
// `frame` with `tags` behind its MAC addresses.
Bytes tagged(const Bytes& frame, const Bytes& tags);

}  // namespace sluice::test
