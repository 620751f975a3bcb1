# Makes the table of `bench/run` from lines "NAME VALUE", one for each figure and round. Lines that
# begin with "#" are printed behind it. With -v check=1 it fails where a ratio misses its target by
# more than 10 %. A figure that was not measured leaves its row out, or says so.

/^#/ { if (!said[$0]++) remarks = remarks substr($0, 3) "\n"; next }
{ value[$1, ++times[$1]] = $2 }

# --- figures

function median_of(list, n,    i, j, swap) {
	for (i = 1; i < n; i++)
		for (j = i + 1; j <= n; j++)
			if (list[j] < list[i]) { swap = list[i]; list[i] = list[j]; list[j] = swap }
	return list[int((n + 1) / 2)]
}

function median(name,    i, list) {
	for (i = 1; i <= times[name]; i++) list[i] = value[name, i]
	return times[name] ? median_of(list, times[name]) : 0
}

# The median of a / b in each round; its range is left in `low` and `high`.
function ratio_of(a, b,    i, list) {
	for (i = 1; i <= times[a]; i++) list[i] = value[a, i] / value[b, i]
	low = high = list[1]
	for (i in list) {
		if (list[i] < low) low = list[i]
		if (list[i] > high) high = list[i]
	}
	return median_of(list, times[a])
}

# --- rows


function row(text, name) {
	if (!((name ".rate") in times)) return
	printf "%-48s %11.0f %9.0f %11.2f %9.1f\n", text, median(name ".rate"), median(name ".mb"),
		median(name ".cpu"), median(name ".peak")
}

function target(text, got, range, relation, want, unit, counts,    slack, missed, verdict) {
	slack = relation == ">=" ? 0.9 : 1.1
	missed = relation == ">=" ? got < want : got > want
	verdict = missed ? "missed" : ""
	if (counts && (relation == ">=" ? got < slack * want : got > slack * want)) {
		verdict = "MISSED"
		misses = misses sprintf("  %s: %.3g, to reach: %s %g\n", text, got, relation, want)
	}
	printf "%-60s %9.2f %-3s %-14s %s %-5g %s\n", text, got, unit, range, relation, want, verdict
}

function not_measured(text, why) {
	printf "%-60s %9s     %s\n", text, "-", why
}

function ratio(text, a, b, relation, want, why,    got) {
	if (!(a in times) || !(b in times)) {
		not_measured(text, why)
		return
	}
	got = ratio_of(a, b)
	target(text, got, sprintf("%.2f - %.2f", low, high), relation, want, "x", 1)
}

# What is no ratio of two programs depends on the machine: shown, but no reason to fail.
function limit(text, got, unit, want) {
	target(text, got, "", "<=", want, unit, 0)
}

# --- the parts of the table

function programs(    stream, n, i) {
	printf "%-48s %11s %9s %11s %9s\n", "", "messages/s", "MB/s", "CPU s/mill.", "peak MB"
	n = split("generated recorded real", stream, " ")
	for (i = 1; i <= n; i++) {
		row(stream[i] ": weir, stream to 3 topics, acknowledged", stream[i] ".weir")
		row(stream[i] ": libcurl, split, produce, 1 topic", stream[i] ".bare")
		row(stream[i] ": libcurl, jansson, 3 topics", stream[i] ".jansson")
		row(stream[i] ": scan alone", stream[i] ".scan")
		row(stream[i] ": scan, and the kind told", stream[i] ".told")
		row(stream[i] ": scan, portable form", stream[i] ".portable")
		row(stream[i] ": scan, SSE2", stream[i] ".sse2")
		row(stream[i] ": scan, AVX2", stream[i] ".avx2")
		row(stream[i] ": jansson's tree alone", stream[i] ".tree")
		row(stream[i] ": simdjson's DOM alone", stream[i] ".simdjson")
		row(stream[i] ": statuses as structured records", stream[i] ".formatted")
		row(stream[i] ": the same through jansson's tree", stream[i] ".rebuilt")
	}
	row("in memory: 1 route, a callback sink", "routes1")
	row("in memory: 100 routes by kind and field", "routes100")
	row("in memory: 1,000 routes", "routes1000")
	row("in memory: two pipelines, two threads", "cores2")
	row("in memory: without a spool", "spool_without")
	row("in memory: a spool, each batch synced", "spool_synced")
	row("in memory: a spool, synced every second", "spool_sync_1s")
	row("a file of tweets to a callback sink", "replay")
	row("the same as records, not scanned", "records")
	row("the file packed, gzip", "replay.gz")
	row("the file packed, zstd", "replay.zst")
	row("wc -l on the file", "wc")
}

function sweep(    size, n, i, name) {
	printf "\n%-16s %12s %12s %8s %12s %12s\n", "message size", "weir MB/s", "bare MB/s", "ratio",
		"weir msg/s", "bare msg/s"
	n = split("100 300 1000 3000 10000 100000 1000000", size, " ")
	for (i = 1; i <= n; i++) {
		name = "size" size[i]
		printf "%-16d %12.0f %12.0f %8.2f %12.0f %12.0f\n", size[i], median(name ".weir.mb"),
			median(name ".bare.mb"), ratio_of(name ".weir.rate", name ".bare.rate"),
			median(name ".weir.rate"), median(name ".bare.rate")
	}
}

# The slowest size above 1 KB, in MB/s, as a part of the fastest.
function evenness(    size, n, i, mb, least, most) {
	n = split("3000 10000 100000 1000000", size, " ")
	for (i = 1; i <= n; i++) {
		mb = median("size" size[i] ".weir.mb")
		if (i == 1 || mb < least) least = mb
		if (mb > most) most = mb
	}
	target("bytes/s above 1 KB: the slowest size against the fastest", least / most, "", ">=", 0.5,
		"x", 1)
}

function streams(name, text, why) {
	ratio("weir against bare, " text, name ".weir.rate", name ".bare.rate", ">=",
		name == "real" ? 0.95 : 0.9, why)
	if (name == "real") return
	ratio("weir against libcurl + jansson, " text, name ".weir.rate", name ".jansson.rate", ">=",
		15, why)
	ratio("CPU of weir against bare, " text, name ".weir.cpu", name ".bare.cpu", "<=", 1.3, why)
	ratio("scan against json_loadb, " text, name ".tree.cpu", name ".scan.cpu", ">=", 40, why)
	ratio("structured records against jansson's, " text, name ".formatted.rate",
		name ".rebuilt.rate", ">=", 4, why)
	ratio("scan against simdjson's DOM, " text, name ".simdjson.cpu", name ".scan.cpu", ">=", 2,
		why ? why : "not measured: simdjson is not installed")
}

# Half of the way between the lowest and the highest mean of what lies between two powers of ten.
function flatness(name, text,    power, mb, least, most, list) {
	for (power = 5; (name ".mean_1e" power) in times; power++) {
		mb = value[name ".mean_1e" power, 1]
		list = list sprintf(" %.1f (%.1f)", mb, value[name ".peak_1e" power, 1])
		if (power == 5 || mb < least) least = mb
		if (mb > most) most = mb
	}
	if (!list) return
	remarks = remarks text ", MB up to 10^5, 10^6 ..., mean (peak):" list "\n"
	limit(text ", 10^5 to 10^" power - 1 ": +-", (most - least) / 2, "MB", 1)
}

END {
	programs()
	sweep()
	printf "\n%-60s %9s     %-14s %s\n", "target", "measured", "rounds", "to reach"
	streams("generated", "generated 3 KB")
	streams("recorded", "recorded 5 KB", "not measured: no recording")
	streams("real", "a real broker", "not measured: BROKERS= is not set")
	ratio("messages/s against bare, 300 B", "size300.weir.rate", "size300.bare.rate", ">=", 0.8)
	ratio("messages/s against bare, 100 B", "size100.weir.rate", "size100.bare.rate", ">=", 0.8)
	evenness()
	ratio("time per message, 100 routes against 1", "routes100.cpu", "routes1.cpu", "<=", 1.2)
	ratio("time per message, 1,000 routes against 1", "routes1000.cpu", "routes1.cpu", "<=", 2)
	ratio("two pipelines on two cores against one", "cores2.rate", "cores1.rate", ">=", 1.7)
	ratio("file replay, plain, against wc -l", "replay.mb", "wc.mb", ">=", 0.3)
	ratio("the same as records, not scanned", "records.mb", "wc.mb", ">=", 0.3)
	ratio("file replay, gzip, against wc -l on the plain file", "replay.gz.mb", "wc.mb", ">=", 0.3)
	if ("replay.zst.mb" in times)
		ratio("the same, zstd", "replay.zst.mb", "wc.mb", ">=", 0.3)
	target("structured records, generated, per second", median("generated.formatted.rate"), "",
		">=", 60000, "/s", 0)
	ratio("a spool, each batch synced, against none", "spool_synced.rate", "spool_without.rate",
		">=", 0.6)
	limit("peak memory at full speed, generated", median("generated.weir.peak"), "MB", 40)
	if ("recorded.weir.peak" in times)
		limit("peak memory at full speed, recorded", median("recorded.weir.peak"), "MB", 40)
	flatness("flat.weir", "memory of the whole pipeline")
	flatness("flat.callback", "memory without a wire")
	limit("latency, socket to produce call, p50", median("latency.p50"), "us", 50)
	limit("latency, socket to produce call, p99", median("latency.p99"), "us", 1000)
	limit("allocations per message, steady state", median("generated.weir.allocations"), "", 0)
	printf "\n%s", remarks
	if (check && misses) {
		printf "\nratios missed by more than 10 %%:\n%s", misses
		exit 1
	}
}
