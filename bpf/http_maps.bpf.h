/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel half of http keeps: maps, and one CPU's room to work in. */
#ifndef RINGSIDE_HTTP_MAPS_BPF_H
#define RINGSIDE_HTTP_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "address.h"
#include "http_request.h"
#include "http_tcp.h"
#include "verdict.h"

#ifndef TAPPED
#define TAPPED 0
#endif

struct http_rule rule SEC(".data.rule") = { 0 };
struct http_state state SEC(".data.state") = { 0 };

/* A path has its key for ever, so that no element of these is used again while somebody reads it. Sizes are
 * set when the program is loaded. */
struct http_short_path {
	__u8 text[HTTP_PATH_SHORT];
};
struct http_long_path {
	__u8 text[HTTP_PATH_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct http_short_path);
	__type(value, __u32); /* the entry */
} short_paths SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct http_long_path);
	__type(value, __u32);
} long_paths SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct http_entry);
} entries SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct http_object);
} objects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct http_segment);
} segments SEC(".maps");

struct address addresses[ADDRESS_TABLE] SEC(".data.addresses") = { 0 };

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct http_flow_key);
	__type(value, struct http_flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct http_counts);
} counts SEC(".maps");

/* Answers by entry, a CPU each. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} entry_hits SEC(".maps");

/* By interface and queue. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HTTP_INTERFACES *HTTP_QUEUES);
	__type(key, __u32);
	__type(value, struct hook_books);
} books SEC(".maps");

/* bpf_csum_diff() takes 512 bytes at most; four of these reach from the furthest TCP header to the end of the
 * longest frame that is read, and stay in the buffer. */
#define HTTP_SUM_BYTES 480
#define HTTP_FRAME_MOST (4 * HTTP_SUM_BYTES)

struct http_work {
	struct http_tcp tcp;
	struct http_flow_key key;
	struct http_request request;
	struct http_accept accept;
	struct http_flow fresh;
	struct http_long_path path;
	__u8 wanted[64]; /* the client's condition, zeros behind */
	__u32 interface; /* index into state.interface */
	__u32 cut; /* 1: the frame is longer than HTTP_FRAME_MOST */
	__u32 made_bytes; /* of the frame that was made last */
	__u32 copies, copies_bytes; /* frames that were sent before it */
	__u8 header[104]; /* of the answer: Ethernet with a tag, IP, TCP; 98 at most */
	__u8 buffer[HTTP_BUFFER_ROOM];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct http_work);
} works SEC(".maps");

static __always_inline const struct http_interface *http_place(const struct http_work *w)
{
	return &state.interface[w->interface & (HTTP_INTERFACES - 1)];
}

#endif
