/* SPDX-License-Identifier: BSD-2-Clause */
/* Content-Type by a file's name. */
#ifndef RINGSIDE_HTTP_MIME_H
#define RINGSIDE_HTTP_MIME_H

/* The media type for a file of that name, by the letters behind its last dot, small or capital;
 * "application/octet-stream" when there are none, or nobody knows them. */
const char *http_mime_type(const char *name);

#endif
