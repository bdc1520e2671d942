// SPDX-License-Identifier: BSD-2-Clause
/* /metrics: OpenMetrics when it is asked for, else the older text, which everything reads. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "control/server.h"
#include "export/export.h"

/* Whether an Accept header (RFC 9110 §12.5.1) has OpenMetrics with a weight above 0. */
static bool wants_open(const char *accept)
{
	static const char type[] = "application/openmetrics-text";

	while (accept) {
		size_t length = strcspn(accept, ",");
		const char *weight;

		accept += strspn(accept, " \t");
		weight = strcasestr(accept, "q=");
		if (!strncasecmp(accept, type, sizeof(type) - 1) &&
			!(weight && weight < accept + length && strtod(weight + 2, NULL) <= 0))
			return true;
		accept = strchr(accept, ',');
		accept += accept != NULL;
	}
	return false;
}

enum MHD_Result metrics_answer(struct request *request)
{
	struct control *control = request->control;
	const struct snapshot *snapshot = samples_newest(&control->samples, &control->ops);
	bool open = wants_open(MHD_lookup_connection_value(
		request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	size_t size = export_openmetrics(snapshot, open, NULL, 0);
	char *text = malloc(size + 1);
	enum MHD_Result result;

	if (!text)
		return MHD_NO;
	export_openmetrics(snapshot, open, text, size + 1);
	result = reply_bytes(request, MHD_HTTP_OK,
		open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		     : "text/plain; version=0.0.4; charset=utf-8",
		text, size);
	free(text);
	return result;
}
