// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Everything that is counted about flow tables: the only list there is.
// Append only: the position is the index of the counter.
#pragma once

#define SLUICE_FLOW_EVENTS(X)                                                             \
	X(RECORDED, "a new TCP flow was remembered in flows_new")                         \
	X(REFUSED_QUOTA, "a new TCP flow was not: too many half-open ones")               \
	X(REFUSED_FULL, "a new TCP flow was not: flows_new is full")                      \
	X(ADOPTED, "an older flow's first packet was noted in the doorkeeper")            \
	X(PROMOTED, "an older flow's second packet took it from there to flows_adopted")  \
	X(LOST, "a flow's backend is gone: its entry was deleted and it was hashed anew") \
	X(REOPENED, "a SYN on an entry that was over deleted it")                         \
	X(FORGOTTEN_NEW, "an entry of flows_new was deleted")                             \
	X(FORGOTTEN_ADOPTED, "an entry of flows_adopted was deleted")                     \
	X(FORGOTTEN_DOORKEEPER, "an entry of the doorkeeper was deleted")

enum sluice_flow_event {
#define X(name, text) SLUICE_FLOW_##name,
	SLUICE_FLOW_EVENTS(X)
#undef X
	    SLUICE_FLOW_EVENT_COUNT
};
