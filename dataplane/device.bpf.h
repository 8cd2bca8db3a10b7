// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What stages can do in a network device: plain arrays, 32-bit products, and little else.
// host.bpf.h is the other choice.
#pragma once

// There are no functions: all is one.
#define VERIFIED_ALONE static __always_inline

#include "abi/product_by_words.h"
#include "table/flat.bpf.h"
#include "stage/left_out.bpf.h"
