/* SPDX-License-Identifier: MIT */
/* The stream server's command line. */
#ifndef STREAM_SERVER_OPTIONS_H
#define STREAM_SERVER_OPTIONS_H

#include "stream_server/server.h"

/* What --help prints. */
extern const char options_usage[];

/* Fills the settings. False: standard error says why not. */
bool options_read(int argc, char **argv, struct settings *settings);

#endif
