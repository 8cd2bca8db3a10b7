// SPDX-License-Identifier: Apache-2.0
// A netlink socket, of routing unless asked for another: dumps and batches of requests, in the
// network namespace it was opened in.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/unique_fd.h"

struct nl_msg;
struct nlattr;

namespace sluice {

// Opens a netlink socket, close-on-exec. The kernel grants `receive_buffer` bytes whole to those
// with CAP_NET_ADMIN, and at most net.core.rmem_max to others.
Result<UniqueFd> open_netlink(size_t receive_buffer, int protocol = NETLINK_ROUTE);

// One request under construction: a fixed header and attributes.
class NetlinkRequest {
 public:
  template <class Header>
  NetlinkRequest(uint16_t type, uint16_t flags, const Header& header)
      : NetlinkRequest(type, flags, &header, sizeof header) {}

  void put(int attribute, const void* data, size_t size);
  void put_u32(int attribute, uint32_t value) { put(attribute, &value, sizeof value); }
  // What `fill` puts goes into the attribute.
  void nest(int attribute, const std::function<void(NetlinkRequest&)>& fill);
  void put_address(int attribute, const IpAddress& address) {
    put(attribute, address.data(), address.size());
  }
  nlmsghdr* header() const;

 private:
  NetlinkRequest(uint16_t type, uint16_t flags, const void* header, size_t size);
  struct Free {
    void operator()(nl_msg* message) const;
  };
  std::unique_ptr<nl_msg, Free> message_;
};

// The attributes of one received message, by type. Points into the message.
class NetlinkAttributes {
 public:
  NetlinkAttributes(const nlmsghdr* message, size_t header_size, int max_type);
  // The attributes nested in `parent`.
  NetlinkAttributes(const nlattr* parent, int max_type);

  const nlattr* find(int type) const { return found_[size_t(type)]; }
  // The value of an attribute, or 0 when it is absent or too short.
  uint32_t u32(int type) const;
  uint8_t u8(int type) const;
  // The payload, or nothing unless the attribute is present and exactly `size` long.
  const uint8_t* bytes(int type, size_t size) const;
  const char* text(int type) const;  // "" when absent
  // The attribute as an address of `family`; nothing if it is absent or not of that size.
  std::optional<IpAddress> address(int type, int family) const;

 private:
  std::vector<nlattr*> found_;
};

// Calls `f` for each message in `bytes`, which hold whole messages one after the other.
void for_each_message(const uint8_t* bytes, size_t size,
                      const std::function<void(const nlmsghdr*)>& f);

class Netlink {
 public:
  using Bytes = std::vector<uint8_t>;
  // `error` is 0 or an errno value; `answer` is null unless the kernel sent more than an
  // acknowledgement.
  using OnAnswer = std::function<void(size_t index, int error, const nlmsghdr* answer)>;

  static Result<Netlink> open(int protocol = NETLINK_ROUTE);

  // Everything the kernel answers to a dump request, from one moment: a dump that a change ran
  // into is read again.
  Result<Bytes> dump(const NetlinkRequest& request);
  // Sends all requests and calls `f` exactly once for each. Every request must be of a kind that
  // gets exactly one answer: an object, an error, or (NLM_F_ACK) an acknowledgement.
  Result<void> ask(const std::vector<NetlinkRequest>& requests, const OnAnswer& f);
  // Asks for one change, which must have NLM_F_ACK. What the kernel refuses is an Error whose
  // message begins with `doing` and whose code is the kernel's.
  Result<void> change(const std::string& doing, NetlinkRequest request);

 private:
  explicit Netlink(UniqueFd fd);
  Result<void> send(const uint8_t* bytes, size_t size);
  Result<size_t> receive();
  Result<Bytes> dump_once(const NetlinkRequest& request, bool* interrupted);
  Result<void> ask_batch(const std::vector<NetlinkRequest>& requests, size_t begin, size_t end,
                         const OnAnswer& f);

  UniqueFd fd_;
  uint32_t sequence_ = 0;
  Bytes buffer_;
};

}  // namespace sluice
