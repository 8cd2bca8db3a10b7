// SPDX-License-Identifier: Apache-2.0
#include "support/mutate.h"

#include <algorithm>

namespace sluice::test {

namespace {

constexpr size_t kMacs = 12, kEthernet = 14;

// Numbers at which parsers stumble.
uint8_t telling_byte(std::mt19937& random) {
  constexpr uint8_t kBytes[] = {0, 1, 4, 5, 6, 8, 17, 40, 43, 44, 51, 58, 60, 0x7f, 0x80, 0xff};
  return random() % 2 ? kBytes[random() % sizeof(kBytes)] : uint8_t(random());
}

// Behind the MAC addresses, most often in the headers.
size_t place(std::mt19937& random, const Bytes& b) {
  const size_t reach = random() % 4 ? std::min<size_t>(b.size(), 80) : b.size();
  return reach <= kMacs ? 0 : kMacs + random() % (reach - kMacs);
}

void mutate_once(Bytes& b, std::mt19937& random) {
  const size_t at = place(random, b);
  const uint8_t byte = telling_byte(random);
  switch (random() % 7) {
    case 0:
      b[at] ^= uint8_t(1u << random() % 8);
      break;
    case 1:
      b[at] = byte;
      break;
    case 2:
      for (size_t i = at; i < std::min(at + 2, b.size()); i++) b[i] = uint8_t(random());
      break;
    case 3:
      b.erase(b.begin() + long(at), b.begin() + long(std::min(b.size(), at + 1 + random() % 12)));
      break;
    case 4:
      b.insert(b.begin() + long(at), 1 + random() % 12, byte);
      break;
    case 5:
      b.resize(std::max(kEthernet, random() % b.size()));
      break;
    case 6:
      b.resize(b.size() + random() % 200, byte);
      break;
  }
  b.resize(std::max(kEthernet, b.size()));
}

void mend_checksum(Bytes& b) {
  if (b.size() < 34 || b[12] != 8 || b[13] != 0) return;
  b[24] = b[25] = 0;
  const size_t header = std::min<size_t>(size_t(b[14] & 0xf) * 4, b.size() - 14);
  const uint16_t sum = internet_checksum(first(from(b, 14), header));
  b[24] = uint8_t(sum >> 8);
  b[25] = uint8_t(sum);
}

}  // namespace

std::vector<Mutant> mutants(const std::vector<Bytes>& originals, uint32_t seed, size_t count) {
  std::mt19937 random(seed);
  std::vector<Mutant> all;
  for (size_t n = 0; n < count; n++) {
    Bytes b = originals[random() % originals.size()];
    for (size_t changes = 1 + random() % 3; changes > 0; changes--) mutate_once(b, random);
    if (random() % 2) mend_checksum(b);
    all.push_back({"seed " + std::to_string(seed) + ", mutant " + std::to_string(n), b});
  }
  return all;
}

}  // namespace sluice::test
