// SPDX-License-Identifier: Apache-2.0
// Configuration -> who is asked, and how.
#include "health/targets.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <functional>

#include "health/check_key.h"
#include "health/subjects.h"

namespace sluice::health::test {
namespace {

const Check kHttp = {.probe = HttpCheck{.path = "/healthz"}};

// Another service, with a pool of its own that has the same backends and check.
void add_service(Config& config, const std::string& name, const std::string& vip,
                 const std::vector<PortRange>& ports, Pool pool) {
  pool.name = "pool-" + name;
  config.services.push_back(
      {.name = name, .vips = {*IpPrefix::parse(vip)}, .ports = ports, .pool = pool.name});
  config.pools.emplace(pool.name, std::move(pool));
}

Config one(const Check& check) {
  Pool p = pool(1);
  p.check = check;
  return config(std::move(p));
}

TEST(Targets, AreAskedForTheVipThroughTheTunnel) {
  Config c = one(kHttp);
  c.pools["web"].backends[0].forward = {.tunnel = Tunnel::kGeneve, .port = 6081, .vni = 7};
  const std::vector<Target> all = targets_of(c);
  ASSERT_EQ(all.size(), 1u);
  Check asked = kHttp;
  asked.port = 80;
  EXPECT_EQ(all[0], (Target{.id = all[0].id,
                            .backend = ip("198.51.100.1"),
                            .check = asked,
                            .forward = c.pools["web"].backends[0].forward,
                            .service = "shop",
                            .vip = ip("192.0.2.10"),
                            .users = {user(0)},
                            .name = "web/be0 http /healthz"}));
  EXPECT_EQ(all[0].asked(), ip("192.0.2.10"));
}

TEST(Targets, ViaDirectAreTheBackendItself) {
  Check direct = kHttp;
  direct.via = CheckPath::kDirect;
  const Target t = targets_of(one(direct)).at(0);
  EXPECT_EQ(t.asked(), ip("198.51.100.1"));
  EXPECT_EQ(t.service, "");
  EXPECT_EQ(t.forward, Forward{});
  EXPECT_EQ(t.check.port, 80);
}

TEST(Targets, AreOneForEachBackendAndRule) {
  Config c = config(pool(3));
  for (int i = 0; i < 20; i++)
    add_service(c, fmt::format("s{}", i), fmt::format("192.0.2.{}", 20 + i),
                {PortRange::one(80, 6)}, pool(3));
  const std::vector<Target> all = targets_of(c);
  ASSERT_EQ(all.size(), 3u);
  for (const Target& t : all) {
    EXPECT_EQ(t.users.size(), 21u);
    EXPECT_EQ(t.users.front().pool, "web");
    EXPECT_EQ(t.service, "shop") << "the first of the file";
  }
}

TEST(Targets, OtherQuestionsAreOtherTargets) {
  const auto targets_with = [](const std::function<void(Pool&)>& change) {
    Config c = one(kHttp);
    Pool other = c.pools["web"];
    change(other);
    add_service(c, "other", "192.0.2.11", {PortRange::one(80, 6)}, other);
    return targets_of(c).size();
  };
  EXPECT_EQ(targets_with([](Pool&) {}), 1u);
  EXPECT_EQ(targets_with([](Pool& p) { p.slow_start = seconds(30); }), 1u);
  EXPECT_EQ(targets_with([](Pool& p) { p.backends[0].weight = 7; }), 1u);
  EXPECT_EQ(targets_with([](Pool& p) { p.check->port = 80; }), 1u) << "the first port is the same";
  EXPECT_EQ(targets_with([](Pool& p) { p.check->port = 81; }), 2u);
  EXPECT_EQ(targets_with([](Pool& p) { p.check->fall = 4; }), 2u);
  EXPECT_EQ(targets_with([](Pool& p) { p.backends[0].address = ip("198.51.100.9"); }), 2u);
  EXPECT_EQ(targets_with([](Pool& p) { p.backends[0].forward.tunnel = Tunnel::kGre; }), 2u);
}

TEST(Targets, DirectOnesDoNotDependOnTheTunnel) {
  Check direct = kHttp;
  direct.via = CheckPath::kDirect;
  Config c = one(direct);
  Pool other = c.pools["web"];
  other.backends[0].forward.tunnel = Tunnel::kGre;
  add_service(c, "other", "192.0.2.11", {PortRange::one(80, 6)}, other);
  EXPECT_EQ(targets_of(c).size(), 1u);
}

TEST(Targets, IdsArePartOfTheSavedState) {
  EXPECT_EQ(hash_of(""), 0xcbf29ce484222325) << "FNV-1a's own vectors";
  EXPECT_EQ(hash_of("foobar"), 0x85944171f73967e8);
  const Config c = one(kHttp);
  Config other = c;
  other.services[0].name = "renamed";
  other.services[0].vips = {IpPrefix::of(ip("192.0.2.77"))};
  EXPECT_EQ(targets_of(c)[0].id, targets_of(other)[0].id) << "a verdict outlives a service";
}

struct PortCase {
  const char* what;
  Check check;
  std::vector<PortRange> ports;
  int port;  // -1: it cannot be asked
};

TEST(Targets, TheFirstSinglePortOfTheKindIsAsked) {
  const PortRange t80 = PortRange::one(80, IPPROTO_TCP), u53 = PortRange::one(53, IPPROTO_UDP),
                  t53 = PortRange::one(53, IPPROTO_TCP), any = PortRange::any(IPPROTO_TCP);
  const PortRange range = {.first = 27000, .last = 27100, .protocol = IPPROTO_UDP};
  const Check tcp = {.probe = TcpCheck{}}, dns = {.probe = DnsCheck{.name = "example.net"}},
              udp = {.probe = UdpCheck{}}, icmp = {.probe = IcmpCheck{}, .port = 9},
              grpc = {.probe = GrpcCheck{}}, exec = {.probe = ExecCheck{.command = {"/bin/true"}}},
              at = {.probe = TcpCheck{}, .port = 9};
  const PortCase cases[] = {
      {"of TCP", tcp, {u53, t80, t53}, 80},
      {"of UDP", udp, {t80, u53}, 53},
      {"DNS asks over UDP", dns, {t80, u53}, 53},
      {"of another, if need be", dns, {t53}, 53},
      {"gRPC", grpc, {u53, t80}, 80},
      {"behind a range", tcp, {range, any, t80}, 80},
      {"a range is none", udp, {range}, -1},
      {"any is none", tcp, {any}, -1},
      {"its own", at, {any}, 9},
      {"ICMP has none", icmp, {t80}, 0},
      {"exec may have one", exec, {t80}, 80},
      {"exec needs none", exec, {any}, 0},
  };
  for (const PortCase& each : cases) {
    Config c = one(each.check);
    c.services[0].ports = each.ports;
    const std::vector<Target> all = targets_of(c);
    EXPECT_EQ(all.empty() ? -1 : all[0].check.port, each.port) << each.what;
    EXPECT_EQ(unasked_pools(c).size(), all.empty()) << each.what;
  }
}

TEST(Targets, TheFirstServiceThatCanBeAskedIs) {
  Config c = one({.probe = TcpCheck{}});
  c.services[0].ports = {PortRange::any(IPPROTO_TCP)};
  c.services.push_back({.name = "second",
                        .vips = {*IpPrefix::parse("2001:db8::/64")},
                        .ports = {PortRange::one(443, IPPROTO_TCP)},
                        .pool = "web"});
  const Target t = targets_of(c).at(0);
  EXPECT_EQ(t.service, "second");
  EXPECT_EQ(t.vip, ip("2001:db8::1"));
  EXPECT_EQ(t.check.port, 443);
}

TEST(Targets, APoolThatNoServiceUsesIsAskedDirectlyOrNotAtAll) {
  Config c = one({.probe = TcpCheck{}, .port = 80});
  c.services.clear();
  EXPECT_TRUE(targets_of(c).empty());
  EXPECT_EQ(unasked_pools(c).at("web"), "no service uses it");
  c.pools["web"].check->via = CheckPath::kDirect;
  EXPECT_EQ(targets_of(c).size(), 1u);
  EXPECT_TRUE(unasked_pools(c).empty());
  c.pools["web"].check->port = 0;
  EXPECT_TRUE(targets_of(c).empty());
  EXPECT_EQ(unasked_pools(c).size(), 1u);
  c.pools["web"].check.reset();
  EXPECT_TRUE(unasked_pools(c).empty()) << "nobody wants to";
}

TEST(Targets, OfAPrefixItsFirstHostIsAsked) {
  const std::pair<const char*, const char*> cases[] = {
      {"192.0.2.0/24", "192.0.2.1"},     {"198.51.100.16/28", "198.51.100.17"},
      {"192.0.2.4/31", "192.0.2.4"},     {"192.0.2.4", "192.0.2.4"},
      {"2001:db8::/64", "2001:db8::1"},  {"2001:db8::2/127", "2001:db8::2"},
      {"2001:db8::8/125", "2001:db8::9"}};
  for (const auto& [prefix, first] : cases)
    EXPECT_EQ(first_usable(*IpPrefix::parse(prefix)), ip(first)) << prefix;
}

// Fields that run into each other would make one target of two questions.
TEST(Targets, KeysTellEveryFieldApart) {
  std::vector<Check> checks = {
      {.probe = TcpCheck{}},
      {.probe = TcpCheck{.send = "a"}},
      {.probe = TcpCheck{.expect = "a"}},
      {.probe = TcpCheck{.send = "1:a"}},
      {.probe = UdpCheck{.send = "a"}},
      {.probe = HttpCheck{.tls = true}},
      {.probe = HttpCheck{.http2 = true}},
      {.probe = HttpCheck{.verify = true}},
      {.probe = HttpCheck{.path = "/x"}},
      {.probe = HttpCheck{.host = "/x"}},
      {.probe = HttpCheck{.body = "/x"}},
      {.probe = HttpCheck{.statuses = {{200, 204}}}},
      {.probe = HttpCheck{.statuses = {{200, 200}, {204, 204}}}},
      {.probe = HttpCheck{.weight = WeightSource::kBody}},
      {.probe = DnsCheck{.name = "a.example"}},
      {.probe = DnsCheck{.name = "a.example", .type = 28}},
      {.probe = DnsCheck{.name = "a.example", .rcodes = {0, 3}}},
      {.probe = GrpcCheck{.service = "a"}},
      {.probe = GrpcCheck{.service = "a", .tls = true}},
      {.probe = IcmpCheck{}},
      {.probe = ExecCheck{.command = {"/a", "b"}}},
      {.probe = ExecCheck{.command = {"/a b"}}},
      {.probe = TcpCheck{}, .via = CheckPath::kDirect},
      {.probe = TcpCheck{}, .port = 1},
      {.probe = TcpCheck{}, .every = milliseconds(1)},
      {.probe = TcpCheck{}, .timeout = milliseconds(1)},
      {.probe = TcpCheck{}, .rise = 9},
      {.probe = TcpCheck{}, .fall = 9},
      {.probe = TcpCheck{}, .hold_down = seconds(9)},
  };
  std::set<std::string> keys;
  for (const Check& c : checks) keys.insert(key_of(c));
  EXPECT_EQ(keys.size(), checks.size());
  EXPECT_EQ(key_of(checks[5]), key_of(Check(checks[5])));
}

TEST(Newcomers, AreAddressesThatWereNowhere) {
  const Config before = config(pool(2));
  Config after = config(pool(3));
  add_service(after, "other", "192.0.2.11", {PortRange::one(80, 6)}, pool(2));
  EXPECT_EQ(newcomers(before, after), std::set{target(2).backend});
  EXPECT_TRUE(newcomers(after, before).empty());
}

}  // namespace
}  // namespace sluice::health::test
