/* SPDX-License-Identifier: MIT */
/**
 * weir: source → router → sink. This header includes every other one but weir/json.h and
 * weir/testing.h, and declares nothing. Start with weir/pipeline.h; authors of connectors go on to
 * weir/source.h and sink.h.
 */
#ifndef WEIR_H
#define WEIR_H

#include "weir/base.h"
#include "weir/callback.h"
#include "weir/check.h"
#include "weir/config.h"
#include "weir/env.h"
#include "weir/error.h"
#include "weir/file.h"
#include "weir/format.h"
#include "weir/http.h"
#include "weir/kafka.h"
#include "weir/message.h"
#include "weir/metrics.h"
#include "weir/pipeline.h"
#include "weir/port.h"
#include "weir/router.h"
#include "weir/sink.h"
#include "weir/source.h"
#include "weir/spool.h"
#include "weir/twitter.h"
#include "weir/x.h"

#endif
