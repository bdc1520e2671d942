/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * http: what its kernel half and its user half share: how answers lie in memory, what is counted.
 *
 * An answer is a head (status line, Date, Connection) and a tail (the other header lines and the body).
 * Heads are the same for all files and are written anew each second; a tail belongs to one file in one
 * encoding and is ready-made, cut into segments, each with its checksum. A tail never changes: a changed
 * file gets a new object, and the path's entry is then pointed to it. An object that nobody points to is
 * used again only after HTTP_GRACE_S, and has another version then, so that no client ever gets bytes of
 * two objects.
 */
#ifndef RINGSIDE_HTTP_H
#define RINGSIDE_HTTP_H

#include <linux/types.h>

/* The payload of a full segment: fits a client behind PPPoE (MSS 1440) with TCP timestamps, by IPv6 over
 * Ethernet too; a multiple of 8. Clients that take less get one-segment answers that fit, if any; of those who take
 * more, an answer of two segments that fits into one packet is sent as one. */
#define HTTP_SEGMENT_BYTES 1424
/* The longest head, "HTTP/1.1 304 Not Modified", Date, "Connection: keep-alive"; and what the first segment
 * then holds of the tail. Even, as all heads are: a sum over the tail does not depend on the head. */
#define HTTP_HEAD_BYTES 88
#define HTTP_FIRST_BYTES (HTTP_SEGMENT_BYTES - HTTP_HEAD_BYTES)
/* What a client takes at once from a connection that has sent nothing yet (RFC 6928's initial window). */
#define HTTP_SEGMENTS_MAX 10
#define HTTP_PATH_BYTES 128 /* longer paths go to the ordinary server */
#define HTTP_PATH_SHORT                                                                            \
	32 /* most paths are not longer: a key that is hashed in a quarter of the time */
#define HTTP_INTERFACES 8
#define HTTP_QUEUES 64
#define HTTP_WINDOW_SCALE 7 /* of the windows that we announce */
/* An object's place is used again when no packet that began with it can still be under way, and no client that
 * has a part of it can still ask for the rest (RFC 6298's longest timer is 60 s). */
#define HTTP_GRACE_S 60

enum http_encoding { HTTP_IDENTITY, HTTP_GZIP, HTTP_BROTLI, HTTP_ZSTD, HTTP_ENCODINGS };

/* Why a request, or a connection, goes to the ordinary server: "misses" by the same word everywhere. */
#define HTTP_REASONS(X)                                                                            \
	X(unknown_path, "no file of that path, or one too long to be answered here")               \
	X(method, "neither GET nor HEAD")                                                          \
	X(malformed, "not the plain form of a request")                                            \
	X(split, "not one whole request in one segment")                                           \
	X(host, "Host is missing, given twice or not plain")                                       \
	X(connection, "a Connection header other than close and keep-alive")                       \
	X(header, "a header that only the ordinary server understands")                            \
	X(range, "part of a file")                                                                 \
	X(body, "a request with a body")                                                           \
	X(condition, "a condition that is not plainly true or false")                              \
	X(encoding, "no variant of the file in an encoding that the client takes")                 \
	X(window, "the answer does not fit into the client's window or segments")                  \
	X(closing, "the client closed its half")

enum http_reason {
	HTTP_PLAIN, /* none: to be answered */
#define HTTP_REASON_ENUM(name, text) HTTP_MISS_##name,
	HTTP_REASONS(HTTP_REASON_ENUM)
#undef HTTP_REASON_ENUM
		HTTP_REASON_COUNT
};

/* What the kernel half counts, besides the books. */
#define HTTP_COUNTERS(X)                                                                           \
	X(hits, "answers", "Requests answered in the kernel half.")                                \
	X(xdp_hits, "answers", "Of these, answered in XDP already.")                               \
	X(not_modified, "answers", "Of these, answered 304 since the client has the file.")        \
	X(handshakes, "packets", "SYNs answered with a cookie.")                                   \
	X(handed_over, "segments", "Segments with which a connection went to the server.")         \
	X(hand_over_failed, "segments", "Segments whose hand-over the kernel refused.")            \
	X(bad_cookies, "segments", "Segments of no known connection and without a valid cookie.")  \
	X(retransmissions, "segments", "Segments of answers that were sent again.")                \
	X(absorbed, "packets", "Acknowledgements that needed no answer.")                          \
	X(closed, "connections", "Connections closed in order.")                                   \
	X(reset, "connections", "Connections that the client reset.")                              \
	X(sent_bytes, "bytes", "Bytes of answers, heads included, without retransmissions.")       \
	X(server_packets, "packets", "Packets of connections that the ordinary server has.")       \
	X(no_listener, "packets", "Packets to the port while nobody listens on it.")

enum http_counter {
#define HTTP_COUNTER_ENUM(name, unit, help) HTTP_##name,
	HTTP_COUNTERS(HTTP_COUNTER_ENUM)
#undef HTTP_COUNTER_ENUM
		HTTP_COUNTER_COUNT
};

/* How a head ends. */
enum http_head_kind {
	HTTP_HEAD_STAYS, /* "Connection: keep-alive", which HTTP/1.0 waits for */
	HTTP_HEAD_CLOSES,
	HTTP_HEAD_BARE, /* without it, as HTTP/1.1 may */
	HTTP_HEAD_KINDS = 4, /* a power of two, bounded by a mask */
};

/* What is timed: from the request at the hook to its answer, 1 in HTTP_TIMED; from the SYN to the first answer,
 * of clients with timestamps, to the microsecond. */
enum http_latency { HTTP_FROM_GET, HTTP_FROM_SYN, HTTP_LATENCIES };
#define HTTP_TIMED 64

/* One CPU's counters. */
struct http_counts {
	__u64 counter[HTTP_COUNTER_COUNT];
	__u64 miss[16]; /* by enum http_reason; a power of two, bounded by a mask */
	__u64 wanted; /* chooses the samples of packets whose sources are judged, GRO's as one: access_is_sample() */
};

_Static_assert(HTTP_REASON_COUNT <= 16, "every reason has a counter");

struct http_head {
	__u16 bytes; /* even */
	__u16 sum; /* folded, not complemented */
	__u8 text[92];
};

_Static_assert(sizeof(struct http_head) == 96, "layout");

struct http_segment {
	__u16 bytes;
	__u16 sum; /* over the text; folded, not complemented */
	__u32 pad; /* elements of a mapped table are multiples of 8 bytes */
	__u8 text[HTTP_SEGMENT_BYTES];
};

_Static_assert(sizeof(struct http_segment) == 8 + HTTP_SEGMENT_BYTES, "layout");

#define HTTP_ETAG_BYTES 48
#define HTTP_TIME_BYTES 32 /* "Sun, 06 Nov 1994 08:49:37 GMT" and zeros */
#define HTTP_NOT_MODIFIED_BYTES 600

/* One file in one encoding. Object 0 is none. */
struct http_object {
	__u32 version; /* of what is in this place */
	__u32 first; /* its first segment; the others follow */
	__u32 bytes; /* of the tail */
	__u16 segments;
	__u16 header_bytes; /* of the tail: what HEAD is answered with */
	__u16 header_sum;
	__u16 not_modified_bytes, not_modified_sum;
	__u8 has_variants; /* the answer depends on Accept-Encoding */
	__u8 is_bare; /* no line that a client does without; nor has its head one */
	__u8 etag[HTTP_ETAG_BYTES]; /* with its quotes; zeros behind */
	__u8 modified[HTTP_TIME_BYTES];
	__u8 not_modified[HTTP_NOT_MODIFIED_BYTES]; /* the tail of a 304 */
};

_Static_assert(sizeof(struct http_object) == 24 + 48 + 32 + 600, "layout");
_Static_assert(sizeof(struct http_object) % 8 == 0, "as it lies in a mapped table");

/* A path's objects, by encoding; each is written in one store. */
struct http_entry {
	__u32 object[HTTP_ENCODINGS];
};

/* An interface that the service is on. */
struct http_interface {
	__u32 index; /* 0: none here */
	__u32 mss; /* to announce, for IPv4; 20 less for IPv6 */
	__u8 timestamps, sack, window_scaling; /* as its namespace's sysctls have them */
	__u8 counts_all; /* 1: no XDP program of ours counts the interface's frames */
	__u8 in_xdp; /* 1: XDP answers what it can */
	__u8 redirects; /* 1: not by XDP_TX, which this driver's far end may not take */
	__u8 mac[6]; /* whose frames are ours in XDP */
	__u32 room; /* enum http_room, written by the kernel half when it is HTTP_ROOM_UNKNOWN */
};

/* For how long an answer a frame can grow in XDP. */
enum http_room {
	HTTP_ROOM_ANY, /* each frame is tried */
	HTTP_ROOM_UNKNOWN, /* the first SYN will tell */
	HTTP_ROOM_SEGMENT, /* a whole segment */
	HTTP_ROOM_NONE, /* less: all is left to TC */
};

/* What the user half changes while packets flow. */
struct http_state {
	__u64 key[2][2]; /* of the cookies; the one that is not in use is replaced, then used */
	__u32 key_now; /* 0 or 1 */
	__u32 head_now; /* 0 or 1 */
	__u32 clock_offset; /* added to the clock of our timestamps, so that it tells nobody our uptime */
	__u32 source_every; /* of the packets whose sources are judged, so many are one sample: a power of two */
	__u64 mark; /* of frames that [access] was asked for in XDP; random, so that nobody brings it along */
	struct http_interface interface[HTTP_INTERFACES];
	struct http_head head[2][2][HTTP_HEAD_KINDS]; /* [head_now][200, 304] */
};

/* What the program takes for its own; a reload changes it while packets flow. */
struct http_rule {
	__u16 port; /* host byte order */
	__u8 pad[2];
	__u32 addresses; /* what an entry of the table must have in `wanted`; 0: all addresses are answered */
};

_Static_assert(sizeof(struct http_rule) == 8, "layout");

struct http_address {
	__u8 byte[16]; /* IPv4: ::ffff:a.b.c.d */
};

/* What taps want of the hooks: targets of tap.h, for the service in this slot. */
struct http_tap_rule {
	__u32 targets, slot;
};

#endif
