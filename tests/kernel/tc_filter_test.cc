// SPDX-License-Identifier: Apache-2.0
// Programs at tc: put, exchanged, found again and taken away, and nothing of others with them.
#include "kernel/tc_filter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <linux/pkt_cls.h>
#include <unistd.h>

#include <atomic>
#include <iterator>
#include <thread>

#include "lab/check.h"
#include "lab/packets.h"
#include "netns/host.h"
#include "netns/lab.h"
#include "netns/netlink.h"
#include "netns/process.h"

namespace sluice {
namespace {

using netns::Host;
using netns::Lab;
using netns::milliseconds;
using testing::HasSubstr;

constexpr uint32_t kFirstHandle = 0x736c, kPriority = 17;
constexpr int kPass = TC_ACT_UNSPEC, kDrop = TC_ACT_SHOT;

Result<UniqueFd> program(bpf_prog_type type, int action) {
  const bpf_insn code[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = action},
      {.code = BPF_JMP | BPF_EXIT},
  };
  const int fd = bpf_prog_load(type, "tc_filter_test", "GPL", code, std::size(code), nullptr);
  if (fd < 0) return errno_error("load a program", fd);
  return UniqueFd(fd);
}

uint32_t id_of(int program_fd) {
  bpf_prog_info info = {};
  uint32_t size = sizeof(info);
  EXPECT_EQ(bpf_obj_get_info_by_fd(program_fd, &info, &size), 0);
  return info.id;
}

// One host; packets to itself go through lo, past the filters in question.
class TcFilterTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root, for network namespaces and BPF";
    LAB_ASSERT_OK_AND(lab_, Lab::create());
    LAB_ASSERT_OK_AND(host_, Host::create(*lab_, "host"));
    LAB_ASSERT_OK_AND(pass_, program(BPF_PROG_TYPE_SCHED_CLS, kPass));
    LAB_ASSERT_OK_AND(drop_, program(BPF_PROG_TYPE_SCHED_CLS, kDrop));
    LAB_ASSERT_OK_AND(socket_, netns::udp_listener(*host_, "127.0.0.1", 9999));
    pin_ = lab_->bpffs() + "/tc-lo";
  }

  TcPlace place(const std::string& device, TcHook hook) {
    Result<netns::LinkState> link = host_->netlink().link(device);
    EXPECT_TRUE(link);
    return {device, link ? uint32_t(link->ifindex) : 0, hook};
  }
  // Two devices, each the other end of the other.
  void add_pair() {
    LAB_ASSERT_OK(host_->netlink().add_veth({"one", MacAddress({2, 0, 0, 0, 0, 1})},
                                            {"two", MacAddress({2, 0, 0, 0, 0, 2})}, host_->fd(),
                                            1500));
  }
  Result<TcFilter> put(const TcPlace& where, const UniqueFd& fd,
                       std::optional<TcKind> kind = std::nullopt) {
    return host_->run([&] { return TcFilter::put(where, fd.get(), pin_, kind); });
  }
  Result<void> replace(TcFilter& filter, const UniqueFd& fd, int old_fd = -1) {
    return host_->run([&] { return filter.replace(fd.get(), old_fd); });
  }
  bool alive(const TcFilter& filter) {
    return *host_->run([&] { return Result<bool>(filter.alive()); });
  }
  Result<std::optional<TcFilter>> look_at() {
    return host_->run([&] { return TcFilter::look_at(pin_); });
  }
  Result<void> remove() {
    return host_->run([&] { return TcFilter::remove(pin_); });
  }
  bool pinned() const { return ::access(pin_.c_str(), F_OK) == 0; }

  void send(const std::string& text) {
    LAB_ASSERT_OK(netns::send_raw(*host_, "127.0.0.1",
                                  netns::udp_packet("127.0.0.1", "127.0.0.1", 9999, text)));
  }
  // Whether packets pass lo.
  bool passes() {
    send("hello");
    return netns::receive(socket_, milliseconds(100)) == "hello";
  }

  // A filter that TcFilter knows nothing of.
  Result<void> put_foreign(const TcPlace& where, uint32_t handle, const UniqueFd& fd) {
    return host_->run([&]() -> Result<void> {
      LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = int(where.ifindex),
                  .attach_point = where.hook == TcHook::kEgress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
      (void)bpf_tc_hook_create(&hook);
      LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = fd.get(), .flags = BPF_TC_F_REPLACE,
                  .handle = handle, .priority = kPriority);
      if (int r = bpf_tc_attach(&hook, &filter); r < 0) return errno_error("attach a filter", r);
      return {};
    });
  }
  // The id of the program of a clsact filter, 0 if there is none.
  uint32_t program_at(const TcPlace& where, uint32_t handle) {
    return *host_->run([&]() -> Result<uint32_t> {
      LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = int(where.ifindex),
                  .attach_point = where.hook == TcHook::kEgress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
      LIBBPF_OPTS(bpf_tc_opts, filter, .handle = handle, .priority = kPriority);
      return bpf_tc_query(&hook, &filter) == 0 ? filter.prog_id : 0u;
    });
  }

  std::unique_ptr<Lab> lab_;
  std::unique_ptr<Host> host_;
  UniqueFd pass_, drop_, socket_;
  std::string pin_;
};

struct Case {
  std::string name;
  TcKind kind;
  TcHook hook;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

class EachKind : public TcFilterTest, public testing::WithParamInterface<Case> {
 protected:
  void SetUp() override {
    TcFilterTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    lo_ = place("lo", GetParam().hook);
    Result<TcFilter> first = put_here(pass_);
    if (!first && first.error().message.find("no TCX") != std::string::npos)
      GTEST_SKIP() << first.error().message;
    LAB_ASSERT_OK(first);
    filter_.emplace(std::move(*first));
  }
  Result<TcFilter> put_here(const UniqueFd& fd) { return put(lo_, fd, GetParam().kind); }

  TcPlace lo_;
  std::optional<TcFilter> filter_;
};

TEST_P(EachKind, RunsWhereItWasPut) {
  EXPECT_EQ(filter_->kind(), GetParam().kind);
  EXPECT_EQ(filter_->hook(), GetParam().hook);
  EXPECT_EQ(filter_->ifindex(), lo_.ifindex);
  EXPECT_TRUE(alive(*filter_));
  EXPECT_TRUE(passes());
  LAB_ASSERT_OK(replace(*filter_, drop_));
  EXPECT_FALSE(passes());
  EXPECT_TRUE(alive(*filter_));
}

TEST_P(EachKind, OutlivesTheOneWhoPutItAndIsFoundAgain) {
  LAB_ASSERT_OK(replace(*filter_, drop_));
  filter_.reset();
  EXPECT_FALSE(passes());
  Result<std::optional<TcFilter>> found = look_at();
  LAB_ASSERT_OK(found);
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->kind(), GetParam().kind);
  EXPECT_EQ((*found)->hook(), GetParam().hook);
  EXPECT_EQ((*found)->ifindex(), lo_.ifindex);
  EXPECT_TRUE(alive(**found));
}

TEST_P(EachKind, PutAgainTakesOverWhateverKindItIs) {
  Result<TcFilter> again = put(lo_, drop_);
  LAB_ASSERT_OK(again);
  EXPECT_EQ(again->kind(), GetParam().kind);
  EXPECT_FALSE(passes());
  LAB_ASSERT_OK(replace(*again, pass_));
  EXPECT_TRUE(passes()) << "there is only one";
}

// While programs that drop follow one another, a packet that passes has met none.
TEST_P(EachKind, IsExchangedWithoutLettingAPacketPast) {
  LAB_ASSERT_OK(replace(*filter_, drop_));
  Result<UniqueFd> other = program(BPF_PROG_TYPE_SCHED_CLS, kDrop);
  LAB_ASSERT_OK(other);
  std::atomic<int> sent = 0;
  std::jthread sender([&](const std::stop_token& enough) {
    for (; !enough.stop_requested(); sent++) send("past");
  });
  for (int i = 0; i < 50 || sent < 500; i++) LAB_ASSERT_OK(put_here(i % 2 == 0 ? *other : drop_));
  sender.request_stop();
  sender.join();
  EXPECT_EQ(netns::receive(socket_, milliseconds(100)), "");
}

TEST_P(EachKind, IsRemovedWithItsPin) {
  LAB_ASSERT_OK(replace(*filter_, drop_));
  LAB_ASSERT_OK(remove());
  EXPECT_TRUE(passes());
  EXPECT_FALSE(alive(*filter_));
  EXPECT_FALSE(pinned());
  LAB_ASSERT_OK(remove());
  Result<std::optional<TcFilter>> found = look_at();
  LAB_ASSERT_OK(found);
  EXPECT_FALSE(*found);
}

TEST_P(EachKind, AnotherKindOrDirectionIsAttachedAnew) {
  const TcKind kind = GetParam().kind == TcKind::kTcx ? TcKind::kClsact : TcKind::kTcx;
  LAB_ASSERT_OK(replace(*filter_, drop_));
  Result<TcFilter> other = put(lo_, pass_, kind);
  if (other || other.error().message.find("no TCX") == std::string::npos) {
    LAB_ASSERT_OK(other);
    EXPECT_EQ(other->kind(), kind);
    EXPECT_FALSE(alive(*filter_));
    EXPECT_TRUE(passes());
  }
  const TcPlace turned =
      place("lo", lo_.hook == TcHook::kIngress ? TcHook::kEgress : TcHook::kIngress);
  LAB_ASSERT_OK_AND(other, put(turned, drop_, GetParam().kind));
  EXPECT_EQ(other->hook(), turned.hook);
  EXPECT_FALSE(passes());
  LAB_ASSERT_OK(remove());
  EXPECT_TRUE(passes()) << "nothing is left of the first";
}

TEST_P(EachKind, IsDeadWhenItsInterfaceIsDeletedAndPutAnewOnTheNextOne) {
  LAB_ASSERT_OK(remove());
  ASSERT_NO_FATAL_FAILURE(add_pair());
  const TcPlace one = place("one", GetParam().hook);
  Result<TcFilter> filter = put(one, pass_, GetParam().kind);
  LAB_ASSERT_OK(filter);
  EXPECT_TRUE(alive(*filter));
  LAB_ASSERT_OK(host_->netlink().delete_link("one"));
  EXPECT_FALSE(alive(*filter));
  EXPECT_TRUE(pinned());
  EXPECT_FALSE(put(one, pass_, GetParam().kind)) << "there is no such interface now";

  LAB_ASSERT_OK_AND(filter, put(lo_, pass_, GetParam().kind));
  ASSERT_NO_FATAL_FAILURE(add_pair());
  const TcPlace next = place("one", GetParam().hook);
  ASSERT_NE(next.ifindex, one.ifindex);
  LAB_ASSERT_OK_AND(filter, put(next, pass_, GetParam().kind));
  EXPECT_EQ(filter->ifindex(), next.ifindex);
  EXPECT_TRUE(alive(*filter));
  LAB_ASSERT_OK(host_->netlink().delete_link("one"));
  LAB_ASSERT_OK(remove());
  EXPECT_FALSE(pinned());
}

TEST_P(EachKind, AProgramOfTheWrongTypeChangesNothing) {
  LAB_ASSERT_OK(replace(*filter_, drop_));
  Result<UniqueFd> xdp = program(BPF_PROG_TYPE_XDP, 2);
  LAB_ASSERT_OK(xdp);
  EXPECT_FALSE(put_here(*xdp));
  EXPECT_TRUE(alive(*filter_));
  EXPECT_FALSE(passes());
  // As after a crash in the middle of an exchange.
  LAB_ASSERT_OK(put_here(pass_));
  EXPECT_TRUE(passes());
  LAB_ASSERT_OK(remove());
  EXPECT_FALSE(put_here(*xdp));
  EXPECT_FALSE(pinned());
}

TEST_P(EachKind, LeavesFiltersOfOthersAlone) {
  LAB_ASSERT_OK(put_foreign(lo_, 1, drop_));
  LAB_ASSERT_OK(put_here(pass_));
  LAB_ASSERT_OK(remove());
  EXPECT_EQ(program_at(lo_, 1), id_of(drop_.get()));
  EXPECT_FALSE(passes());
}

const Case kCases[] = {
    {"TcxIngress", TcKind::kTcx, TcHook::kIngress},
    {"TcxEgress", TcKind::kTcx, TcHook::kEgress},
    {"ClsactIngress", TcKind::kClsact, TcHook::kIngress},
    {"ClsactEgress", TcKind::kClsact, TcHook::kEgress},
};
INSTANTIATE_TEST_SUITE_P(Tc, EachKind, testing::ValuesIn(kCases),
                         [](const auto& c) { return c.param.name; });

TEST_F(TcFilterTest, AnExchangeThatNamesTheWrongProgramIsRefused) {
  Result<TcFilter> filter = put(place("lo", TcHook::kIngress), pass_, TcKind::kTcx);
  if (!filter && filter.error().message.find("no TCX") != std::string::npos)
    GTEST_SKIP() << filter.error().message;
  LAB_ASSERT_OK(filter);
  EXPECT_FALSE(replace(*filter, drop_, drop_.get()));
  EXPECT_TRUE(passes());
  LAB_ASSERT_OK(replace(*filter, drop_, pass_.get()));
  EXPECT_FALSE(passes());
}

TEST_F(TcFilterTest, TakesTheNextNumberWhereAnotherHasTheFirst) {
  const TcPlace lo = place("lo", TcHook::kIngress);
  LAB_ASSERT_OK(put_foreign(lo, kFirstHandle, drop_));
  LAB_ASSERT_OK(put(lo, pass_, TcKind::kClsact));
  EXPECT_EQ(program_at(lo, kFirstHandle), id_of(drop_.get()));
  EXPECT_EQ(program_at(lo, kFirstHandle + 1), id_of(pass_.get()));
  LAB_ASSERT_OK(remove());
  EXPECT_EQ(program_at(lo, kFirstHandle), id_of(drop_.get()));
  EXPECT_EQ(program_at(lo, kFirstHandle + 1), 0u);
}

TEST_F(TcFilterTest, WhatAnotherPutInItsPlaceIsNotOurs) {
  const TcPlace lo = place("lo", TcHook::kIngress);
  Result<TcFilter> filter = put(lo, pass_, TcKind::kClsact);
  LAB_ASSERT_OK(filter);
  LAB_ASSERT_OK(put_foreign(lo, kFirstHandle, drop_));
  EXPECT_FALSE(alive(*filter));
  LAB_ASSERT_OK(put(lo, pass_, TcKind::kClsact));
  EXPECT_EQ(program_at(lo, kFirstHandle + 1), id_of(pass_.get()));
  LAB_ASSERT_OK(remove());
  EXPECT_EQ(program_at(lo, kFirstHandle), id_of(drop_.get()));
}

TEST_F(TcFilterTest, SaysSoWhenAllNumbersAreTaken) {
  const TcPlace lo = place("lo", TcHook::kEgress);
  for (uint32_t i = 0; i < 16; i++) LAB_ASSERT_OK(put_foreign(lo, kFirstHandle + i, pass_));
  Result<TcFilter> filter = put(lo, pass_, TcKind::kClsact);
  ASSERT_FALSE(filter);
  EXPECT_THAT(filter.error().message, HasSubstr("lo at tc egress"));
  EXPECT_THAT(filter.error().message, HasSubstr("does not remove filters of others"));
  EXPECT_FALSE(pinned());
}

// An ingress qdisc is in clsact's place, and takes what is meant for egress.
TEST_F(TcFilterTest, RefusesEgressWhereThereIsNone) {
  Result<netns::Exit> tc =
      netns::run_program(*host_, {"/usr/sbin/tc", "qdisc", "add", "dev", "lo", "ingress"});
  LAB_ASSERT_OK(tc);
  ASSERT_EQ(tc->status, 0) << tc->output;
  const TcPlace egress = place("lo", TcHook::kEgress), ingress = place("lo", TcHook::kIngress);
  Result<TcFilter> filter = put(egress, drop_, TcKind::kClsact);
  ASSERT_FALSE(filter);
  EXPECT_THAT(filter.error().message, HasSubstr("has an ingress qdisc, which has no egress"));
  EXPECT_EQ(program_at(ingress, kFirstHandle), 0u);
  EXPECT_FALSE(pinned());
  EXPECT_TRUE(passes());
  LAB_ASSERT_OK(put(ingress, drop_, TcKind::kClsact));
  EXPECT_FALSE(passes());
}

TEST_F(TcFilterTest, APinOfAnotherKindIsRefusedAndStays) {
  ASSERT_EQ(bpf_obj_pin(pass_.get(), pin_.c_str()), 0);
  EXPECT_FALSE(put(place("lo", TcHook::kIngress), pass_));
  Result<void> removed = remove();
  ASSERT_FALSE(removed);
  EXPECT_THAT(removed.error().message, HasSubstr("neither a tc link nor the claim"));
  EXPECT_TRUE(pinned());
}

TEST_F(TcFilterTest, AnInterfaceThatIsNotThereIsAnError) {
  for (const TcKind kind : {TcKind::kTcx, TcKind::kClsact}) {
    Result<TcFilter> filter = put({"eth9", 999, TcHook::kIngress}, pass_, kind);
    ASSERT_FALSE(filter);
    EXPECT_THAT(filter.error().message, HasSubstr("eth9"));
    EXPECT_FALSE(pinned());
  }
}

}  // namespace
}  // namespace sluice
