// SPDX-License-Identifier: Apache-2.0
#include "netns/numbered_sink.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <tuple>

#include "netns/bpf/numbered.h"
#include "netns/xdp.h"
#include "numbered_sink.skel.h"

namespace sluice::netns {
namespace {

constexpr size_t kBytes = NumberedSink::kWindow * sizeof(uint64_t);
static_assert(NumberedSink::kStray == NUMBERED_STRAY && NumberedSink::kMarks == NUMBERED_MARKS);

Arrival arrival_of(uint64_t record) {
  return {.times = uint32_t(record), .marks = uint32_t(record >> 32)};
}
static_assert(NUMBERED_MARK_BIT(0) == 1ull << 32);

}  // namespace

struct NumberedSink::Loaded {
  numbered_sink* skeleton = nullptr;
  ~Loaded() { numbered_sink::destroy(skeleton); }
};

Result<std::unique_ptr<NumberedSink>> NumberedSink::create() {
  std::unique_ptr<NumberedSink> sink(new NumberedSink);
  sink->loaded_ = std::make_unique<Loaded>();
  numbered_sink* const s = sink->loaded_->skeleton = numbered_sink::open();
  if (!s) return errno_error("open the sink's BPF object");
  bpf_map__set_max_entries(s->maps.records, uint32_t(kWindow));
  s->rodata->cfg_record_mask = uint32_t(kWindow - 1);
  if (const int r = numbered_sink::load(s); r < 0)
    return errno_error("load the sink's XDP program", r);
  for (const auto& [map, bytes, values] :
       {std::tuple(s->maps.records, kBytes, &sink->records_),
        std::tuple(s->maps.progress, sizeof(uint64_t), &sink->progress_)}) {
    void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
    if (at == MAP_FAILED) return errno_error("map what the sink writes down into memory");
    *values = static_cast<uint64_t*>(at);
  }
  return sink;
}

NumberedSink::~NumberedSink() {
  if (records_) munmap(records_, kBytes);
  if (progress_) munmap(progress_, sizeof(*progress_));
}

Result<void> NumberedSink::attach(const Host& host, const std::string& device) {
  Result<UniqueFd> link =
      attach_xdp(host, device, bpf_program__fd(loaded_->skeleton->progs.numbered_sink));
  if (!link) return link.error();
  links_.push_back(std::move(*link));
  return {};
}

Result<void> NumberedSink::mark(const NumberedWay& way, unsigned mark) {
  numbered_way key = {.to = {}, .stream = way.stream, .protocol = way.protocol};
  std::copy(way.to.bytes().begin(), way.to.bytes().end(), key.to);
  const int fd = bpf_map__fd(loaded_->skeleton->maps.marks);
  if (bpf_map_update_elem(fd, &key, &mark, BPF_ANY) != 0)
    return errno_error("mark a way to " + way.to.to_string());
  return {};
}

uint64_t* NumberedSink::record(uint64_t number) const {
  return records_ + number % kWindow;
}

uint64_t NumberedSink::progress() const {
  return __atomic_load_n(progress_, __ATOMIC_ACQUIRE);
}

void NumberedSink::forget_progress() {
  __atomic_store_n(progress_, 0, __ATOMIC_RELEASE);
}

Arrival NumberedSink::look_at(uint64_t number) const {
  return arrival_of(__atomic_load_n(record(number), __ATOMIC_ACQUIRE));
}

Arrival NumberedSink::take(uint64_t number) {
  return arrival_of(__atomic_exchange_n(record(number), 0, __ATOMIC_ACQ_REL));
}

}  // namespace sluice::netns
