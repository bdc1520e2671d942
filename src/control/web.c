// SPDX-License-Identifier: BSD-2-Clause
/* The web page: files that are in the program (web_files.S), under a policy that lets a browser load nothing else. */
#include <string.h>

#include "control/server.h"
#include "export/writer.h"

#define POLICY                                                                                     \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "                \
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"

#define FILES(X)                                                                                   \
	X("/", index_html, HTML)                                                                   \
	X("/page.css", page_css, CSS)                                                              \
	X("/page.js", page_js, SCRIPT)                                                             \
	X("/views.js", views_js, SCRIPT)                                                           \
	X("/controls.js", controls_js, SCRIPT)                                                     \
	X("/charts.js", charts_js, SCRIPT)                                                         \
	X("/tables.js", tables_js, SCRIPT)                                                         \
	X("/format.js", format_js, SCRIPT)                                                         \
	X("/icon.svg", icon_svg, "image/svg+xml")                                                  \
	X("/uPlot.iife.min.js", uplot_js, SCRIPT)                                                  \
	X("/uPlot.min.css", uplot_css, CSS)

#define DECLARE(path, symbol, type) extern const char web_##symbol[], web_##symbol##_end[];
FILES(DECLARE)
#undef DECLARE

static const struct web_file {
	const char *path, *begin, *end, *type;
} files[] = {
#define ROW(path, symbol, type) { path, web_##symbol, web_##symbol##_end, type },
	FILES(ROW)
#undef ROW
};

const struct web_file *web_find(const char *path)
{
	for (unsigned i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (!strcmp(files[i].path, path))
			return &files[i];
	return NULL;
}

enum MHD_Result web_answer(struct request *request, const struct web_file *file)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer((size_t)(file->end - file->begin),
			(void *)(uintptr_t)file->begin, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	reply_headers(response, file->type);
	MHD_add_response_header(response, "Content-Security-Policy", POLICY);
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	result = MHD_queue_response(request->connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

static void put_text(struct writer *writer, const char *key, const char *text)
{
	writer_quoted(writer, key);
	writer_text(writer, ": ");
	writer_quoted(writer, text ? text : "");
}

enum MHD_Result reasons_answer(struct request *request)
{
	char json[8192];
	struct writer writer;

	writer_init(&writer, json, sizeof(json));
	for (unsigned i = 0; i < DROPS; i++) {
		writer_text(&writer, i ? ", " : "{");
		writer_quoted(&writer, drop_names[i]);
		writer_text(&writer, ": {");
		put_text(&writer, "meaning", drop_texts[i].meaning);
		writer_text(&writer, ", ");
		put_text(&writer, "advice", drop_texts[i].advice);
		writer_text(&writer, "}");
	}
	writer_text(&writer, "}\n");
	if (writer.length >= sizeof(json))
		return reply_error(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "too many reasons");
	return reply_bytes(request, MHD_HTTP_OK, "application/json", json, writer.length);
}
