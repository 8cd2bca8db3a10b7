// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What a numbered packet carries, and what is written down of its arrival.
#pragma once

#include <linux/types.h>

#define NUMBERED_MAGIC 0x6c756963u

// The last bytes of the packet, so that they are found behind any outer header.
struct numbered_tail {
	__u64 number;
	__u32 stream;
	__u32 magic; // NUMBERED_MAGIC
};

// How a packet may arrive. Addresses as everywhere: IPv4 as ::ffff:a.b.c.d.
struct numbered_way {
	__u8 to[16]; // of the outermost header
	__u32 stream;
	__u32 protocol; // the one that follows the outermost IP header
};

// A record, one for each number: how often it arrived, and above that a bit for each mark.
#define NUMBERED_MARK_BIT(mark) (1ull << (32 + (mark)))

enum {
	NUMBERED_STRAY = 0, // the mark of a way that nobody has named
	NUMBERED_MARKS = 32,
};
