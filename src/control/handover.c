// SPDX-License-Identifier: BSD-2-Clause
/* Connections that leave HTTP: what follows 101 belongs to somebody else, with the socket. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "control/server.h"

/* What survives the request until the answer 101 has been sent. */
struct handing {
	const struct control_handover *to;
	struct control_peer peer;
	char name[64];
};

const struct control_handover *handover_find(struct request *request, const char *path)
{
	const struct control_settings *settings = &request->control->settings;

	for (unsigned i = 0; i < settings->handovers_count; i++) {
		const struct control_handover *handover = &settings->handovers[i];
		size_t prefix = strlen(handover->prefix);
		const char *name = path + prefix + 1;

		if (strncmp(path, handover->prefix, prefix) != 0 || path[prefix] != '/' || !*name ||
			strlen(name) >= sizeof(request->name) || strchr(name, '/'))
			continue;
		strcpy(request->name, name);
		return handover;
	}
	return NULL;
}

static void hand_over(void *context, struct MHD_Connection *connection, void *request,
	const char *extra, size_t extra_size, MHD_socket socket,
	struct MHD_UpgradeResponseHandle *handle)
{
	struct handing *handing = context;
	int fd = extra_size ? -1 : fcntl(socket, F_DUPFD_CLOEXEC, 0);

	(void)connection;
	(void)request;
	(void)extra; /* who doesn't wait for the 101 is cut off */
	if (fd >= 0)
		handing->to->take(handing->to->context, handing->name, &handing->peer, fd);
	free(handing);
	MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE); /* its own descriptor */
}

static bool asks_for(const struct request *request, const char *protocol)
{
	const char *asked = MHD_lookup_connection_value(
		request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_UPGRADE);

	return asked && !strcasecmp(asked, protocol);
}

static unsigned status_of(int code)
{
	switch (-code) {
	case ENOENT:
		return MHD_HTTP_NOT_FOUND;
	case EACCES:
	case EPERM:
		return MHD_HTTP_FORBIDDEN;
	case EOPNOTSUPP:
		return MHD_HTTP_NOT_IMPLEMENTED;
	case EBUSY:
	case EAGAIN:
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	default:
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
}

static enum MHD_Result answer_switching(
	struct request *request, const struct control_handover *handover)
{
	struct handing *handing = malloc(sizeof(*handing));
	struct MHD_Response *response =
		handing ? MHD_create_response_for_upgrade(hand_over, handing) : NULL;
	enum MHD_Result result;

	if (!response) {
		free(handing);
		return MHD_NO;
	}
	handing->to = handover;
	handing->peer = request->client->peer;
	memcpy(handing->name, request->name, sizeof(handing->name));
	MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, handover->protocol);
	result = MHD_queue_response(request->connection, MHD_HTTP_SWITCHING_PROTOCOLS, response);
	MHD_destroy_response(response);
	if (result == MHD_NO)
		free(handing);
	return result;
}

enum MHD_Result handover_answer(struct request *request, const struct control_handover *handover)
{
	const struct control_peer *peer = &request->client->peer;
	struct err err = { "" };
	int code;

	if (!peer->local)
		return reply_error(request, MHD_HTTP_FORBIDDEN,
			"%s is on the control socket only: descriptors do not travel over TCP",
			handover->prefix);
	if (!asks_for(request, handover->protocol))
		return reply_error_with(request, MHD_HTTP_UPGRADE_REQUIRED, MHD_HTTP_HEADER_UPGRADE,
			handover->protocol,
			"%s needs the headers Connection: Upgrade and Upgrade: %s",
			handover->prefix, handover->protocol);
	code = handover->judge(handover->context, request->name, peer, &err);
	if (code)
		return reply_error(request, status_of(code), "%s", err.text);
	return answer_switching(request, handover);
}
