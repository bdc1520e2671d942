// SPDX-License-Identifier: BSD-2-Clause
/*
 * /api/v1/stream: server-sent events (HTML Living Standard §9.2), the snapshot as one event a second. It
 * is written once for all listeners. One who has not taken the last event yet does not get the next one,
 * so a slow one lags by at most one event and costs no memory.
 */
#include <stdlib.h>
#include <string.h>

#include "control/server.h"

/* An event, shared by all who have still to take it. */
struct event {
	unsigned users;
	size_t size;
	char text[];
};

struct stream {
	struct stream *next, **link; /* in the server's list */
	struct control *control;
	struct MHD_Connection *connection;
	struct event *event; /* being taken; NULL: waits for the next one */
	size_t taken;
	bool suspended, ended;
};

static void put_event(struct event *event)
{
	if (event && !--event->users)
		free(event);
}

static struct event *make_event(struct control *control)
{
	static const char head[] = "data: ",
			  tail[] = "\n"; /* behind the snapshot's own line feed */
	size_t size = samples_json(&control->samples, &control->ops);
	size_t whole = sizeof(head) - 1 + size + sizeof(tail) - 1;
	struct event *event = size ? malloc(sizeof(*event) + whole) : NULL;

	if (!event)
		return NULL;
	event->users = 1;
	event->size = whole;
	memcpy(event->text, head, sizeof(head) - 1);
	memcpy(event->text + sizeof(head) - 1, control->samples.text, size);
	memcpy(event->text + sizeof(head) - 1 + size, tail, sizeof(tail) - 1);
	return event;
}

static void resume(struct stream *stream)
{
	if (stream->suspended)
		MHD_resume_connection(stream->connection);
	stream->suspended = false;
}

void stream_tick(struct control *control)
{
	struct event *event = control->streams ? make_event(control) : NULL;

	for (struct stream *stream = control->streams; event && stream; stream = stream->next) {
		if (stream->event)
			continue;
		event->users++;
		stream->event = event;
		stream->taken = 0;
		resume(stream);
	}
	put_event(event);
}

void stream_end_all(struct control *control)
{
	for (struct stream *stream = control->streams; stream; stream = stream->next) {
		stream->ended = true;
		resume(stream);
	}
}

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t max)
{
	struct stream *stream = context;
	size_t size;

	(void)position;
	if (stream->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!stream->event) {
		stream->suspended = true;
		MHD_suspend_connection(stream->connection);
		return 0;
	}
	size = stream->event->size - stream->taken;
	if (size > max)
		size = max;
	memcpy(buffer, stream->event->text + stream->taken, size);
	stream->taken += size;
	if (stream->taken == stream->event->size) {
		put_event(stream->event);
		stream->event = NULL;
	}
	return (ssize_t)size;
}

static void free_stream(void *context)
{
	struct stream *stream = context;

	put_event(stream->event);
	*stream->link = stream->next;
	if (stream->next)
		stream->next->link = stream->link;
	stream->control->streams_count--;
	free(stream);
}

static struct stream *add_stream(struct request *request)
{
	struct control *control = request->control;
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->control = control;
	stream->connection = request->connection;
	stream->event = make_event(control); /* the first one at once */
	stream->next = control->streams;
	stream->link = &control->streams;
	if (stream->next)
		stream->next->link = &stream->next;
	control->streams = stream;
	control->streams_count++;
	return stream;
}

enum MHD_Result stream_answer(struct request *request)
{
	struct MHD_Response *response;
	struct stream *stream;
	enum MHD_Result result;

	if (request->control->streams_count >= STREAMS)
		return reply_error(request, MHD_HTTP_SERVICE_UNAVAILABLE,
			"there are %d streams already", STREAMS);
	stream = add_stream(request);
	if (!stream)
		return MHD_NO;
	response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, 16 * 1024, read_stream, stream, free_stream);
	if (!response) {
		free_stream(stream);
		return MHD_NO;
	}
	reply_headers(response, "text/event-stream");
	result = MHD_queue_response(request->connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	request->client->deadline_ns = 0; /* it ends when the client goes, or takes nothing */
	return result;
}
