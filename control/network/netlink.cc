// SPDX-License-Identifier: Apache-2.0
#include "network/netlink.h"

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace sluice {

namespace {

constexpr size_t kReceiveBuffer = 1 << 20;
// A dump comes in pieces of at most 32 KiB.
constexpr size_t kMessageBuffer = 64 << 10;
// So many answers wait in the smallest receive buffer a system is likely to grant.
constexpr size_t kBatch = 32;
constexpr int kDumpAttempts = 10;
constexpr size_t kRequestSize = 256;
constexpr time_t kTimeoutSeconds = 5;

// The errno value of an NLMSG_ERROR or NLMSG_DONE message; 0 is success.
int error_of(const nlmsghdr* message) {
  if (message->nlmsg_len < NLMSG_LENGTH(sizeof(int))) return 0;
  return -*static_cast<const int*>(nlmsg_data(message));
}

}  // namespace

Result<UniqueFd> open_netlink(size_t receive_buffer, int protocol) {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd.valid()) return errno_error("open a netlink socket");
  const int size = int(receive_buffer);
  if (setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0 &&
      setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size) != 0)
    return errno_error("size the receive buffer of a netlink socket");
  sockaddr_nl self = {};
  self.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&self), sizeof self) != 0)
    return errno_error("bind a netlink socket");
  return fd;
}

NetlinkRequest::NetlinkRequest(uint16_t type, uint16_t flags, const void* header, size_t size)
    : message_(nlmsg_alloc_size(kRequestSize)) {
  if (!message_) throw std::bad_alloc();
  nlmsg_put(message_.get(), 0, 0, type, 0, NLM_F_REQUEST | flags);
  nlmsg_append(message_.get(), const_cast<void*>(header), size, NLMSG_ALIGNTO);
}

void NetlinkRequest::Free::operator()(nl_msg* message) const {
  nlmsg_free(message);
}

void NetlinkRequest::put(int attribute, const void* data, size_t size) {
  // Fails only when kRequestSize is too small for what this folder asks.
  if (nla_put(message_.get(), attribute, int(size), data) != 0) std::abort();
}

void NetlinkRequest::nest(int attribute, const std::function<void(NetlinkRequest&)>& fill) {
  nlattr* begin = nla_nest_start(message_.get(), attribute);
  if (!begin) std::abort();
  fill(*this);
  nla_nest_end(message_.get(), begin);
}

nlmsghdr* NetlinkRequest::header() const {
  return nlmsg_hdr(message_.get());
}

NetlinkAttributes::NetlinkAttributes(const nlmsghdr* message, size_t header_size, int max_type)
    : found_(size_t(max_type) + 1) {
  nlmsg_parse(const_cast<nlmsghdr*>(message), int(header_size), found_.data(), max_type, nullptr);
}

NetlinkAttributes::NetlinkAttributes(const nlattr* parent, int max_type)
    : found_(size_t(max_type) + 1) {
  if (parent) nla_parse_nested(found_.data(), max_type, const_cast<nlattr*>(parent), nullptr);
}

const uint8_t* NetlinkAttributes::bytes(int type, size_t size) const {
  const nlattr* attribute = find(type);
  if (!attribute || size_t(nla_len(attribute)) != size) return nullptr;
  return static_cast<const uint8_t*>(nla_data(attribute));
}

uint32_t NetlinkAttributes::u32(int type) const {
  return bytes(type, sizeof(uint32_t)) ? nla_get_u32(find(type)) : 0;
}

uint8_t NetlinkAttributes::u8(int type) const {
  const uint8_t* value = bytes(type, 1);
  return value ? *value : 0;
}

const char* NetlinkAttributes::text(int type) const {
  return find(type) ? nla_get_string(find(type)) : "";
}

std::optional<IpAddress> NetlinkAttributes::address(int type, int family) const {
  const uint8_t* data = bytes(type, family == AF_INET ? 4 : 16);
  if (!data) return std::nullopt;
  return family == AF_INET ? IpAddress::from_v4(data) : IpAddress::from_v6(data);
}

void for_each_message(const uint8_t* bytes, size_t size,
                      const std::function<void(const nlmsghdr*)>& f) {
  auto* message = reinterpret_cast<nlmsghdr*>(const_cast<uint8_t*>(bytes));
  int rest = int(size);
  for (; nlmsg_ok(message, rest); message = nlmsg_next(message, &rest)) f(message);
}

Netlink::Netlink(UniqueFd fd) : fd_(std::move(fd)), buffer_(kMessageBuffer) {
}

Result<Netlink> Netlink::open(int protocol) {
  Result<UniqueFd> fd = open_netlink(kReceiveBuffer, protocol);
  if (!fd) return fd.error();
  const timeval timeout = {.tv_sec = kTimeoutSeconds, .tv_usec = 0};
  if (setsockopt(fd->get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0)
    return errno_error("set the timeout of a netlink socket");
  return Netlink(std::move(*fd));
}

Result<void> Netlink::send(const uint8_t* bytes, size_t size) {
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  if (sendto(fd_.get(), bytes, size, 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) <
      0)
    return errno_error("send a netlink request");
  return {};
}

// Fills buffer_ with the next datagram from the kernel.
Result<size_t> Netlink::receive() {
  for (;;) {
    sockaddr_nl sender = {};
    iovec part = {.iov_base = buffer_.data(), .iov_len = buffer_.size()};
    msghdr datagram = {};
    datagram.msg_name = &sender;
    datagram.msg_namelen = sizeof sender;
    datagram.msg_iov = &part;
    datagram.msg_iovlen = 1;
    const ssize_t n = recvmsg(fd_.get(), &datagram, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("receive from a netlink socket");
    if (datagram.msg_flags & MSG_TRUNC) return Error{"receive from netlink: message too long"};
    if (sender.nl_pid == 0) return size_t(n);
  }
}

Result<Netlink::Bytes> Netlink::dump(const NetlinkRequest& request) {
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    bool interrupted = false;
    Result<Bytes> all = dump_once(request, &interrupted);
    if (!all || !interrupted) return all;
  }
  return Error{"dump from netlink: the kernel's table changed during every attempt"};
}

Result<Netlink::Bytes> Netlink::dump_once(const NetlinkRequest& request, bool* interrupted) {
  nlmsghdr* header = request.header();
  header->nlmsg_seq = ++sequence_;
  header->nlmsg_flags |= NLM_F_DUMP;
  if (Result<void> sent = send(reinterpret_cast<uint8_t*>(header), header->nlmsg_len); !sent)
    return sent.error();
  Bytes all;
  bool done = false;
  int error = 0;
  while (!done) {
    const Result<size_t> size = receive();
    if (!size) return size.error();
    for_each_message(buffer_.data(), *size, [&](const nlmsghdr* m) {
      if (m->nlmsg_seq != sequence_) return;
      *interrupted |= (m->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR) {
        done = true;
        error = error_of(m);
        return;
      }
      const auto* bytes = reinterpret_cast<const uint8_t*>(m);
      all.insert(all.end(), bytes, bytes + NLMSG_ALIGN(m->nlmsg_len));
    });
  }
  if (error != 0) return errno_error("dump from netlink", -error);
  return all;
}

Result<void> Netlink::ask(const std::vector<NetlinkRequest>& requests, const OnAnswer& f) {
  for (size_t begin = 0; begin < requests.size(); begin += kBatch) {
    const size_t end = std::min(begin + kBatch, requests.size());
    if (Result<void> r = ask_batch(requests, begin, end, f); !r) return r;
  }
  return {};
}

Result<void> Netlink::change(const std::string& doing, NetlinkRequest request) {
  std::vector<NetlinkRequest> requests;
  requests.push_back(std::move(request));
  int refused = 0;
  Result<void> asked = ask(requests, [&](size_t, int error, const nlmsghdr*) { refused = error; });
  if (!asked) return Error{doing + ": " + asked.error().message, asked.error().code};
  if (refused != 0) return errno_error(doing, -refused);
  return {};
}

Result<void> Netlink::ask_batch(const std::vector<NetlinkRequest>& requests, size_t begin,
                                size_t end, const OnAnswer& f) {
  const uint32_t first = sequence_ + 1;
  Bytes batch;
  for (size_t i = begin; i < end; ++i) {
    nlmsghdr* header = requests[i].header();
    header->nlmsg_seq = ++sequence_;
    const auto* bytes = reinterpret_cast<const uint8_t*>(header);
    batch.insert(batch.end(), bytes, bytes + header->nlmsg_len);
    batch.resize(NLMSG_ALIGN(batch.size()));
  }
  if (Result<void> sent = send(batch.data(), batch.size()); !sent) return sent;
  size_t waiting = end - begin;
  while (waiting > 0) {
    const Result<size_t> size = receive();
    if (!size) return size.error();
    for_each_message(buffer_.data(), *size, [&](const nlmsghdr* m) {
      const uint32_t index = m->nlmsg_seq - first;
      if (index >= end - begin) return;  // a late answer to something given up
      --waiting;
      const bool bare = m->nlmsg_type == NLMSG_ERROR;
      f(begin + index, bare ? error_of(m) : 0, bare ? nullptr : m);
    });
  }
  return {};
}

}  // namespace sluice
