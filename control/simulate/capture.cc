// SPDX-License-Identifier: Apache-2.0
#include "simulate/capture.h"

#include <fmt/format.h>
#include <pcap/pcap.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace sluice {

namespace {

constexpr int kLongestFrame = 262144;  // what libpcap takes at most

struct CloseFile {
  void operator()(FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<FILE, CloseFile>;

// libpcap scales time stamps to what is asked for and does not tell what the file has. A pipe
// cannot be looked into beforehand: microseconds, as nearly every capture.
bool has_nanoseconds(FILE* file) {
  constexpr uint32_t kPcap = 0xa1b23c4d, kPcapSwapped = 0x4d3cb2a1, kPcapng = 0x0a0d0d0a;
  uint32_t magic = 0;
  if (::pread(::fileno(file), &magic, sizeof(magic), 0) != sizeof(magic)) return false;
  return magic == kPcap || magic == kPcapSwapped || magic == kPcapng;
}

u_int precision(bool nanoseconds) {
  return nanoseconds ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO;
}

std::string link_type(pcap* capture) {
  const int type = pcap_datalink(capture);
  const char* const text = pcap_datalink_val_to_description(type);
  return text ? text : fmt::format("link type {}", type);
}

bool is_same_file(FILE* file, const std::string& path) {
  struct stat a, b;
  return ::fstat(::fileno(file), &a) == 0 && ::stat(path.c_str(), &b) == 0 &&
         a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

void CaptureReader::Close::operator()(pcap* capture) const {
  pcap_close(capture);
}
void CaptureWriter::Close::operator()(pcap* capture) const {
  pcap_close(capture);
}
void CaptureWriter::Close::operator()(pcap_dumper* dumper) const {
  pcap_dump_close(dumper);
}

Result<CaptureReader> CaptureReader::open(const std::string& path) {
  const std::string doing = "read the capture " + path;
  File file(path == "-" ? stdin : std::fopen(path.c_str(), "rbe"));
  if (!file) return errno_error(doing);
  const bool nanoseconds = has_nanoseconds(file.get());
  char why[PCAP_ERRBUF_SIZE] = "";
  pcap* const capture =
      pcap_fopen_offline_with_tstamp_precision(file.get(), precision(nanoseconds), why);
  if (!capture) return Error{fmt::format("{}: {}", doing, why)};
  (void)file.release();  // the capture's now
  CaptureReader reader(path, capture, nanoseconds);
  if (pcap_datalink(capture) != DLT_EN10MB)
    return Error{fmt::format(
        "{}: its frames are not Ethernet but {} (capture on one interface, not on \"any\")", doing,
        link_type(capture))};
  return reader;
}

Result<std::optional<CapturedFrame>> CaptureReader::next() {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  const int r = pcap_next_ex(capture_.get(), &header, &bytes);
  if (r == PCAP_ERROR_BREAK) return std::optional<CapturedFrame>();
  if (r != 1)
    return Error{fmt::format("read the capture {}: {}", path_, pcap_geterr(capture_.get()))};
  return CapturedFrame{.seconds = header->ts.tv_sec,
                       .fraction = header->ts.tv_usec,
                       .length = header->len,
                       .bytes = {bytes, header->caplen}};
}

std::optional<double> CaptureReader::progress() const {
  FILE* const file = pcap_file(capture_.get());
  const long at = std::ftell(file);
  struct stat info;
  if (at < 0 || ::fstat(::fileno(file), &info) != 0 || info.st_size <= 0) return std::nullopt;
  return double(at) / double(info.st_size);
}

Result<CaptureWriter> CaptureWriter::create(const std::string& path,
                                            const CaptureReader& original) {
  const std::string doing = "write the capture " + path;
  if (is_same_file(pcap_file(original.capture_.get()), path))
    return Error{doing + ": it is the capture to be read"};
  pcap* const format = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, kLongestFrame,
                                                            precision(original.nanoseconds_));
  if (!format) return Error{doing + ": " + std::strerror(ENOMEM)};
  CaptureWriter writer(path, format, nullptr);
  // libpcap takes "-" for standard output, which is not ours to give away.
  File file(std::fopen(path.c_str(), "wbe"));
  if (!file) return errno_error(doing);
  writer.dumper_.reset(pcap_dump_fopen(format, file.release()));
  if (!writer.dumper_) return Error{fmt::format("{}: {}", doing, pcap_geterr(format))};
  return writer;
}

void CaptureWriter::put(const CapturedFrame& original, std::span<const uint8_t> bytes) {
  pcap_pkthdr header = {};
  header.ts.tv_sec = original.seconds;
  header.ts.tv_usec = original.fraction;
  header.caplen = header.len = bpf_u_int32(bytes.size());
  pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header, bytes.data());
}

Result<void> CaptureWriter::finish() {
  FILE* const file = pcap_dump_file(dumper_.get());
  if (std::fflush(file) != 0 || std::ferror(file)) return errno_error("write the capture " + path_);
  return {};
}

}  // namespace sluice
