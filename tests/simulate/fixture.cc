// SPDX-License-Identifier: Apache-2.0
#include "simulate/fixture.h"

#include <netinet/in.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

namespace sluice::test {

namespace {

constexpr uint32_t kMicroseconds = 0xa1b2c3d4, kNanoseconds = 0xa1b23c4d;
constexpr size_t kFileHeader = 24, kFrameHeader = 16;

void put(Bytes& to, uint32_t value, size_t bytes, bool big_endian) {
  for (size_t i = 0; i < bytes; i++)
    to.push_back(uint8_t(value >> 8 * (big_endian ? bytes - 1 - i : i)));
}

uint32_t get32(const Bytes& from, size_t at) {
  return from.at(at) | from.at(at + 1) << 8 | from.at(at + 2) << 16 |
         uint32_t(from.at(at + 3)) << 24;
}

}  // namespace

Capture capture_of(const std::vector<Bytes>& frames) {
  Capture capture;
  for (const Bytes& f : frames) capture.frames.push_back({.bytes = f});
  return capture;
}

Bytes file_of(const Capture& capture) {
  const bool big = capture.format.big_endian;
  Bytes out;
  put(out, capture.format.nanoseconds ? kNanoseconds : kMicroseconds, 4, big);
  put(out, 2, 2, big);
  put(out, 4, 2, big);
  for (uint32_t field : {0u, 0u, 262144u, capture.format.link_type}) put(out, field, 4, big);
  for (const Capture::Frame& f : capture.frames) {
    const uint32_t here = uint32_t(f.bytes.size());
    for (uint32_t field : {f.seconds, f.fraction, here, f.length ? f.length : here})
      put(out, field, 4, big);
    out.insert(out.end(), f.bytes.begin(), f.bytes.end());
  }
  return out;
}

Capture capture_in(const Bytes& file) {
  const uint32_t magic = get32(file, 0);
  if (magic != kMicroseconds && magic != kNanoseconds) throw std::runtime_error("not a capture");
  Capture out = {.format = {.nanoseconds = magic == kNanoseconds, .link_type = get32(file, 20)},
                 .frames = {}};
  size_t at = kFileHeader;
  while (at < file.size()) {
    const size_t bytes = get32(file, at + 8);
    Capture::Frame f = {.bytes = {},
                        .seconds = get32(file, at),
                        .fraction = get32(file, at + 4),
                        .length = get32(file, at + 12)};
    at += kFrameHeader;
    if (at + bytes > file.size()) throw std::runtime_error("a capture that ends in a frame");
    f.bytes = first(from(file, at), bytes);
    out.frames.push_back(f);
    at += bytes;
  }
  return out;
}

Bytes syn_to_vip(uint16_t source_port) {
  return PacketBuilder()
      .ethernet(kMac, kRouterMac)
      .ipv4({.source = kClient, .destination = kVip})
      .tcp({source_port, 80, /*SYN*/ 0x02})
      .build();
}

Bytes to_backend(const Bytes& frame, const std::string& gateway, const std::string& source,
                 const std::string& from_mac) {
  return PacketBuilder()
      .ethernet(gateway, from_mac)
      .ipv4({.source = source,
             .destination = kBackend,
             .id = 0,
             .fragment = 0x4000,
             .protocol = IPPROTO_IPIP})
      .payload(from(frame, 14))
      .build();
}

Bytes icmp4(const Bytes& message, const std::string& to) {
  Bytes summed = message;
  const uint16_t sum = internet_checksum(message);
  summed[2] = uint8_t(sum >> 8);
  summed[3] = uint8_t(sum);
  return PacketBuilder()
      .ethernet(kMac, kRouterMac)
      .ipv4({.source = kClient, .destination = to, .protocol = IPPROTO_ICMP})
      .payload(summed)
      .build();
}

std::string hex(const Bytes& bytes) {
  std::ostringstream out;
  out << std::hex;
  for (uint8_t b : bytes) out << (b < 16 ? "0" : "") << int(b);
  return out.str();
}

std::vector<nlohmann::json> Outcome::lines() const {
  std::vector<nlohmann::json> all;
  std::istringstream text(out);
  for (std::string line; std::getline(text, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

std::string SimulateTest::write(const std::string& name, const std::string& text) const {
  std::ofstream(folder.path(name), std::ios::binary) << text;
  return folder.path(name);
}

std::string SimulateTest::write(const std::string& name, const Bytes& bytes) const {
  return write(name, std::string(bytes.begin(), bytes.end()));
}

Bytes SimulateTest::read(const std::string& name) const {
  std::ifstream file(folder.path(name), std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

Outcome SimulateTest::simulate(const std::string& arguments) const {
  const std::string at = hook.empty() ? "" : " --hook " + hook;
  const std::string command = "cd " + folder.path("") + " && " + prefix + " " + SLUICECTL +
                              " simulate sluice.yaml --in " + input + at + " " + arguments +
                              " > out 2> err < " + standard_input;
  const int status = std::system(command.c_str());
  EXPECT_TRUE(WIFEXITED(status)) << command;
  const Bytes out = read("out"), err = read("err");
  return {WEXITSTATUS(status), {out.begin(), out.end()}, {err.begin(), err.end()}};
}

Outcome SimulateTest::simulate(const Capture& in, const std::string& arguments) const {
  write("in.pcap", file_of(in));
  return simulate(arguments);
}

std::vector<nlohmann::json> SimulateTest::lines(const std::vector<Bytes>& in,
                                                const std::string& arguments) const {
  const Outcome outcome = simulate(in, "-o json " + arguments);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  std::vector<nlohmann::json> lines = outcome.lines();
  EXPECT_EQ(lines.size(), in.size());
  lines.resize(in.size());
  return lines;
}

}  // namespace sluice::test
