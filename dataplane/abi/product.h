// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The low 64 bits of the product of two 64-bit numbers, which hashes are made of. A program for a
// machine that multiplies 32 bits only brings a sluice_product() of its own (product_by_words.h).
#pragma once

#include <linux/types.h>

#ifndef sluice_product
#define sluice_product(a, b) ((__u64)(a) * (__u64)(b))
#endif
