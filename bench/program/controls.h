// SPDX-License-Identifier: Apache-2.0
// The programs whose work is known (bpf/bench_controls.bpf.c), loaded.
#pragma once

#include <memory>

#include "base/result.h"

namespace sluice::bench {

class Controls {
 public:
  static Result<Controls> load();
  Controls(Controls&&) noexcept;
  ~Controls();

  // This object's.
  int null_tx() const;
  int encap_only() const;
  int encap_words() const;

 private:
  struct Loaded;
  explicit Controls(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace sluice::bench
