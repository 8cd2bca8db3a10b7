// SPDX-License-Identifier: Apache-2.0
#include "loadgen/pcap_file.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <array>
#include <chrono>

#include "loadgen/interval.h"

namespace sluice::loadgen {

namespace {

constexpr int kMostBytes = 65535;  // of a frame

}  // namespace

uint64_t calendar_of(uint64_t steady) {
  static const uint64_t offset = [] {
    const auto since = [](auto time) {
      return uint64_t(std::chrono::nanoseconds(time.time_since_epoch()).count());
    };
    return since(std::chrono::system_clock::now()) - since(std::chrono::steady_clock::now());
  }();
  return steady + offset;
}

void PcapWriter::Close::operator()(pcap* p) const {
  pcap_close(p);
}
void PcapWriter::Close::operator()(pcap_dumper* d) const {
  pcap_dump_close(d);
}
void PcapReader::Close::operator()(pcap* p) const {
  pcap_close(p);
}

Result<PcapWriter> PcapWriter::create(const std::string& path) {
  PcapWriter writer;
  writer.path_ = path;
  writer.pcap_.reset(
      pcap_open_dead_with_tstamp_precision(DLT_EN10MB, kMostBytes, PCAP_TSTAMP_PRECISION_NANO));
  if (!writer.pcap_) return Error{"make room for " + path};
  writer.dumper_.reset(pcap_dump_open(writer.pcap_.get(), path.c_str()));
  if (!writer.dumper_)
    return Error{fmt::format("write {}: {}", path, pcap_geterr(writer.pcap_.get()))};
  return writer;
}

void PcapWriter::write(BytesView frame, uint64_t time) {
  // With this precision tv_usec has nanoseconds.
  const pcap_pkthdr header = {
      .ts = {.tv_sec = time_t(time / kSecond), .tv_usec = suseconds_t(time % kSecond)},
      .caplen = bpf_u_int32(frame.size()),
      .len = bpf_u_int32(frame.size())};
  pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header, frame.data());
}

Result<void> PcapWriter::finish() {
  if (pcap_dump_flush(dumper_.get()) != 0) return errno_error("write " + path_);
  return {};
}

Result<PcapReader> PcapReader::open(const std::string& path) {
  std::array<char, PCAP_ERRBUF_SIZE> why = {};
  PcapReader reader;
  reader.path_ = path;
  reader.pcap_.reset(pcap_open_offline_with_tstamp_precision(
      path.c_str(), PCAP_TSTAMP_PRECISION_NANO, why.data()));
  if (!reader.pcap_) return Error{fmt::format("read {}: {}", path, why.data())};
  if (pcap_datalink(reader.pcap_.get()) != DLT_EN10MB)
    return Error{fmt::format("read {}: its frames are not Ethernet's", path)};
  return reader;
}

Result<std::optional<BytesView>> PcapReader::next() {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  switch (pcap_next_ex(pcap_.get(), &header, &bytes)) {
    case 1:
      return std::optional(BytesView(bytes, header->caplen));
    case PCAP_ERROR_BREAK:
      return std::optional<BytesView>();
    default:
      return Error{fmt::format("read {}: {}", path_, pcap_geterr(pcap_.get()))};
  }
}

}  // namespace sluice::loadgen
