// SPDX-License-Identifier: BSD-2-Clause
#include "service/http_mime.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What nginx 1.22 says of these (its mime.types), since it may be the one who answers the next request for the
 * same file; and what it does not know: csv, mjs, webmanifest (IANA's registry). In alphabetical order. */
static const struct mime {
	const char *suffix, *type;
} types[] = {
	{ "7z", "application/x-7z-compressed" },
	{ "atom", "application/atom+xml" },
	{ "avi", "video/x-msvideo" },
	{ "avif", "image/avif" },
	{ "bmp", "image/x-ms-bmp" },
	{ "css", "text/css" },
	{ "csv", "text/csv" },
	{ "doc", "application/msword" },
	{ "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
	{ "eot", "application/vnd.ms-fontobject" },
	{ "flv", "video/x-flv" },
	{ "gif", "image/gif" },
	{ "htm", "text/html" },
	{ "html", "text/html" },
	{ "ico", "image/x-icon" },
	{ "jar", "application/java-archive" },
	{ "jpeg", "image/jpeg" },
	{ "jpg", "image/jpeg" },
	{ "js", "application/javascript" },
	{ "json", "application/json" },
	{ "kml", "application/vnd.google-earth.kml+xml" },
	{ "m3u8", "application/vnd.apple.mpegurl" },
	{ "m4a", "audio/x-m4a" },
	{ "m4v", "video/x-m4v" },
	{ "mid", "audio/midi" },
	{ "mjs", "application/javascript" },
	{ "mml", "text/mathml" },
	{ "mov", "video/quicktime" },
	{ "mp3", "audio/mpeg" },
	{ "mp4", "video/mp4" },
	{ "mpeg", "video/mpeg" },
	{ "mpg", "video/mpeg" },
	{ "ogg", "audio/ogg" },
	{ "pdf", "application/pdf" },
	{ "png", "image/png" },
	{ "ppt", "application/vnd.ms-powerpoint" },
	{ "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
	{ "ps", "application/postscript" },
	{ "rar", "application/x-rar-compressed" },
	{ "rss", "application/rss+xml" },
	{ "rtf", "application/rtf" },
	{ "shtml", "text/html" },
	{ "svg", "image/svg+xml" },
	{ "svgz", "image/svg+xml" },
	{ "swf", "application/x-shockwave-flash" },
	{ "tif", "image/tiff" },
	{ "tiff", "image/tiff" },
	{ "ts", "video/mp2t" },
	{ "txt", "text/plain" },
	{ "wasm", "application/wasm" },
	{ "webm", "video/webm" },
	{ "webmanifest", "application/manifest+json" },
	{ "webp", "image/webp" },
	{ "wmv", "video/x-ms-wmv" },
	{ "woff", "font/woff" },
	{ "woff2", "font/woff2" },
	{ "xhtml", "application/xhtml+xml" },
	{ "xls", "application/vnd.ms-excel" },
	{ "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
	{ "xml", "text/xml" },
	{ "xpi", "application/x-xpinstall" },
	{ "zip", "application/zip" },
};

static int compare(const void *suffix, const void *row)
{
	return strcasecmp(suffix, ((const struct mime *)row)->suffix);
}

const char *http_mime_type(const char *name)
{
	const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
	const struct mime *row = NULL;

	if (dot)
		row = bsearch(
			dot + 1, types, sizeof(types) / sizeof(*types), sizeof(*types), compare);
	return row ? row->type : "application/octet-stream";
}
