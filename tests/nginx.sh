# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Where nginx is, and its list of types: scripts/deps only unpacks it. Sourced behind net.sh.
PATH=$PATH:/usr/sbin mime_types=/etc/nginx/mime.types
for tools in "$srcdir/build/tools" "$srcdir/../tools"; do
	[ ! -x "$tools/usr/sbin/nginx" ] || PATH=$PATH:$tools/usr/sbin
	[ -e "$mime_types" ] || mime_types=$tools/etc/nginx/mime.types
done
