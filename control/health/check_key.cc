// SPDX-License-Identifier: Apache-2.0
#include "health/check_key.h"

#include <fmt/format.h>

namespace sluice::health {

namespace {

// Puts fields together so that no two sequences of fields have the same bytes.
class Key {
 public:
  Key& add(std::string_view text) {
    bytes_ += fmt::format("{}:", text.size());
    bytes_ += text;
    return *this;
  }
  Key& add(const std::string& text) { return add(std::string_view(text)); }
  Key& add(uint64_t number) {
    bytes_ += fmt::format("{};", number);
    return *this;
  }
  Key& add(const std::optional<IpPrefix>& prefix) {
    return add(prefix ? prefix->to_string() : std::string());
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// The structured bindings name every field: one more of them does not compile until it is here.
void add(Key& key, const TcpCheck& c) {
  const auto& [send, expect] = c;
  key.add(send).add(expect);
}
void add(Key& key, const UdpCheck& c) {
  const auto& [send, expect] = c;
  key.add(send).add(expect);
}
void add(Key& key, const HttpCheck& c) {
  const auto& [tls, http2, verify, path, host, statuses, body, weight] = c;
  key.add(tls).add(http2).add(verify).add(path).add(host).add(statuses.size());
  for (const auto& [first, last] : statuses) key.add(first).add(last);
  key.add(body).add(uint64_t(weight));
}
void add(Key& key, const DnsCheck& c) {
  const auto& [name, type, rcodes] = c;
  key.add(name).add(type).add(rcodes.size());
  for (const uint8_t r : rcodes) key.add(r);
}
void add(Key& key, const GrpcCheck& c) {
  const auto& [service, tls] = c;
  key.add(service).add(tls);
}
void add(Key&, const IcmpCheck&) {
}
void add(Key& key, const ExecCheck& c) {
  const auto& [command] = c;
  key.add(command.size());
  for (const std::string& word : command) key.add(word);
}

}  // namespace

std::string key_of(const Check& check) {
  const auto& [probe, via, port, every, timeout, rise, fall, hold_down] = check;
  Key key;
  key.add(probe.index());
  std::visit([&](const auto& c) { add(key, c); }, probe);
  key.add(uint64_t(via)).add(port).add(uint64_t(every.count())).add(uint64_t(timeout.count()));
  key.add(rise).add(fall).add(uint64_t(hold_down.count()));
  return key.take();
}

std::string key_of(const Forward& forward) {
  const auto& [tunnel, source_v4, source_v6, port, port_v6, variant, vni, checksum] = forward;
  Key key;
  key.add(uint64_t(tunnel)).add(source_v4).add(source_v6).add(port).add(port_v6);
  key.add(variant).add(vni).add(checksum);
  return key.take();
}

std::string key_of(const IpAddress& address) {
  return Key().add(address.to_string()).take();
}

uint64_t hash_of(std::string_view key) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : key) hash = (hash ^ uint8_t(c)) * 0x100000001b3;
  return hash;
}

}  // namespace sluice::health
