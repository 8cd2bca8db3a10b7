// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A cursor walks a packet once, front to back; packet bytes are reached through it only.
#pragma once

#include <stddef.h>
#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

struct cursor {
	void *pos;
	void *end;
};

// The next `len` bytes, or NULL if the packet ends before. Moves only on success. `len` is a
// constant or has bounds the verifier knows.
static __always_inline void *take(struct cursor *c, __u32 len)
{
	void *p = c->pos;

	if (p + len > c->end)
		return NULL;
	c->pos = p + len;
	return p;
}

#define take_hdr(c, type) ((struct type *)take(c, sizeof(struct type)))
