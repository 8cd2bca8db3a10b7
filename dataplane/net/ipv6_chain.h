// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Walks IPv6 extension headers (RFC 8200, 4) to the upper-layer header.
#pragma once

#include <linux/in.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include "net/cursor.h"

enum {
	IPV6_MAX_EXTENSIONS = 8, // headers; a packet with more is refused
	IPV6_FRAGMENT_MORE = 1,
	IPV6_FRAGMENT_OFFSET = 0xfff8,
	IPV6_ROUTING_TYPE0 = 0, // RFC 5095: forbidden
};

struct ipv6_extension {
	__u8 next;
	__u8 length; // in units of its type, beyond the first
	__u8 routing_type;
	__u8 segments_left;
};

struct ipv6_fragment {
	__u8 next;
	__u8 reserved;
	__be16 offset; // in bytes, and two flag bits
	__be32 id;
};

struct ipv6_chain {
	__u8 proto;	  // the upper-layer protocol, or what a later fragment says comes first
	_Bool fragmented; // there was a fragment header
	__be16 offset;	  // of the fragment header
	__be32 id;
	__u32 len; // bytes of all extension headers
};

static __always_inline _Bool is_ipv6_extension(__u8 proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS ||
	       proto == IPPROTO_AH || proto == IPPROTO_FRAGMENT;
}

// Bytes of the extension header `proto`; an authentication header counts in words (RFC 4302, 2.2).
static __always_inline __u32 ipv6_extension_len(__u8 proto, __u8 length)
{
	switch (proto) {
	case IPPROTO_FRAGMENT:
		return sizeof(struct ipv6_fragment);
	case IPPROTO_AH:
		return (length + 2u) * 4;
	default:
		return (length + 1u) * 8;
	}
}

// Takes one extension header into account. False if it is malformed or forbidden where it stands.
static __always_inline _Bool walk_ipv6_extension(struct ipv6_chain *chain, struct cursor *c,
						 _Bool first)
{
	const struct ipv6_extension *e = c->pos;
	const struct ipv6_fragment *f = take_hdr(c, ipv6_fragment);

	if (!f)
		return 0; // no extension header is shorter
	if (chain->proto == IPPROTO_HOPOPTS && !first)
		return 0;
	if (chain->proto == IPPROTO_ROUTING && e->routing_type == IPV6_ROUTING_TYPE0)
		return 0;
	if (!take(c, ipv6_extension_len(chain->proto, e->length) - sizeof(*f)))
		return 0;
	if (chain->proto == IPPROTO_FRAGMENT) {
		if (chain->fragmented)
			return 0;
		chain->fragmented = 1;
		chain->offset = f->offset;
		chain->id = f->id;
	}
	chain->proto = e->next;
	return 1;
}

// Is this the chain of a fragment that is not its datagram's first? What follows is payload.
static __always_inline _Bool is_later_fragment(const struct ipv6_chain *chain)
{
	return chain->fragmented && chain->offset & bpf_htons(IPV6_FRAGMENT_OFFSET);
}

// Follows the chain that begins at `c` with chain->proto, up to the upper-layer header, or to the
// payload of a later fragment. False if it is malformed, forbidden or too long.
static __always_inline _Bool walk_ipv6(struct ipv6_chain *chain, struct cursor *c)
{
	const void *start = c->pos;

	for (int i = 0; i < IPV6_MAX_EXTENSIONS; i++) {
		if (!is_ipv6_extension(chain->proto) || is_later_fragment(chain))
			break;
		if (!walk_ipv6_extension(chain, c, i == 0))
			return 0;
	}
	chain->len = c->pos - start;
	return !is_ipv6_extension(chain->proto) || is_later_fragment(chain);
}
