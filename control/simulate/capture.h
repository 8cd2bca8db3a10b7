// SPDX-License-Identifier: Apache-2.0
// Capture files of Ethernet frames, one frame at a time: pcap in and out, pcapng in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"

struct pcap;
struct pcap_dumper;

namespace sluice {

struct CapturedFrame {
  int64_t seconds = 0;   // when it was captured
  int64_t fraction = 0;  // of a second, in units of the file
  uint32_t length = 0;   // bytes on the wire
  std::span<const uint8_t> bytes;

  // The capture kept its beginning only (tcpdump -s).
  bool is_cut() const { return bytes.size() < length; }
};

class CaptureReader {
 public:
  // "-" is standard input. Fails on anything but a capture of Ethernet frames.
  static Result<CaptureReader> open(const std::string& path);

  // Nothing at the end of the file. The bytes are there until the next call.
  Result<std::optional<CapturedFrame>> next();
  // How much of the file is read, 0 to 1; nothing where that cannot be known (a pipe).
  std::optional<double> progress() const;

 private:
  friend class CaptureWriter;
  struct Close {
    void operator()(pcap* capture) const;
  };
  CaptureReader(std::string path, pcap* capture, bool nanoseconds)
      : path_(std::move(path)), capture_(capture), nanoseconds_(nanoseconds) {}

  std::string path_;
  std::unique_ptr<pcap, Close> capture_;
  bool nanoseconds_;
};

class CaptureWriter {
 public:
  // Frames put will have time stamps as fine as those of `original`, which is another file.
  static Result<CaptureWriter> create(const std::string& path, const CaptureReader& original);

  // `bytes` as captured at the time of `original`.
  void put(const CapturedFrame& original, std::span<const uint8_t> bytes);
  // Writes what is left; true success only here, however many frames were put.
  Result<void> finish();

 private:
  struct Close {
    void operator()(pcap* capture) const;
    void operator()(pcap_dumper* dumper) const;
  };
  CaptureWriter(std::string path, pcap* format, pcap_dumper* dumper)
      : path_(std::move(path)), format_(format), dumper_(dumper) {}

  std::string path_;
  std::unique_ptr<pcap, Close> format_;
  std::unique_ptr<pcap_dumper, Close> dumper_;
};

}  // namespace sluice
