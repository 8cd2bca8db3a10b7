// SPDX-License-Identifier: Apache-2.0
// Writes a Frame from its front to its end, and notes where things stand that will vary.
#pragma once

#include "loadgen/frame.h"

namespace sluice::loadgen {

class FrameWriter {
 public:
  FrameWriter(Frame& frame, const FrameOptions& options) : f_(frame), o_(options) {}
  void write();

 private:
  // Each appends a header, and what is in front of the payload. Lengths are known before.
  void ethernet();
  void ip(uint8_t protocol, size_t payload);
  void ip4(uint8_t protocol, size_t payload);
  void ip6(uint8_t protocol, size_t payload);
  void tcp(uint8_t flags);
  void udp(size_t length);
  void quic(bool initial);
  void too_big();
  void quote4();
  void quote6();
  void echo();

  bool v4() const { return o_.vip.address.is_v4(); }
  bool is_fragment() const {
    return o_.shape == Shape::kFirstFragment || o_.shape == Shape::kLaterFragment;
  }
  uint8_t protocol() const;
  size_t headers() const;
  size_t payload_of(Shape shape) const;
  void append(const void* data, size_t size);
  void finish(size_t l4_at, size_t l4_length);

  Frame& f_;
  const FrameOptions& o_;
};

}  // namespace sluice::loadgen
