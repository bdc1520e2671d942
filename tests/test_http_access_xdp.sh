#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# test_http_access.sh with the XDP flavour.
http_flavour=xdp
. "${srcdir:-$(dirname "$0")/..}/tests/test_http_access.sh"
