// SPDX-License-Identifier: Apache-2.0
// Owns a shared memory mapping of a BPF_F_MMAPABLE map's values.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/result.h"

namespace sluice {

class Mapping {
 public:
  Mapping() = default;
  // `bytes` of values, rounded up to whole pages.
  static Result<Mapping> of_map(int map_fd, size_t bytes) {
    const size_t page = size_t(::sysconf(_SC_PAGESIZE));
    const size_t size = (bytes + page - 1) / page * page;
    void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
    if (at == MAP_FAILED) return errno_error("map the values of a BPF array into memory");
    return Mapping(at, size);
  }
  Mapping(Mapping&& other) noexcept
      : at_(std::exchange(other.at_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(at_, other.at_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Mapping() {
    if (at_) ::munmap(at_, size_);
  }

  uint8_t* data() const { return static_cast<uint8_t*>(at_); }

 private:
  Mapping(void* at, size_t size) : at_(at), size_(size) {}
  void* at_ = nullptr;
  size_t size_ = 0;
};

}  // namespace sluice
