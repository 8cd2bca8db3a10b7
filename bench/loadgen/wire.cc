// SPDX-License-Identifier: Apache-2.0
#include "loadgen/wire.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <xdp/libxdp.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "loadgen/traffic.h"

namespace sluice::loadgen {

namespace {

using std::chrono::steady_clock;

constexpr uint16_t kDescriptors = 1024;
constexpr unsigned kBuffers =
    8192;  // of a port, and as many for each queue: an XDP socket holds 4096
constexpr unsigned kBufferCache = 256;
constexpr unsigned kMegabytes = 64;  // for those of one queue, with all that is around them
constexpr uint16_t kReceiveBurst = 64;
constexpr uint16_t kMostQueues = 16;
constexpr uint16_t kOuterMtu = 1600;  // a full packet and an outer header
constexpr steady_clock::duration kPatience = std::chrono::seconds(1);
constexpr int kLinkPatience = 90;  // tenths of a second: what negotiation may take

Error dpdk_error(const std::string& doing, int code) {
  return Error{fmt::format("{}: {}", doing, rte_strerror(code < 0 ? -code : code)),
               code < 0 ? -code : code};
}

// All CPUs this process may use, in the words of --lcores.
std::string allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof(set), &set);
  std::string cpus;
  for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &set)) cpus += fmt::format("{}{}", cpus.empty() ? "" : ",", cpu);
  return cpus;
}

// Packets leave by another port of DPDK's than they come back by.
bool has_own_tx(const WireOptions& options) {
  return !(options.tx == options.rx);
}

std::vector<std::string> eal_arguments(const WireOptions& options) {
  std::vector<std::string> a = {"bench-loadgen", "--no-telemetry", "--log-level=error",
                                // One thread of DPDK's, which goes wherever there is room.
                                "--lcores", "0@(" + allowed_cpus() + ")"};
  std::vector<PortSpec> specs = {options.rx};
  if (has_own_tx(options)) specs.push_back(options.tx);
  bool pci = false;
  for (unsigned i = 0; i < specs.size(); i++) {
    const std::string name = dpdk_name(specs[i], i), arguments = dpdk_arguments(specs[i]);
    const bool on_bus = specs[i].kind == PortKind::kPci;
    pci = pci || on_bus;
    a.push_back(on_bus ? "-a" : "--vdev");
    a.push_back(arguments.empty() ? name : name + "," + arguments);
  }
  if (pci) {
    a.push_back("--in-memory");
  } else {
    const std::string megabytes = std::to_string(kMegabytes * (1 + 2 * kMostQueues));
    for (const char* word : {"--no-pci", "--no-huge", "--no-shconf", "-m", megabytes.c_str()})
      a.push_back(word);
  }
  a.insert(a.end(), options.eal.begin(), options.eal.end());
  return a;
}

// What DPDK and the libraries below it say by themselves. It is told where something fails; else it
// is about devices and ways of theirs that nobody asked for.
class Talk {
 public:
  // Of the whole process, from now on.
  static void listen() {
    if (text()) return;
    stream() = open_memstream(&text(), &size());
    rte_openlog_stream(stream());
    libbpf_set_print([](libbpf_print_level level, const char* format, va_list arguments) {
      return level == LIBBPF_WARN ? vfprintf(stream(), format, arguments) : 0;
    });
    libxdp_set_print([](libxdp_print_level level, const char* format, va_list arguments) {
      return level == LIBXDP_WARN ? vfprintf(stream(), format, arguments) : 0;
    });
  }
  // `error` with all that was said.
  static Error with(Error error) {
    fflush(stream());
    if (size() != 0) error.message += "\n" + std::string(text(), size() - 1);
    return error;
  }

 private:
  static FILE*& stream() {
    static FILE* stream;
    return stream;
  }
  static char*& text() {
    static char* text;
    return text;
  }
  static size_t& size() {
    static size_t size;
    return size;
  }
};

// A directory for what DPDK keeps of a running process, which nobody asks for: gone at once, and
// not in /run for good.
class RuntimeDirectory {
 public:
  static Result<RuntimeDirectory> make() {
    std::string path = std::filesystem::temp_directory_path() / "bench-loadgen-XXXXXX";
    if (!mkdtemp(path.data())) return errno_error("make " + path);
    setenv(kVariable, path.c_str(), 1);
    return RuntimeDirectory(path);
  }
  RuntimeDirectory(RuntimeDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  RuntimeDirectory& operator=(RuntimeDirectory&&) = delete;
  ~RuntimeDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

 private:
  static constexpr char kVariable[] = "RUNTIME_DIRECTORY";  // as of systemd.exec(5)
  explicit RuntimeDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

Result<void> start_dpdk(const WireOptions& options) {
  const Result<RuntimeDirectory> directory = RuntimeDirectory::make();
  if (!directory) return directory.error();
  std::vector<std::string> arguments = eal_arguments(options);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  if (rte_eal_init(int(pointers.size()), pointers.data()) < 0)
    return dpdk_error("start DPDK", rte_errno);
  return {};
}

class Port {
 public:
  // `number` is its place among the process's ports.
  Result<void> open(const PortSpec& spec, unsigned number);
  void close();

  uint16_t id() const { return id_; }
  uint16_t queues() const { return queues_; }
  rte_mempool* pool() const { return pool_; }
  const std::string& name() const { return name_; }

 private:
  Result<void> configure(const PortSpec& spec, const rte_eth_dev_info& info);
  Result<void> set_up_queues(rte_eth_dev_info info);
  void await_link() const;

  std::string name_;
  uint16_t id_ = 0, queues_ = 1;
  rte_mempool* pool_ = nullptr;
  bool started_ = false;
};

Result<void> Port::open(const PortSpec& spec, unsigned number) {
  name_ = spec.name;
  if (rte_eth_dev_get_port_by_name(dpdk_name(spec, number).c_str(), &id_) != 0)
    return Error{fmt::format("{}: DPDK has no such port", name_)};
  rte_eth_dev_info info = {};
  if (const int r = rte_eth_dev_info_get(id_, &info); r != 0)
    return dpdk_error("ask for what " + name_ + " can do", r);
  // Cards have more of them than anybody asked for.
  if (spec.kind != PortKind::kPci)
    queues_ = std::min({info.max_rx_queues, info.max_tx_queues, kMostQueues});
  if (Result<void> r = configure(spec, info); !r) return r;
  if (Result<void> r = set_up_queues(info); !r) return r;
  if (const int r = rte_eth_dev_start(id_); r != 0) return dpdk_error("start " + name_, r);
  started_ = true;
  if (spec.kind != PortKind::kPci) return {};
  // What comes back is for backends.
  if (const int r = rte_eth_promiscuous_enable(id_); r != 0)
    return dpdk_error("see all frames at " + name_, r);
  await_link();
  return {};
}

Result<void> Port::configure(const PortSpec& spec, const rte_eth_dev_info& info) {
  rte_eth_conf conf = {};
  if (spec.kind == PortKind::kPci) conf.rxmode.mtu = std::min(kOuterMtu, info.max_mtu);
  if (const int r = rte_eth_dev_configure(id_, queues_, queues_, &conf); r != 0)
    return dpdk_error("configure " + name_, r);
  const std::string pool = fmt::format("loadgen{}", id_);
  pool_ = rte_pktmbuf_pool_create(pool.c_str(), kBuffers * (1 + queues_), kBufferCache, 0,
                                  RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  if (!pool_) return dpdk_error("make buffers for " + name_, rte_errno);
  return {};
}

Result<void> Port::set_up_queues(rte_eth_dev_info info) {
  uint16_t receive = kDescriptors, send = kDescriptors;
  if (const int r = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &receive, &send); r != 0)
    return dpdk_error("size the queues of " + name_, r);
  for (uint16_t queue = 0; queue < queues_; queue++) {
    int r = rte_eth_rx_queue_setup(id_, queue, receive, SOCKET_ID_ANY, &info.default_rxconf, pool_);
    if (r == 0) r = rte_eth_tx_queue_setup(id_, queue, send, SOCKET_ID_ANY, &info.default_txconf);
    if (r != 0) return dpdk_error(fmt::format("set up queue {} of {}", queue, name_), r);
  }
  return {};
}

void Port::await_link() const {
  for (int i = 0; i < kLinkPatience; i++) {
    rte_eth_link link = {};
    if (rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP) return;
    rte_delay_us_sleep(100'000);
  }
}

void Port::close() {
  if (started_) (void)rte_eth_dev_stop(id_);
  (void)rte_eth_dev_close(id_);
}

}  // namespace

struct Wire::Ports {
  Port rx, own_tx;
  bool two = false;                                         // own_tx is in use
  std::array<std::vector<rte_mbuf*>, kMostQueues> waiting;  // to be sent, by queue

  const Port& tx() const { return two ? own_tx : rx; }
  unsigned hand_over(uint16_t queue);
};

Wire::Wire() : ports_(std::make_unique<Ports>()) {
}

Result<std::unique_ptr<Wire>> Wire::open(const WireOptions& options) {
  Talk::listen();
  if (Result<void> r = start_dpdk(options); !r) return Talk::with(r.error());
  std::unique_ptr<Wire> wire(new Wire);
  Ports& ports = *wire->ports_;
  if (Result<void> r = ports.rx.open(options.rx, 0); !r) return Talk::with(r.error());
  ports.two = has_own_tx(options);
  if (ports.two)
    if (Result<void> r = ports.own_tx.open(options.tx, 1); !r) return Talk::with(r.error());
  return wire;
}

Wire::~Wire() {
  ports_->rx.close();
  if (ports_->two) ports_->own_tx.close();
  rte_eal_cleanup();
}

MacAddress Wire::mac() const {
  rte_ether_addr address = {};
  (void)rte_eth_macaddr_get(ports_->tx().id(), &address);
  return MacAddress(std::to_array(address.addr_bytes));
}

Result<void> Wire::join_thread() {
  if (rte_thread_register() != 0) return dpdk_error("tell DPDK of a thread", rte_errno);
  return {};
}

// Until the port has taken all that waits for this queue, or takes nothing for a second.
unsigned Wire::Ports::hand_over(uint16_t queue) {
  std::vector<rte_mbuf*>& frames = waiting[queue];
  size_t taken = 0;
  std::optional<steady_clock::time_point> deadline;
  while (taken < frames.size()) {
    const uint16_t n =
        rte_eth_tx_burst(tx().id(), queue, &frames[taken], uint16_t(frames.size() - taken));
    taken += n;
    if (n != 0) {
      deadline.reset();
    } else if (!deadline) {
      deadline = steady_clock::now() + kPatience;
    } else if (steady_clock::now() > *deadline) {
      break;
    }
  }
  for (size_t i = taken; i < frames.size(); i++) rte_pktmbuf_free(frames[i]);
  frames.clear();
  return unsigned(taken);
}

Sent Wire::send(unsigned n, const std::function<Filled(uint8_t*)>& fill) {
  Sent sent;
  const uint16_t queues = ports_->tx().queues();
  for (; sent.filled < n; sent.filled++) {
    rte_mbuf* const m = rte_pktmbuf_alloc(ports_->tx().pool());
    if (!m) break;
    const Filled filled = fill(rte_pktmbuf_mtod(m, uint8_t*));
    if (filled.size == 0) {
      rte_pktmbuf_free(m);
      break;
    }
    m->data_len = uint16_t(filled.size);
    m->pkt_len = uint32_t(filled.size);
    ports_->waiting[filled.flow % queues].push_back(m);
  }
  for (uint16_t queue = 0; queue < queues; queue++) sent.taken += ports_->hand_over(queue);
  return sent;
}

unsigned Wire::receive(const std::function<void(std::span<const BytesView>)>& take) {
  unsigned received = 0;
  std::array<rte_mbuf*, kReceiveBurst> frames;
  std::array<BytesView, kReceiveBurst> views;
  const Port& port = ports_->rx;
  for (uint16_t queue = 0; queue < port.queues(); queue++) {
    const uint16_t n = rte_eth_rx_burst(port.id(), queue, frames.data(), kReceiveBurst);
    if (n == 0) continue;
    for (uint16_t i = 0; i < n; i++)
      views[i] = BytesView(rte_pktmbuf_mtod(frames[i], const uint8_t*), frames[i]->data_len);
    take({views.data(), n});
    rte_pktmbuf_free_bulk(frames.data(), n);
    received += n;
  }
  return received;
}

PortErrors Wire::errors() const {
  rte_eth_stats tx = {}, rx = {};
  (void)rte_eth_stats_get(ports_->tx().id(), &tx);
  (void)rte_eth_stats_get(ports_->rx.id(), &rx);
  return {.not_sent = tx.oerrors, .missed = rx.imissed + rx.rx_nombuf};
}

}  // namespace sluice::loadgen
