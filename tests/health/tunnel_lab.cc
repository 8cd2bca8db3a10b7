// SPDX-License-Identifier: Apache-2.0
#include "health/tunnel_lab.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/reader.h"
#include "kernel/publish.h"
#include "netns/socket_address.h"
#include "network/resolver.h"
#include "plan/compile.h"

namespace sluice::netns {

namespace {

constexpr milliseconds kPatience{5000};

bool is_v4(const std::string& address) {
  return address.find(':') == std::string::npos;
}

Result<UniqueFd> open_socket(const std::string& address, int type = SOCK_STREAM) {
  UniqueFd fd(socket(is_v4(address) ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return errno_error("open a socket");
  return fd;
}

Result<UniqueFd> listen_at(const Host& host, const std::string& address) {
  return host.run([&]() -> Result<UniqueFd> {
    Result<UniqueFd> fd = open_socket(address);
    if (!fd) return fd;
    SocketAddress at = socket_address(address, kProbedPort);
    if (bind(fd->get(), at.get(), at.size) < 0 || listen(fd->get(), 64) < 0)
      return errno_error("listen at " + address);
    return fd;
  });
}

bool wait_for(int fd, short events, milliseconds patience) {
  pollfd p = {.fd = fd, .events = events, .revents = 0};
  return poll(&p, 1, int(patience.count())) == 1;
}

Result<void> finish_connect(const UniqueFd& fd, const std::string& address, uint16_t port,
                            milliseconds patience) {
  SocketAddress to = socket_address(address, port);
  if (::connect(fd.get(), to.get(), to.size) < 0 && errno != EINPROGRESS)
    return errno_error("connect to " + address);
  if (!wait_for(fd.get(), POLLOUT, patience)) return Error{"no answer from " + address};
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return errno_error("connect to " + address, -error);
  return {};
}

}  // namespace

TopologyOptions TunnelTest::topology_options() const {
  return {.backends = 2,
          .shape = config_options().forward == "l2" ? Shape::kOneSegment : Shape::kRouted};
}

void TunnelTest::SetUp() {
  ProductTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  LAB_ASSERT_OK(product_->write_config(config_text(*topology_, config_options())));
  LAB_ASSERT_OK(product_->start_agents());
  Result<Reading> reading = read_config_file(product_->config_path());
  LAB_ASSERT_OK(reading);
  ASSERT_TRUE(reading->config);
  config_ = *reading->config;
  for (BackendHost& backend : topology_->backends())
    for (const char* vip : {kVip4, kVip6})
      LAB_ASSERT_OK_AND(listeners_[std::pair(backend.name, vip)], listen_at(*backend.host, vip));
  LAB_ASSERT_OK_AND(tables_, make_tables());
  LAB_ASSERT_OK_AND(xdp_,
                    attach_xdp(topology_->balancer(), kDevice, tables_.dataplane->program_fd()));
  LAB_ASSERT_OK(topology_->balancer().run([&]() -> Result<void> {
    Result<ProbeDevice> device = ProbeDevice::create();
    if (!device) return device.error();
    Result<ProbeProgram> program = ProbeProgram::load(tables_.dataplane->members_fd());
    if (!program) return program.error();
    if (Result<void> r =
            program->attach({device->name(), device->ifindex(), TcHook::kEgress}, kind());
        !r)
      return r;
    program_.emplace(std::move(*program));
    device_.emplace(std::move(*device));
    return device_->start();
  }));
}

void TunnelTest::TearDown() {
  listeners_.clear();
  program_.reset();
  device_.reset();
  ProductTest::TearDown();
}

Result<Tables> TunnelTest::make_tables() {
  return topology_->balancer().run([&]() -> Result<Tables> {
    Result<Resolver> resolver = Resolver::create();
    if (!resolver) return resolver.error();
    std::vector<IpAddress> backends;
    for (const Backend& b : config_.pools.at("web").backends) backends.push_back(b.address);
    Result<void> found = wait_until(
        [&] {
          Result<Resolution> ways = resolver->resolve(backends, {});
          if (ways) hops_ = ways->found;
          return hops_.size() == backends.size();
        },
        kPatience, "the ways to the backends");
    if (!found) return found.error();
    RingCache rings;
    Image image = compile(desire(config_, hops_), rings);
    Result<std::unique_ptr<Dataplane>> dataplane =
        Dataplane::load(capacity_for(image, config_.ring_size), hash_key_from_seed(config_.seed));
    if (!dataplane) return dataplane.error();
    Result<Plan> plan = make_plan({}, std::move(image), (*dataplane)->capacity());
    if (!plan) return plan.error();
    if (Result<void> r = publish(*plan, **dataplane); !r) return r.error();
    return Tables{std::move(*dataplane), std::move(plan->next)};
  });
}

Result<void> TunnelTest::exchange_tables() {
  Result<Tables> next = make_tables();
  if (!next) return next.error();
  const Tables before = std::exchange(tables_, std::move(*next));
  LIBBPF_OPTS(bpf_link_update_opts, options);
  if (bpf_link_update(xdp_.get(), tables_.dataplane->program_fd(), &options) != 0)
    return errno_error("exchange the data plane's program");
  Result<void> used =
      topology_->balancer().run([&] { return program_->use(tables_.dataplane->members_fd()); });
  if (!used) return used;
  for (const auto& [key, m] : before.live.members)
    if (Result<void> r = before.dataplane->put_members(std::vector{PutMember{m.index, {}}}); !r)
      return r;
  return {};
}

uint32_t TunnelTest::member(const std::string& vip, const BackendHost& backend) const {
  const InnerFamily family = is_v4(vip) ? InnerFamily::kV4 : InnerFamily::kV6;
  return tables_.live.members.at({"shop", *IpAddress::parse(address(backend)), family}).index;
}

const sluice_member& TunnelTest::row(const std::string& vip, const BackendHost& backend) const {
  const InnerFamily family = is_v4(vip) ? InnerFamily::kV4 : InnerFamily::kV6;
  return tables_.live.members.at({"shop", *IpAddress::parse(address(backend)), family}).value;
}

test::Target TunnelTest::target(const BackendHost& backend) const {
  const IpAddress to = *IpAddress::parse(address(backend));
  for (const Backend& b : config_.pools.at("web").backends)
    if (b.address == to) return {.backend = b, .way = hops_.at(to), .mtu = hops_.at(to).mtu};
  return {};
}

Result<ProbePath> TunnelTest::path(const std::string& vip, const BackendHost& backend) {
  return topology_->balancer().run([&]() -> Result<ProbePath> {
    Result<sluice::Netlink> netlink = sluice::Netlink::open();
    if (!netlink) return netlink.error();
    const ProbeEnds ends = {*IpAddress::parse(vip), *IpAddress::parse(address(backend))};
    Result<std::vector<Result<ProbePath>>> found =
        find_probe_paths(*netlink, {ends}, {*IpPrefix::parse(kVip4), *IpPrefix::parse(kVip6)},
                         device_->rules().mark(member(vip, backend)), device_->ifindex());
    if (!found) return found.error();
    return found->at(0);
  });
}

Result<UniqueFd> TunnelTest::probe_socket(int type, const std::string& vip,
                                          const BackendHost& backend) {
  Result<ProbePath> from = path(vip, backend);
  if (!from) return from.error();
  Result<UniqueFd> fd = topology_->balancer().run([&] { return open_socket(vip, type); });
  if (!fd) return fd;
  const uint32_t mark = device_->rules().mark(member(vip, backend));
  const int most = int(row(vip, backend).max_inner) - (is_v4(vip) ? 40 : 60);
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  SocketAddress source = socket_address(from->source.to_string(), 0);
  if (setsockopt(fd->get(), SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ||
      setsockopt(fd->get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) < 0)
    return errno_error("prepare a probe's socket");
  if (type == SOCK_STREAM &&
      setsockopt(fd->get(), IPPROTO_TCP, TCP_MAXSEG, &most, sizeof(most)) < 0)
    return errno_error("limit a probe's segments");
  if (bind(fd->get(), source.get(), source.size) < 0)
    return errno_error("bind to " + from->source.to_string());
  return fd;
}

Result<UniqueFd> TunnelTest::send_datagram(const std::string& vip, const BackendHost& backend,
                                           const std::string& bytes) {
  Result<UniqueFd> fd = probe_socket(SOCK_DGRAM, vip, backend);
  if (!fd) return fd;
  SocketAddress to = socket_address(vip, kProbedPort);
  if (sendto(fd->get(), bytes.data(), bytes.size(), 0, to.get(), to.size) < 0)
    return errno_error("send a datagram to " + vip);
  return fd;
}

Result<Connection> TunnelTest::connect(const std::string& vip, const BackendHost& backend,
                                       milliseconds patience) {
  Result<UniqueFd> probe = probe_socket(SOCK_STREAM, vip, backend);
  if (!probe) return probe.error();
  if (Result<void> r = finish_connect(*probe, vip, kProbedPort, patience); !r) return r.error();
  const UniqueFd& listener = listeners_.at(std::pair(backend.name, vip));
  if (!wait_for(listener.get(), POLLIN, patience))
    return Error{"answered, but not by " + backend.name};
  UniqueFd accepted(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!accepted.valid()) return errno_error("accept at " + backend.name);
  SocketAddress peer;
  peer.size = sizeof(peer.storage);
  if (getpeername(accepted.get(), peer.get(), &peer.size) < 0)
    return errno_error("ask who the client is");
  const IpAddress seen =
      peer.storage.ss_family == AF_INET
          ? IpAddress::from_v4(&reinterpret_cast<sockaddr_in*>(&peer.storage)->sin_addr)
          : IpAddress::from_v6(&reinterpret_cast<sockaddr_in6*>(&peer.storage)->sin6_addr);
  return Connection{std::move(*probe), std::move(accepted), seen.to_string()};
}

Result<UniqueFd> TunnelTest::connect_directly(const std::string& to, milliseconds patience) {
  Result<UniqueFd> fd = topology_->balancer().run([&] { return open_socket(to); });
  if (!fd) return fd;
  const uint16_t port = topology_->options().http_port;
  if (Result<void> r = finish_connect(*fd, to, port, patience); !r) return r.error();
  return fd;
}

Result<size_t> TunnelTest::transfer(const Connection& connection, size_t size,
                                    milliseconds patience) {
  const std::vector<char> bytes(size, 'x');
  if (send(connection.probe.get(), bytes.data(), size, MSG_NOSIGNAL) != ssize_t(size))
    return errno_error("send all at once");
  std::vector<char> part(size);
  size_t received = 0;
  const Clock::time_point end = Clock::now() + patience;
  while (received < size && Clock::now() < end) {
    if (!wait_for(connection.accepted.get(), POLLIN, milliseconds(20))) continue;
    const ssize_t n = read(connection.accepted.get(), part.data(), part.size());
    if (n <= 0) return errno_error("receive");
    received += size_t(n);
  }
  return received;
}

void TunnelTest::stop_agent(const BackendHost& backend) {
  Result<Programs> programs = Programs::beside_this_program();
  LAB_ASSERT_OK(programs);
  Result<Exit> exit = run_program(
      *backend.host, {programs->agent, "unload", "--instance",
                      std::string(kInstance) + "-" + backend.name, "--bpffs", product_->bpffs()});
  LAB_ASSERT_OK(exit);
  ASSERT_EQ(exit->status, 0) << exit->output;
}

ProbeFates TunnelTest::fates() {
  Result<ProbeFates> now = program_->fates();
  EXPECT_TRUE(now) << now.error().message;
  return now.value_or(ProbeFates{});
}

}  // namespace sluice::netns
