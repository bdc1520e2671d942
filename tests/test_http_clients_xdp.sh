#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# test_http_clients.sh with the XDP flavour, in short; make check-flood has all of it.
http_flavour=xdp http_short=${http_short-yes} FLOOD_SECONDS=${FLOOD_SECONDS:-1}
. "${srcdir:-$(dirname "$0")/..}/tests/test_http_clients.sh"
