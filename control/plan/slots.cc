// SPDX-License-Identifier: Apache-2.0
#include "plan/slots.h"

#include <algorithm>
#include <map>
#include <utility>

namespace sluice {

namespace {

constexpr uint8_t kQuietScans = 2;
// Ends of windows are rounded up to so many per window, so that a ring has few of them.
constexpr int kEndsPerWindow = 10000;

// One slot, positions in terms of the new backends.
struct Slot {
  sluice_slot_state state = SLUICE_SLOT_CLEAN;
  uint32_t current, previous;
  Time end = Time::max();
  uint8_t quiet = 0;
};

// Collects the ends of a ring's windows, each once.
class Ends {
 public:
  // Most slots have the end of the slot before.
  uint16_t add(Time end) {
    if (!ends_.empty() && ends_[last_] == end) return last_;
    const auto [it, is_new] = numbers_.try_emplace(end, uint16_t(ends_.size()));
    if (is_new) ends_.push_back(end);
    return last_ = it->second;
  }
  std::vector<Time> take() { return std::move(ends_); }

 private:
  std::map<Time, uint16_t> numbers_;
  std::vector<Time> ends_;
  uint16_t last_ = 0;
};

// Old positions -> new ones. Backends that are no more are nobody.
std::vector<uint32_t> renumber(const std::vector<IpAddress>& from,
                               const std::vector<IpAddress>& to) {
  std::map<IpAddress, uint32_t> places;
  for (uint32_t i = 0; i < to.size(); i++) places.emplace(to[i], i);
  std::vector<uint32_t> out;
  for (const IpAddress& a : from) {
    const auto it = places.find(a);
    out.push_back(it == places.end() ? uint32_t(to.size()) : it->second);
  }
  out.push_back(uint32_t(to.size()));
  return out;
}

Slot read_slot(const Slots& from, size_t i, uint32_t word, const std::vector<uint32_t>& moved) {
  Slot s = {.state = sluice_slot_state_of(word),
            .current = moved[sluice_slot_current(word)],
            .previous = 0};
  if (s.state == SLUICE_SLOT_WINDOW) {
    s.previous = moved[sluice_slot_previous(word)];
    s.end = from.ends[from.window[i]];
  }
  if (s.state == SLUICE_SLOT_TAIL) s.quiet = from.quiet[i];
  return s;
}

// Nothing is to be done with most slots at most changes.
bool stays_clean(uint32_t word, const std::vector<uint32_t>& moved, uint32_t wanted) {
  return sluice_slot_state_of(word) == SLUICE_SLOT_CLEAN &&
         moved[sluice_slot_current(word)] == wanted;
}

void begin_tail(Slot& s) {
  s.state = SLUICE_SLOT_TAIL;
  s.quiet = 0;
}

// Rules 2 and 3, in one slot.
void change_slot(Slot& s, uint32_t wanted, const SlotChange& to, const std::vector<bool>& lost,
                 Time end) {
  if (s.state == SLUICE_SLOT_WINDOW && s.end <= to.now) begin_tail(s);
  if (s.state == SLUICE_SLOT_CLEAN && to.doubts) begin_tail(s);
  if (s.current != wanted) {
    if (s.state == SLUICE_SLOT_CLEAN && !to.remembers) {
      s.current = wanted;
      return;
    }
    if (s.state != SLUICE_SLOT_WINDOW) {
      s.state = SLUICE_SLOT_WINDOW;
      s.previous = s.current;
      s.end = end;
    }
    s.current = wanted;
  }
  if (s.state == SLUICE_SLOT_WINDOW &&
      (s.previous == s.current || lost[s.previous] || s.end <= to.now))
    begin_tail(s);
}

// By new position: its flows are lost.
std::vector<bool> lost_positions(const SlotChange& to) {
  std::vector<bool> lost;
  for (const IpAddress& a : to.backends) lost.push_back(to.dead.contains(a));
  lost.push_back(true);
  return lost;
}

Time end_of_window(const SlotChange& to) {
  if (to.window <= std::chrono::nanoseconds(0)) return to.now;
  const auto step = std::max<Time::duration>(to.window / kEndsPerWindow, Time::duration(1));
  const auto end = (to.now + to.window).time_since_epoch();
  return Time((end + step - Time::duration(1)) / step * step);
}

// Puts the slots together. Fields that mean nothing in a state are zero, so that equal rings are
// equal bytes.
class Builder {
 public:
  Builder(const std::vector<IpAddress>& backends, size_t slots)
      : nobody_(uint32_t(backends.size())), ring_(slots) {
    out_.backends = backends;
  }
  void add_clean(uint32_t current) {
    used_ |= current != nobody_;
    ring_[next_++] = sluice_slot(SLUICE_SLOT_CLEAN, current, 0);
  }
  void add(const Slot& s) {
    if (s.state == SLUICE_SLOT_WINDOW) out_.window.set(next_, ring_.size(), ends_.add(s.end));
    if (s.state == SLUICE_SLOT_TAIL) out_.quiet.set(next_, ring_.size(), s.quiet);
    used_ |= s.state != SLUICE_SLOT_CLEAN || s.current != nobody_;
    ring_[next_++] =
        sluice_slot(s.state, s.current, s.state == SLUICE_SLOT_WINDOW ? s.previous : 0);
  }
  // Shares the ring of `like` where it is the same.
  Slots finish(const RingPtr& like) {
    out_.ends = ends_.take();
    if (used_)
      out_.ring = like && *like == ring_ ? like : std::make_shared<const Ring>(std::move(ring_));
    return std::move(out_);
  }

 private:
  uint32_t nobody_;
  Slots out_;
  Ring ring_;
  size_t next_ = 0;
  Ends ends_;
  bool used_ = false;
};

Slots first_slots(const SlotChange& to) {
  return {.backends = to.backends, .wanted = to.wanted, .ring = to.wanted, .changed = to.now};
}

}  // namespace

Time next_end(const Slots& slots) {
  Time first = Time::max();
  for (Time end : slots.ends) first = std::min(first, end);
  return first;
}

bool is_clean(const Slots& slots) {
  return slots.window.empty() && slots.quiet.empty();
}

SlotCounts count_states(const Slots& slots) {
  SlotCounts n;
  if (!slots.ring) return n;
  for (uint32_t word : *slots.ring) {
    const sluice_slot_state state = sluice_slot_state_of(word);
    n.clean += state == SLUICE_SLOT_CLEAN;
    n.window += state == SLUICE_SLOT_WINDOW;
    n.tail += state == SLUICE_SLOT_TAIL;
  }
  return n;
}

Slots change_slots(const Slots& from, const SlotChange& to) {
  if (!from.ring) return first_slots(to);
  const bool same = from.wanted == to.wanted && from.backends == to.backends;
  if (same && to.dead.empty() && !to.doubts && next_end(from) > to.now) return from;

  const std::vector<uint32_t> moved = renumber(from.backends, to.backends);
  const std::vector<bool> lost = lost_positions(to);
  const Time end = end_of_window(to);
  const Ring& ring = *from.ring;
  const uint32_t nobody = uint32_t(to.backends.size());
  Builder builder(to.backends, ring.size());
  for (size_t i = 0; i < ring.size(); i++) {
    const uint32_t wanted = to.wanted ? (*to.wanted)[i] : nobody;
    if (!to.doubts && stays_clean(ring[i], moved, wanted)) {
      builder.add_clean(wanted);
      continue;
    }
    Slot s = read_slot(from, i, ring[i], moved);
    change_slot(s, wanted, to, lost, end);
    builder.add(s);
  }
  Slots out = builder.finish(from.ring);
  out.wanted = to.wanted;
  out.changed = out.ring == from.ring && out.backends == from.backends ? from.changed : to.now;
  return out;
}

Slots slots_of_remembered(const SlotChange& to) {
  if (!to.wanted) return first_slots(to);
  Builder builder(to.backends, to.wanted->size());
  for (uint32_t current : *to.wanted)
    builder.add({.state = SLUICE_SLOT_TAIL, .current = current, .previous = 0});
  Slots out = builder.finish(nullptr);
  out.wanted = to.wanted;
  out.changed = to.now;
  return out;
}

Slots settle_slots(const Slots& from, const SlotScan& scan, std::chrono::nanoseconds grace) {
  if (!from.ring || from.quiet.empty() || scan.began < from.changed + grace) return from;
  std::vector<uint32_t> same;
  for (uint32_t i = 0; i <= from.nobody(); i++) same.push_back(i);
  Builder builder(from.backends, from.ring->size());
  for (size_t i = 0; i < from.ring->size(); i++) {
    Slot s = read_slot(from, i, (*from.ring)[i], same);
    if (s.state == SLUICE_SLOT_TAIL) {
      s.quiet = scan.disagree[i] ? 0 : uint8_t(s.quiet + 1);
      if (s.quiet >= kQuietScans) s.state = SLUICE_SLOT_CLEAN;
    }
    builder.add(s);
  }
  Slots out = builder.finish(from.ring);
  out.wanted = from.wanted;
  // What a scan has seen stays seen: cleaning up is no change that could leave flows behind.
  out.changed = from.changed;
  return out;
}

std::set<IpAddress> named_by(const Slots& slots) {
  std::vector<bool> named(slots.backends.size() + 1);
  if (slots.ring)
    for (uint32_t word : *slots.ring) {
      named[sluice_slot_current(word)] = true;
      if (sluice_slot_state_of(word) == SLUICE_SLOT_WINDOW)
        named[sluice_slot_previous(word)] = true;
    }
  std::set<IpAddress> out;
  for (size_t i = 0; i < slots.backends.size(); i++)
    if (named[i]) out.insert(slots.backends[i]);
  return out;
}

}  // namespace sluice
