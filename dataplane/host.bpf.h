// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What stages can do in the host's kernel, at whatever hook: every table, and work on a packet of
// any length. device.bpf.h is the other choice.
#pragma once

// A global function is looked at by the verifier once, by itself, and not once for each of the
// paths that lead there.
#define VERIFIED_ALONE __attribute__((noinline))

#include "table/nested.bpf.h"
#include "stage/flow.bpf.h"
#include "stage/chain.bpf.h"
#include "stage/sum.bpf.h"
#include "stage/reply.bpf.h"
#include "stage/reset.bpf.h"
#include "stage/outer_checksum.bpf.h"
