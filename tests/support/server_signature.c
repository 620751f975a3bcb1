/* SPDX-License-Identifier: MIT */
/*
 * The stream server's own signatures, for the tests of them and for tests that sign requests
 * without the library. Only programs that call them get them.
 */
#include "../../examples/stream_server/params.c"
#include "../../examples/stream_server/signature.c"
