// SPDX-License-Identifier: Apache-2.0
#include "health/probe/probers.h"

#include <utility>
#include <variant>

#include "health/probe/dns_probe.h"
#include "health/probe/exec_probe.h"
#include "health/probe/grpc_probe.h"
#include "health/probe/http_probe.h"
#include "health/probe/icmp_probe.h"
#include "health/probe/tcp_probe.h"
#include "health/probe/udp_probe.h"

namespace sluice::health {

namespace {

using std::chrono::milliseconds;

struct Start {
  Probers& probers;
  const Way& way;
  milliseconds timeout;
  Done done;

  std::unique_ptr<Probe> operator()(const TcpCheck& check) {
    return start_tcp_probe(probers, check, way, timeout, std::move(done));
  }
  std::unique_ptr<Probe> operator()(const UdpCheck& check) {
    return start_udp_probe(probers, check, way, timeout, std::move(done));
  }
  std::unique_ptr<Probe> operator()(const IcmpCheck&) {
    return start_icmp_probe(probers, way, timeout, std::move(done));
  }
  std::unique_ptr<Probe> operator()(const ExecCheck& check) {
    return start_exec_probe(probers, check, way, timeout, std::move(done));
  }
  std::unique_ptr<Probe> operator()(const HttpCheck& check) {
    return start_http_probe(probers, check, way, timeout, std::move(done));
  }
  std::unique_ptr<Probe> operator()(const DnsCheck& check) {
    return start_dns_probe(probers, check, way, timeout, std::move(done));
  }
  std::unique_ptr<Probe> operator()(const GrpcCheck& check) {
    return start_grpc_probe(probers, check, way, timeout, std::move(done));
  }
};

}  // namespace

Result<std::unique_ptr<Probers>> Probers::create(EventLoop& loop) {
  Result<std::unique_ptr<Deadlines>> deadlines = Deadlines::create(loop);
  if (!deadlines) return deadlines.error();
  Result<std::unique_ptr<CurlLoop>> curl = CurlLoop::create(loop);
  if (!curl) return curl.error();
  return std::unique_ptr<Probers>(
      new Probers{.loop = loop, .deadlines = std::move(*deadlines), .curl = std::move(*curl)});
}

std::unique_ptr<Probe> start_probe(Probers& probers, const Check& check, const Way& way,
                                   Done done) {
  return std::visit(
      Start{.probers = probers, .way = way, .timeout = check.timeout, .done = std::move(done)},
      check.probe);
}

}  // namespace sluice::health
