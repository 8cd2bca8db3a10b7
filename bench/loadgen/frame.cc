// SPDX-License-Identifier: Apache-2.0
#include "loadgen/frame.h"

#include <arpa/inet.h>

#include <cstring>

#include "loadgen/frame_writer.h"
#include "netns/checksum.h"

namespace sluice::loadgen {

namespace {

using netns::checksum_of;
using netns::sum_of_words;

template <class T>
void put(uint8_t* at, const T& value) {
  std::memcpy(at, &value, sizeof(value));
}

}  // namespace

Frame::Frame(const FrameOptions& options) {
  FrameWriter(*this, options).write();
}

void Frame::write(const Varying& v, uint8_t* to) const {
  std::memcpy(to, bytes_.data(), bytes_.size());
  const uint32_t client = htonl(client_base_ | v.client);
  const uint16_t port = htons(v.port);
  const uint32_t client_sum = (client & 0xffff) + (client >> 16);
  put(to + source_at_, client);
  if (port_at_ != kNowhere) put(to + port_at_, port);
  put(to + stamp_at_, v.stamp);

  uint32_t ip_sum = ip_sum_ + client_sum;
  if (id_at_ != kNowhere) {
    if (id_is_long_) {
      put(to + id_at_, htonl(v.id));
    } else {
      const uint16_t id = htons(uint16_t(v.id));
      put(to + id_at_, id);
      ip_sum += id;
    }
  }
  if (ip_check_at_ != kNowhere) put(to + ip_check_at_, checksum_of(ip_sum));

  uint32_t sum = sum_ + client_sum * client_times_ + sum_of_words(&v.stamp, sizeof(v.stamp));
  if (port_at_ != kNowhere) sum += port;
  if (connection_at_ != kNowhere) {
    put(to + connection_at_, v.stamp.flow);
    sum += sum_of_words(&v.stamp.flow, sizeof(v.stamp.flow));
  }
  if (quoted_client_at_ != kNowhere) {
    put(to + quoted_client_at_, client);
    if (quoted_check_at_ != kNowhere)
      put(to + quoted_check_at_, checksum_of(quoted_sum_ + client_sum));
  }
  const uint16_t check = checksum_of(sum);
  // Zero would say that there is none (RFC 768); to TCP and ICMP the two are the same.
  put(to + check_at_, uint16_t(check ? check : 0xffff));
}

}  // namespace sluice::loadgen
