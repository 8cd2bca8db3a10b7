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

Result<RingPtr> read_ring(const TablePins& tables, uint32_t number, size_t positions, Live& live) {
  if (number == SLUICE_NO_RING) return RingPtr();
  if (const auto it = live.rings.find(number); it != live.rings.end()) return it->second;
  Result<Ring> ring = pinned_ring(tables, number, live.image.ring_size);
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

Result<void> fill_rings(const SavedState& saved, const TablePins& tables, Live& live) {
  for (ImageService& s : live.image.services) {
    const RingNumbers& numbers = saved.rings.at(s.name);
    for (const auto& [slots, number] :
         {std::pair{&s.tcp, numbers.tcp}, std::pair{&s.udp, numbers.udp}}) {
      Result<RingPtr> ring = read_ring(tables, number, slots->backends.size(), live);
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

// What is pinned in one directory of tables, and what is said of it there.
struct Left {
  uint32_t number;
  TablePins tables;
  std::string directory() const { return tables.directory(); }
};

// The state of the generation in force.
Result<SavedState> state_in_force(const Left& left, uint64_t generation, StateHeader& header) {
  const Result<std::vector<uint8_t>> bytes = state_of(left.tables, generation);
  if (!bytes) return bytes.error();
  const Result<StateHeader> now = read_header(*bytes);
  if (!now) return now.error();
  header = *now;
  Result<SavedState> saved = read_state(*bytes);
  if (saved) saved->past.live.generation = generation;
  return saved;
}

// Tables of this build's layout.
Result<Adopted> open_whole(const Left& left, const Capacity& capacity) {
  Result<std::unique_ptr<Dataplane>> dataplane = Dataplane::open(left.directory(), capacity);
  if (!dataplane) return dataplane.error();
  Result<GenerationBytes> generation = (*dataplane)->generation();
  if (!generation) return generation.error();
  if (generation->size() != sluice_generation_size(capacity.shape))
    return Error{"the generation in force has another size than its state says"};
  uint64_t in_force;
  std::memcpy(&in_force, generation->data(), sizeof(in_force));
  StateHeader header;
  Result<SavedState> saved = state_in_force(left, in_force, header);
  if (!saved) return saved.error();

  Past& past = saved->past;
  past.live.tables = std::move(*generation);
  if (Result<void> r = fill_members(**dataplane, past.live); !r) return r.error();
  if (Result<void> r = fill_rings(*saved, left.tables, past.live); !r) return r.error();
  if (Result<void> r =
          (*dataplane)->release_others(ring_numbers(past.live), {past.live.prefix_number});
      !r)
    return r.error();
  (*dataplane)->flows()->end_pause();
  (*dataplane)->made_as(hash_key_from_seed(saved->made.seed), saved->made.features);
  return Adopted{.number = left.number,
                 .dataplane = std::move(*dataplane),
                 .flows = std::nullopt,
                 .made = saved->made,
                 .same_programs = header.layout.programs == our_layout().programs,
                 .past = std::move(past),
                 .ledger = Ledger(std::move(saved->ledger))};
}

// Tables of another layout, but for those of flows: who has which flows, the state and the rings
// tell.
Result<Adopted> open_flows(const Left& left) {
  const Result<PinnedGeneration> in_force = generation_in_force(left.tables);
  if (!in_force) return in_force.error();
  StateHeader header;
  Result<SavedState> saved = state_in_force(left, in_force->number, header);
  if (!saved) return saved.error();
  if (Result<void> r = fill_rings(*saved, left.tables, saved->past.live); !r) return r.error();
  Result<Objects> flows = Objects::open_flows(left.directory());
  if (!flows) return flows.error();
  Result<FlowTables> tables = FlowTables::open(*flows);
  if (!tables) return tables.error();
  tables->end_pause();
  return Adopted{.number = left.number,
                 .dataplane = nullptr,
                 .flows = std::move(*flows),
                 .made = saved->made,
                 .same_programs = false,
                 .past = std::move(saved->past),
                 .ledger = Ledger(std::move(saved->ledger))};
}

Result<Adopted> open(const Pins& pins, uint32_t number) {
  const Left left = {number, TablePins(pins.tables_path(number))};
  const Result<std::vector<uint8_t>> any = any_state(left.tables);
  if (!any) return any.error();
  const Result<StateHeader> header = read_header(*any);
  if (!header) return header.error();
  if (header->format != kStateFormat)
    return Error{
        fmt::format("its state has format {}, this build reads {}", header->format, kStateFormat)};
  if (header->layout.tables == our_layout().tables) {
    const Result<SavedState> like = read_state(*any);
    return like ? open_whole(left, like->capacity) : like.error();
  }
  if (header->layout.flows == our_layout().flows) return open_flows(left);
  return Error{
      "its tables, those of flows among them, are laid out in another way than this build's"};
}

// Of what cannot be read: is it by the moment, as without memory or rights, or is it what it is?
// The calls that look into an object of another kind, or that lack one, fail with these.
bool is_of_the_moment(const Error& error) {
  constexpr int kNotSupported = 524;  // ENOTSUPP of the kernel, which has no name here
  switch (error.code) {
    case 0:
    case EBADF:
    case EINVAL:
    case ENODEV:
    case ENOENT:
    case ENOTDIR:
    case EOPNOTSUPP:
    case kNotSupported:
      return false;
    default:
      return true;
  }
}

}  // namespace

Result<std::optional<Adopted>> adopt(const Pins& pins) {
  if (Result<void> r = pins.remove_unfinished(); !r) return r.error();
  const Result<std::vector<uint32_t>> numbers = pins.tables();
  if (!numbers) return numbers.error();
  if (numbers->empty()) return std::optional<Adopted>();
  // The one with the highest number was whole before it got its name.
  Result<Adopted> adopted = open(pins, numbers->back());
  if (!adopted && is_of_the_moment(adopted.error()))
    return Error{
        "what an earlier sluiced left running cannot be gone on with now, and serves on: " +
            adopted.error().message,
        adopted.error().code};
  if (!adopted) {
    spdlog::warn("what runs is replaced, and not gone on with: {} ({})", adopted.error().message,
                 pins.tables_path(numbers->back()));
    return std::optional<Adopted>();
  }
  return std::optional<Adopted>(std::move(*adopted));
}

}  // namespace sluice
