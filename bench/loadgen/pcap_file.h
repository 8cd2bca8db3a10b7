// SPDX-License-Identifier: Apache-2.0
// Files of frames, as tcpdump(8) and everybody else reads and writes them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "loadgen/packet_view.h"

struct pcap;
struct pcap_dumper;

namespace sluice::loadgen {

// A time of the steady clock on the calendar: nanoseconds since 1970.
uint64_t calendar_of(uint64_t steady);

class PcapWriter {
 public:
  // Takes the place of a file that is there.
  static Result<PcapWriter> create(const std::string& path);

  // `time`: nanoseconds since 1970.
  void write(BytesView frame, uint64_t time);
  // Empty if all of it is in the file.
  Result<void> finish();

 private:
  struct Close {
    void operator()(pcap* p) const;
    void operator()(pcap_dumper* d) const;
  };
  PcapWriter() = default;
  std::string path_;
  std::unique_ptr<pcap, Close> pcap_;
  std::unique_ptr<pcap_dumper, Close> dumper_;
};

class PcapReader {
 public:
  // Of Ethernet frames.
  static Result<PcapReader> open(const std::string& path);

  // The next frame, until the call after; nothing at the end.
  Result<std::optional<BytesView>> next();

 private:
  struct Close {
    void operator()(pcap* p) const;
  };
  PcapReader() = default;
  std::string path_;
  std::unique_ptr<pcap, Close> pcap_;
};

}  // namespace sluice::loadgen
