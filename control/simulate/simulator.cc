// SPDX-License-Identifier: Apache-2.0
#include "simulate/simulator.h"

#include <fmt/format.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <sched.h>

#include <cstring>

#include "abi/sluice_abi.h"
#include "kernel/counters.h"
#include "kernel/fate.h"
#include "kernel/publish.h"
#include "kernel/test_run.h"
#include "plan/compile.h"

namespace sluice {

namespace {

constexpr ReasonText kCut = {"CUT", "the capture has only the frame's beginning"};
constexpr ReasonText kTooLarge = {"TOO_LARGE",
                                  "larger than what the kernel shows a program in one piece"};

// A capture is played as fast as it can be read. Without this, answers would run into a rate limit
// that they never meet at the speed they were captured, and how many do would differ from run to
// run: at one a nanosecond, none does.
constexpr uint32_t kNoRateLimit = 1'000'000'000;

Result<int> stay_on_this_cpu() {
  const int cpu = ::sched_getcpu();
  if (cpu < 0) return errno_error("ask for the current CPU");
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(size_t(cpu), &only);
  if (::sched_setaffinity(0, sizeof(only), &only) != 0)
    return errno_error(fmt::format("stay on CPU {}", cpu));
  return cpu;
}

// By service and address: "pool/backend".
std::map<std::pair<std::string, IpAddress>, std::string> backends_of(const Live& live) {
  std::map<std::pair<std::string, IpAddress>, std::string> out;
  for (const ImageService& s : live.image.services)
    for (const ImageMember& m : s.members) out[{s.name, m.address}] = m.backend;
  return out;
}

std::vector<std::string> name_services(const Live& live) {
  std::vector<std::string> out;
  for (const ImageService& s : live.image.services) out.push_back(s.name);
  return out;
}

template <size_t N>
void give_reason(Fate& fate, const std::array<ReasonText, N>& texts, uint8_t reason) {
  fate.reason = texts.at(reason).name;
  fate.text = texts.at(reason).text;
}

// What kernels refuse to run, and the program would pass as not IP: less than an Ethernet header,
// or (at tc, newer ones) less than the IP header that the type promises.
bool has_no_ip_header(std::span<const uint8_t> frame) {
  ether_header eth = {};
  if (frame.size() <= sizeof(eth)) return true;
  std::memcpy(&eth, frame.data(), sizeof(eth));
  const size_t behind = frame.size() - sizeof(eth);
  return (eth.ether_type == htons(ETHERTYPE_IP) && behind < sizeof(iphdr)) ||
         (eth.ether_type == htons(ETHERTYPE_IPV6) && behind < sizeof(ip6_hdr));
}

Fate without_running(Verdict verdict, const ReasonText& why, const CapturedFrame& frame) {
  return {.verdict = verdict,
          .reason = why.name,
          .text = why.text,
          .packet = {frame.bytes.begin(), frame.bytes.end()}};
}

}  // namespace

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kTx:
      return "tx";
    case Verdict::kRedirect:
      return "redirect";
    case Verdict::kPass:
      return "pass";
    case Verdict::kDrop:
      return "drop";
    case Verdict::kSkipped:
      return "skipped";
  }
  return "";
}

Result<std::unique_ptr<Simulator>> Simulator::create(const Config& config, const Scene& scene,
                                                     Hook hook) {
  const Result<int> cpu = stay_on_this_cpu();
  if (!cpu) return cpu.error();
  RingCache rings;
  Image image = compile(desire(config, scene.next_hops, scene.macs), rings);
  const Capacity capacity = capacity_for(image, config.ring_size);
  // Able to do everything: what a configuration does not use changes nothing but the speed.
  const Features features = {.explain = true, .replies_per_second = kNoRateLimit};
  Result<std::unique_ptr<Dataplane>> dataplane =
      Dataplane::load(capacity, hash_key_from_seed(config.seed), features, {hook});
  if (!dataplane) return dataplane.error();
  const Result<Plan> plan = make_plan(Live{}, std::move(image), capacity);
  if (!plan) return plan.error();
  if (const Result<void> done = publish(*plan, **dataplane); !done) return done.error();
  return std::unique_ptr<Simulator>(
      new Simulator(scene, hook, *cpu, std::move(*dataplane), plan->next));
}

Simulator::Simulator(const Scene& scene, Hook hook, int cpu, std::unique_ptr<Dataplane> dataplane,
                     const Live& live)
    : ingress_(scene.ingress),
      interfaces_(scene.interfaces),
      services_(name_services(live)),
      hook_(hook),
      cpu_(cpu),
      dataplane_(std::move(dataplane)) {
  const std::map<std::pair<std::string, IpAddress>, std::string> backends = backends_of(live);
  for (const auto& [key, m] : live.members)
    members_[m.index] = {.backend = backends.at({key.service, key.backend}),
                         .keeps_vlan = bool(m.value.flags & SLUICE_MEMBER_KEEP_VLAN)};
}

Result<Fate> Simulator::run(const CapturedFrame& frame) {
  // Lengths are checked against the frame: the rest of it is missing, and would be called a lie.
  if (frame.is_cut()) return without_running(Verdict::kSkipped, kCut, frame);
  Result<TestOutcome> outcome = test_run(dataplane_->program_fd(hook_), hook_, frame.bytes);
  if (!outcome && has_no_ip_header(frame.bytes))
    return without_running(Verdict::kPass, kPassTexts[SLUICE_PASS_NOT_IP], frame);
  if (!outcome) return outcome.error();
  if (outcome->too_large) return without_running(Verdict::kSkipped, kTooLarge, frame);
  return explain(frame.bytes, std::move(outcome->frame));
}

Result<Fate> Simulator::explain(std::span<const uint8_t> frame, std::vector<uint8_t> packet) const {
  const Result<sluice_fate> told = read_fate(*dataplane_, cpu_);
  if (!told) return told.error();
  Fate fate = {.verdict = Verdict::kDrop, .packet = std::move(packet)};
  const Member* const member = told->member == SLUICE_NONE ? nullptr : &members_.at(told->member);
  if (told->service != SLUICE_NONE) fate.service = services_.at(told->service);
  if (member) fate.backend = member->backend;
  bool keeps_vlan = false;
  switch (told->verdict) {
    case SLUICE_FATE_TX:
      fate.verdict = Verdict::kTx;
      fate.interface = ingress_;
      keeps_vlan = member->keeps_vlan;
      break;
    case SLUICE_FATE_REDIRECT:
      fate.verdict = Verdict::kRedirect;
      fate.interface = interfaces_.at(told->ifindex);
      keeps_vlan = member->keeps_vlan;
      break;
    case SLUICE_FATE_REPLY:
      fate.verdict = Verdict::kTx;
      fate.interface = ingress_;
      keeps_vlan = true;
      give_reason(fate, kReplyTexts, told->reason);
      break;
    case SLUICE_FATE_PASS:
      fate.verdict = Verdict::kPass;
      give_reason(fate, kPassTexts, told->reason);
      break;
    default:
      give_reason(fate, kDropTexts, told->reason);
  }
  if (hook_ == Hook::kTc && keeps_vlan) fate.packet = with_tag_aside(frame, std::move(fate.packet));
  return fate;
}

}  // namespace sluice
