// SPDX-License-Identifier: Apache-2.0
#include "daemon/adoption.h"

#include <cstring>

#include "base/log.h"
#include "daemon/saved_state.h"
#include "kernel/byte_map.h"

namespace sluice {

namespace {

Result<std::vector<uint8_t>> state_of(const TablePins& pins, uint64_t generation) {
  Result<std::optional<std::vector<uint8_t>>> bytes = pinned_bytes(pins.path("state", generation));
  if (!bytes) return bytes.error();
  if (!*bytes) return Error{fmt::format("there is no state of generation {}", generation)};
  return std::move(**bytes);
}

// The newest state that can be read, of whatever generation: how the tables were made, and by which
// build, they all tell alike.
Result<std::vector<uint8_t>> any_state(const TablePins& pins) {
  const Result<std::set<uint64_t>> numbers = pins.numbers("state");
  if (!numbers) return numbers.error();
  Error why{"there is no state"};
  for (auto n = numbers->rbegin(); n != numbers->rend(); n++) {
    Result<std::vector<uint8_t>> bytes = state_of(pins, *n);
    if (!bytes) return bytes.error();
    const Result<StateHeader> header = read_header(*bytes);
    if (header) return bytes;
    why = header.error();
  }
  return why;
}

Result<void> check_build(const StateHeader& header) {
  if (header.format != kStateFormat)
    return Error{
        fmt::format("its state has format {}, this build reads {}", header.format, kStateFormat)};
  if (header.layout.tables != our_layout().tables)
    return Error{"its tables are laid out in another way than this build's"};
  return {};
}

Result<RingPtr> read_ring(const Dataplane& dataplane, uint32_t number, size_t positions,
                          Live& live) {
  if (number == SLUICE_NO_RING) return RingPtr();
  if (const auto it = live.rings.find(number); it != live.rings.end()) return it->second;
  Result<Ring> ring = dataplane.ring(number);
  if (!ring) return ring.error();
  for (const uint32_t slot : *ring)
    if (sluice_slot_current(slot) > positions || sluice_slot_previous(slot) > positions)
      return Error{fmt::format("ring {} names a position that there is not", number)};
  return live.rings.emplace(number, std::make_shared<const Ring>(std::move(*ring))).first->second;
}

// Where slots need a value they have one, and columns by slot are as long as the ring they are of.
Result<void> check_slots(const Slots& s) {
  const SlotCounts counts = count_states(s);
  const size_t slots = s.ring ? s.ring->size() : 0;
  const auto fits = [&](const auto& values, bool are_needed) {
    return (!values.empty() || !are_needed) &&
           (values.each().empty() || values.each().size() == slots);
  };
  if (fits(s.window, counts.window > 0) && fits(s.quiet, counts.tail > 0)) return {};
  return Error{"its slots are not those of its rings"};
}

// What no generation named has no ring, and no flows.
void forget_unpublished(Slots& s) {
  if (!s.ring) s = {};
}

Result<void> fill_rings(const SavedState& saved, const Dataplane& dataplane, Live& live) {
  for (ImageService& s : live.image.services) {
    const RingNumbers& numbers = saved.rings.at(s.name);
    for (const auto& [slots, number] :
         {std::pair{&s.tcp, numbers.tcp}, std::pair{&s.udp, numbers.udp}}) {
      Result<RingPtr> ring = read_ring(dataplane, number, slots->backends.size(), live);
      if (!ring) return ring.error();
      slots->ring = std::move(*ring);
      forget_unpublished(*slots);
      if (Result<void> r = check_slots(*slots); !r) return r;
    }
  }
  return {};
}

// An entry's bytes are the table's; who it is, the state says.
Result<void> fill_members(const Dataplane& dataplane, Live& live) {
  std::set<uint32_t> numbers;
  for (const auto& [key, m] : live.members) numbers.insert(m.index);
  for (const auto& [number, r] : live.retired) numbers.insert(number);
  if (numbers.size() != live.members.size() + live.retired.size() ||
      (!numbers.empty() && *numbers.rbegin() >= dataplane.capacity().members))
    return Error{"its members are not those of its table"};
  for (auto& [key, m] : live.members) {
    m.value = dataplane.member(m.index);
    live.image.members[key] = m.value;
    live.image.members[key].incarnation = live.image.members[key].successor = 0;
  }
  for (auto& [number, r] : live.retired) r.value = dataplane.member(number);
  return {};
}

std::set<uint64_t> ring_numbers(const Live& live) {
  std::set<uint64_t> out;
  for (const auto& [number, ring] : live.rings) out.insert(number);
  return out;
}

Result<Adopted> open(const Pins& pins, uint32_t number) {
  const std::string directory = pins.tables_path(number);
  const TablePins tables(directory);
  const Result<std::vector<uint8_t>> any = any_state(tables);
  if (!any) return any.error();
  const Result<StateHeader> header = read_header(*any);
  if (!header) return header.error();
  if (Result<void> r = check_build(*header); !r) return r.error();
  const Result<SavedState> like = read_state(*any);
  if (!like) return like.error();
  Result<std::unique_ptr<Dataplane>> dataplane = Dataplane::open(directory, like->capacity);
  if (!dataplane) return dataplane.error();
  Result<GenerationBytes> generation = (*dataplane)->generation();
  if (!generation) return generation.error();
  if (generation->size() != sluice_generation_size(like->capacity.shape))
    return Error{"the generation in force has another size than its state says"};
  uint64_t in_force;
  std::memcpy(&in_force, generation->data(), sizeof(in_force));
  const Result<std::vector<uint8_t>> bytes = state_of(tables, in_force);
  if (!bytes) return bytes.error();
  Result<SavedState> saved = read_state(*bytes);
  if (!saved) return saved.error();
  const Result<StateHeader> now = read_header(*bytes);
  if (!now) return now.error();

  Past& past = saved->past;
  past.live.generation = in_force;
  past.live.tables = std::move(*generation);
  if (Result<void> r = fill_members(**dataplane, past.live); !r) return r.error();
  if (Result<void> r = fill_rings(*saved, **dataplane, past.live); !r) return r.error();
  if (Result<void> r =
          (*dataplane)->release_others(ring_numbers(past.live), {past.live.prefix_number});
      !r)
    return r.error();
  (*dataplane)->flows()->end_pause();
  return Adopted{.number = number,
                 .dataplane = std::move(*dataplane),
                 .made = saved->made,
                 .same_programs = now->layout.programs == our_layout().programs,
                 .past = std::move(past),
                 .ledger = Ledger(std::move(saved->ledger))};
}

}  // namespace

Result<std::optional<Adopted>> adopt(const Pins& pins) {
  if (Result<void> r = pins.remove_unfinished(); !r) return r.error();
  const Result<std::vector<uint32_t>> numbers = pins.tables();
  if (!numbers) return numbers.error();
  if (numbers->empty()) return std::optional<Adopted>();
  // The one with the highest number was whole before it got its name.
  Result<Adopted> adopted = open(pins, numbers->back());
  if (!adopted) {
    spdlog::warn("what runs is replaced, and not gone on with: {} ({})", adopted.error().message,
                 pins.tables_path(numbers->back()));
    return std::optional<Adopted>();
  }
  return std::optional<Adopted>(std::move(*adopted));
}

}  // namespace sluice
