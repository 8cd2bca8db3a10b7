// SPDX-License-Identifier: Apache-2.0
#include "change/road.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "daemon/beginning.h"
#include "kernel/pin.h"

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr char kInstance[] = "bench";
// How long the first next hop may take to be found.
constexpr std::chrono::seconds kPatience(5);
constexpr std::chrono::milliseconds kPause(10);

// Since `start`, which is now from then on.
Duration lap(Clock::time_point& start) {
  const Clock::time_point before = std::exchange(start, Clock::now());
  return start - before;
}

// What the kernel has charged for the map: "memlock: 123".
uint64_t bytes_of_map(int fd) {
  std::ifstream info(fmt::format("/proc/self/fdinfo/{}", fd));
  for (std::string word; info >> word;)
    if (uint64_t bytes = 0; word == "memlock:" && info >> bytes) return bytes;
  return 0;  // a program
}

// The pin of the table that names the generation in force; empty: there is none.
std::string generation_pin(const std::string& bpffs) {
  std::error_code none;
  for (const fs::directory_entry& e : fs::directory_iterator(bpffs + "/sluice/" + kInstance, none))
    if (e.is_directory()) return e.path() / "generation";
  return {};
}

// Looks at what packets meet until that is something else.
class Lookout {
 public:
  explicit Lookout(UniqueFd table) : table_(std::move(table)), before_(in_force()) {
    thread_ = std::jthread([this](std::stop_token stop) {
      while (!stop.stop_requested() && in_force() == before_)
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      seen_ = Clock::now();
    });
  }
  // When it was something else, or when this was asked.
  Clock::time_point seen() {
    thread_.request_stop();
    thread_.join();
    return seen_;
  }

 private:
  uint32_t in_force() const {
    const uint32_t zero = 0;
    uint32_t id = 0;
    return bpf_map_lookup_elem(table_.get(), &zero, &id) == 0 ? id : 0;
  }
  UniqueFd table_;
  uint32_t before_;
  Clock::time_point seen_;
  std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<Road>> Road::open(const std::string& bpffs) {
  Result<Netlink> netlink = Netlink::open();
  if (!netlink) return netlink.error();
  std::unique_ptr<Road> road(new Road(bpffs, std::move(*netlink)));
  if (Result<void> r = road->begin(); !r) return r.error();
  return road;
}

Road::~Road() {
  if (controller_) (void)controller_->unload();
}

Result<void> Road::begin() {
  controller_.reset();
  Result<Ways> ways = Ways::create();
  if (!ways) return ways.error();
  ways_ = std::move(*ways);
  Result<Pins> pins = Pins::open(bpffs_, kInstance);
  if (!pins) return pins.error();
  controller_.emplace(std::move(*pins));
  return controller_->adopt();
}

Result<Parts> Road::change(const std::string& text) {
  const std::string pin = generation_pin(bpffs_);
  if (pin.empty()) return take(text);
  Result<std::optional<UniqueFd>> table = open_pin(pin);
  if (!table) return table.error();
  if (!*table) return Error{"there is no " + pin};
  Lookout lookout(std::move(**table));
  const Clock::time_point start = Clock::now();
  Result<Parts> parts = take(text);
  if (parts) parts->live = lookout.seen() - start;
  return parts;
}

Result<Parts> Road::take(const std::string& text) {
  Parts parts;
  Clock::time_point start = Clock::now();
  const Result<Config> config = valid_config(text, "bench.yaml");
  if (!config) return config.error();
  parts.read = lap(start);
  const Clock::time_point deadline = start + kPatience;
  for (;; std::this_thread::sleep_for(kPause)) {
    if (Result<void> r = ways_->look_up(*config, controller_->leaving(*config), {}); !r)
      return r.error();
    if (ways_->missing().empty()) break;
    if (Clock::now() > deadline) return Error{"no next hop: " + ways_->missing().begin()->second};
  }
  parts.ways = lap(start);
  const Result<std::vector<Link>> links = list_links(netlink_);
  if (!links) return links.error();
  if (Result<void> r = controller_->apply(*config, ways_->known(), *links); !r) return r.error();
  parts.publish = lap(start);
  return parts;
}

Result<Parts> Road::restart(const std::string& text) {
  Clock::time_point start = Clock::now();
  if (Result<void> r = begin(); !r) return r.error();
  const Duration beginning = lap(start);
  Result<Parts> parts = change(text);
  if (parts) parts->publish += beginning;
  return parts;
}

Result<void> Road::unload() {
  if (Result<void> r = controller_->unload(); !r) return r;
  return begin();
}

Result<uint64_t> Road::table_bytes() const {
  uint64_t sum = 0;
  std::error_code error;
  for (const fs::directory_entry& e :
       fs::recursive_directory_iterator(bpffs_ + "/sluice/" + kInstance, error)) {
    if (e.is_directory()) continue;
    const Result<std::optional<UniqueFd>> pinned = open_pin(e.path());
    if (!pinned) return pinned.error();
    if (*pinned) sum += bytes_of_map((*pinned)->get());
  }
  if (error) return Error{"list what is pinned: " + error.message()};
  return sum;
}

}  // namespace sluice::bench
