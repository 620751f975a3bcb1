# weir: one Makefile, not recursive. `make help` lists the targets, `make V=1` shows the commands.
#
# Objects live in build/<variant>/, so that a sanitizer build never clobbers the normal one: another
# CC, SAN=address,undefined and COVERAGE=1 each get a folder of their own. Programs land beside
# them, those of the default variant in build/examples, build/tools and build/bench.
#
# Yours to set: CC CXX CFLAGS CPPFLAGS LDFLAGS, PREFIX LIBDIR INCLUDEDIR BINDIR DESTDIR,
# SAN=address,undefined, COVERAGE=1, CI=1 (warnings are errors), V=1, INSTALL=no (name missing
# packages, install nothing), NEEDS=no (look for none), for `make demo` BROKERS=host:9092
# STREAM=file.jsonl DEMO_ARGS="…", for `make fuzz` FUZZ_SECONDS=60. Those of the tests, of
# check-kafka and of bench are in the first comments of tools/run-tests, tests/kafka/run, bench/run.

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR     ?= $(PREFIX)/bin
CFLAGS     ?= -O2 -g
INSTALL    ?= yes
OBJCOPY    ?= objcopy

VERSION := $(shell sed -n 's/^.define WEIR_VERSION_\(MAJOR\|MINOR\|PATCH\) *//p' \
		include/weir/base.h | paste -sd.)
soname  := libweir.so.$(firstword $(subst ., ,$(VERSION)))
shared  := libweir.so.$(VERSION)

comma   := ,
variant := $(notdir $(firstword $(CC)))$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if \
	   $(COVERAGE),-coverage)
out     := build/$(variant)
obj     := $(out)/obj
bin     := $(if $(filter-out cc,$(variant)),$(out),build)
hide    := $(if $(V),,@)
say      = $(if $(V),,@printf '  %-5s%s\n' $(1) $(2))

warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla \
	    -Wpointer-arith -Wconversion $(if $(CI),-Werror)
modes    := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all) \
	    $(if $(COVERAGE),--coverage -O0)
flags    := -std=c11 -D_GNU_SOURCE -Iinclude -pthread $(warnings)
closed   := $(if $(SAN),,-Wl,-z,defs)

# What each part stands on, in pkg-config's names. Asked for when needed, not when make starts:
# `make demo` and `make check` install what is missing first.
lib_needs    := rdkafka libcurl oauth jansson zlib lmdb libxxhash libarchive
server_needs := libmicrohttpd gnutls zlib
kit_needs    := rdkafka $(server_needs)
test_needs   := check $(server_needs)
cflags_of = $(shell pkg-config --cflags $(1))
libs_of   = $(shell pkg-config --libs $(1)) -pthread -lm

lib_o     := $(patsubst %.c,$(obj)/%.o,$(sort $(wildcard lib/*/*.c lib/*/*/*.c)))
sample_o  := $(patsubst %.c,$(obj)/%.o,$(filter-out %/main.c,$(wildcard tools/sample/*.c)))
support_o := $(patsubst %.c,$(obj)/%.o,$(filter-out %.inc.c,$(wildcard tests/support/*.c)))
server_o  := $(patsubst %.c,$(obj)/%.o,$(wildcard testing/stream_server/*.c))
kit_o     := $(patsubst %.c,$(obj)/%.o,$(wildcard testing/*.c testing/*/*.c)) $(sample_o)
helpers   := $(out)/libsupport.a $(out)/libweir-testing.a $(out)/libserver.a $(out)/libsample.a
# The longest first.
live_c    := $(sort $(wildcard tests/live/test_*.c))
tests_c   := $(live_c) $(filter-out $(live_c),$(sort $(wildcard tests/*/test_*.c)))
tests     := $(tests_c:%.c=$(out)/%) \
	     $(patsubst fuzz/fuzz_%.c,$(out)/fuzz/test_%,$(wildcard fuzz/fuzz_*.c))
real_kafka := $(patsubst %.c,$(out)/%,$(sort $(wildcard tests/kafka/real_*.c)))
kafka_o   := $(patsubst %.c,$(obj)/%.o,$(filter-out tests/kafka/real_%,$(wildcard tests/kafka/*.c)))
examples  := $(patsubst %.c,$(bin)/%,$(sort $(wildcard examples/*.c)))
tools     := $(addprefix $(bin)/examples/,connect spool_show)
bench_o   := $(patsubst %.c,$(obj)/%.o,$(filter-out bench/bench_%,$(wildcard bench/*.c)))
benches   := $(patsubst %.c,$(bin)/%,$(sort $(wildcard bench/bench_*.c)))
headers   := $(wildcard include/weir/*.h)
kit_h     := include/weir/testing.h
checks    := layers headers banned symbols ldd deps config install

export CC CXX VERSION
export WEIR_BUILD := $(bin)
export WEIR_OUT   := $(out)

# As many jobs as there are processors, unless told otherwise.
ifeq (,$(filter -j% --jobserver%,$(MAKEFLAGS))$(filter clean,$(MAKECMDGOALS)))
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif

.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.PHONY: all lib testing examples tests bench bench-check fuzz demo check check-programs \
	check-kafka $(checks:%=check-%) coverage deps install install-lib install-testing \
	install-tools uninstall clean help needs FORCE

all: lib testing examples ## the library, the fault kit, the example programs and the sample tool
lib: $(out)/libweir.a $(out)/$(shared) $(out)/weir.pc ## the library alone, static and shared
testing: $(out)/libweir-testing.a $(out)/weir-testing.pc ## the fault kit for tests, static
examples: $(examples) $(bin)/tools/sample ## the example programs and the sample tool
tests: $(tests) ## builds the tests, does not run them

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## */\1|/p' Makefile | awk -F'|' '{ printf "make %-16s%s\n", $$1, $$2 }'
	@echo 'make check-NAME      one check alone: $(checks)'
	@echo 'Yours to set: CC CXX CFLAGS CPPFLAGS LDFLAGS PREFIX LIBDIR INCLUDEDIR BINDIR' \
		'DESTDIR SAN=address,undefined COVERAGE=1 CI=1 V=1 INSTALL=no NEEDS=no' \
		'BROKERS=host:9092 STREAM=file.jsonl DEMO_ARGS="…" FUZZ_SECONDS=60'

# --- what is missing -------------------------------------------------------------------------

# The goals that install what they need have it done before anything is compiled.
wants := $(if $(filter demo deps,$(MAKECMDGOALS)),build) \
	 $(if $(filter check% coverage tests,$(MAKECMDGOALS)),build test)
first := $(if $(strip $(wants)),deps,needs)

deps: ## installs the packages that are missing
	$(hide)INSTALL='$(INSTALL)' tools/deps $(or $(strip $(wants)),build)

# The others only look, before the first build, whoever brought what is there.
needed := $(sort $(lib_needs) \
	  $(if $(filter-out lib install-lib install-tools,$(or $(MAKECMDGOALS),all)),$(server_needs)))

needs:
	@missing=; [ -e $(out)/$(shared) ] || [ '$(NEEDS)' = no ] || for name in $(needed); do \
		pkg-config --exists $$name 2>/dev/null || missing="$$missing $$name"; \
	done; [ -z "$$missing" ] || { \
		echo "weir: pkg-config does not find$$missing: 'make deps' installs what is missing" \
			"(NEEDS=no: build all the same)" >&2; \
		exit 1; }

# --- compiling -------------------------------------------------------------------------------

# Objects depend on the flags they were made with: another CFLAGS or CI=1 makes them again.
$(out)/flags: FORCE | $(first)
	@mkdir -p $(@D)
	@echo '$(CC) $(flags) $(modes) $(CPPFLAGS) $(CFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(flags) $(modes) $(CPPFLAGS) $(CFLAGS)' > $@

for_lib      = -Ilib -fvisibility=hidden -fPIC $(call cflags_of,$(lib_needs))
for_testing  = -Itesting -Itools/sample -fvisibility=hidden -fPIC $(call cflags_of,$(kit_needs))
for_tests    = -Ilib -Itests -Itesting -Itools/sample -DBUILD_DIR='"$(bin)"' \
	       -DWEIR_BUILD_DIR='"$(bin)"' $(call cflags_of,$(lib_needs) $(test_needs))
for_examples = -Itesting -Itools/sample $(call cflags_of,$(lib_needs) $(server_needs))
for_tools    = -fPIC
for_fuzz     = $(for_tests)
for_bench    = -Ilib -Itests -Itools/sample $(call cflags_of,$(lib_needs))

$(obj)/%.o: %.c $(out)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(hide)$(CC) $(flags) $(for_$(firstword $(subst /, ,$<))) $(CPPFLAGS) $(CFLAGS) $(modes) \
		-MMD -MP -c $< -o $@

$(out)/libweir.a: $(lib_o)
$(out)/libsample.a: $(sample_o)
$(out)/libsupport.a: $(support_o)
$(out)/libserver.a: $(server_o)
$(out)/libbench.a: $(bench_o)
$(out)/libweir-testing.a: $(obj)/weir-testing.o
%.a:
	$(call say,AR,$@)
	$(hide)rm -f $@ && $(AR) rcs $@ $^

# The kit is one object that shows its public names and nothing else: it meets whatever names the
# program has that it tests. An object of link-time optimisation would show all of them.
$(kit_o): private override CFLAGS += -fno-lto
$(obj)/weir-testing.o: $(kit_o)
	$(call say,JOIN,$@)
	$(hide)$(LD) -r $^ -o $@
	$(hide)$(OBJCOPY) --wildcard --keep-global-symbol='weir_test_*' $@

link = $(CC) $(modes) $(CFLAGS) $(LDFLAGS)

$(out)/$(shared): $(lib_o) lib/libweir.map
	$(call say,LINK,$@)
	$(hide)$(link) -shared -Wl,-soname,$(soname) -Wl,--version-script,lib/libweir.map \
		$(closed) $(lib_o) $(call libs_of,$(lib_needs)) -o $@
	$(hide)ln -sf $(shared) $(out)/$(soname) && ln -sf $(soname) $(out)/libweir.so

$(out)/tests/%: $(obj)/tests/%.o $(helpers) $(out)/libweir.a
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(link) $(filter %.o,$^) $(filter %.a,$^) $(call libs_of,$(test_needs) $(lib_needs)) -o $@

$(real_kafka): $(kafka_o)

$(out)/fuzz/test_%: $(obj)/fuzz/fuzz_%.o $(obj)/fuzz/replay.o $(helpers) $(out)/libweir.a
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(link) $^ $(call libs_of,$(test_needs) $(lib_needs)) -o $@

$(out)/fuzz/fuzz_%: $(obj)/fuzz/fuzz_%.o $(helpers) $(out)/libweir.a
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(link) -fsanitize=fuzzer $^ \
		$(call libs_of,$(test_needs) $(lib_needs)) -o $@

# An example is one file, or one file and a folder of its name. The server does without weir: what
# weir is tested against must not share its mistakes.
kit_of   = $(if $(filter test_%,$(1)),$(out)/libweir-testing.a)
weir_of  = $(if $(filter stream_server,$(1)),$(out)/libserver.a,$(kit_of) $(out)/libweir.a)
needs_of = $(if $(filter stream_server,$(1)),$(server_needs),$(if $(kit_of),$(kit_needs)) \
	   $(lib_needs))
parts_of = $(patsubst %.c,$(obj)/%.o,$(sort $(wildcard examples/$(1)/*.c)))

$(bin)/examples/%: $(obj)/examples/%.o $$(call parts_of,$$*) $$(call weir_of,$$*) $(out)/libsample.a
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(link) $^ $(call libs_of,$(call needs_of,$*)) -o $@

$(bin)/tools/sample: $(obj)/tools/sample/main.o $(out)/libsample.a
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(link) $^ -lm -o $@

$(bin)/bench/%: $(obj)/bench/%.o $(out)/libbench.a $(out)/libsample.a $(out)/libweir.a
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(link) $^ $(call libs_of,$(lib_needs)) -o $@

# For comparison, where simdjson is installed: nothing else here is C++ or knows of it.
simdjson = $(if $(shell pkg-config --exists simdjson 2>/dev/null && echo yes),$(bin)/bench/bench_simdjson)

$(bin)/bench/bench_simdjson: bench/bench_simdjson.cc $(out)/libbench.a $(out)/libsample.a
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(CXX) -std=c++17 -Wall -Wextra -Wshadow -Wconversion $(modes) \
		$(CFLAGS) $^ $(call cflags_of,simdjson) $(call libs_of,simdjson) $(LDFLAGS) -o $@

# --- running ---------------------------------------------------------------------------------

demo: all ## installs what is missing, builds, and shows a stream going into Kafka
	$(hide)$(bin)/examples/demo $(if $(BROKERS),--brokers '$(BROKERS)') \
		$(if $(STREAM),--stream '$(STREAM)') $(DEMO_ARGS)

check: all tests ## installs what is missing, builds, and runs every test and check
	$(hide)tools/run-tests $(tests) $(foreach name,$(checks),$(call script_of,$(name)))

check-programs: examples tests ## the test programs alone: what sanitizer builds run
	$(hide)tools/run-tests $(tests)

check-kafka: $(real_kafka) examples ## KAFKA_VERSIONS of a real Kafka, brokers killed; not part of check
	$(hide)tests/kafka/run $(real_kafka) tests/kafka/check-connect

script_of = $(firstword $(wildcard tools/check-$(1) tests/install/check-$(1)))
$(checks:%=check-%): check-%: all
	$(hide)$(call script_of,$*) --self-test && $(call script_of,$*)

# Each target in turn, on one core. New inputs go to build/fuzz/NAME, not into the corpus.
FUZZ_SECONDS ?= 60
fuzz_san     := fuzzer-no-link,address,undefined
fuzz_bin     := build/clang-$(subst $(comma),-,$(fuzz_san))/fuzz
fuzzers      := $(patsubst fuzz/fuzz_%.c,%,$(wildcard fuzz/fuzz_*.c))

fuzz: ## fuzzes with clang, FUZZ_SECONDS (60) each; not part of check
	$(hide)$(MAKE) --no-print-directory CC=clang SAN=$(fuzz_san) $(fuzzers:%=$(fuzz_bin)/fuzz_%)
	$(hide)for name in $(fuzzers); do mkdir -p build/fuzz/$$name && \
		$(fuzz_bin)/fuzz_$$name -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
			build/fuzz/$$name fuzz/corpus/$$name || exit; done

bench: all $(benches) $$(simdjson) ## measures and prints a table; not part of check
	$(hide)CFLAGS='$(CFLAGS)' bench/run

bench-check: all $(benches) $$(simdjson) ## the same, and fails where a ratio is missed by 10 %
	$(hide)CFLAGS='$(CFLAGS)' bench/run --check

coverage: ## runs the tests and prints the line coverage of lib/
	$(hide)$(MAKE) --no-print-directory COVERAGE=1 check-programs; status=$$?; \
		tools/coverage build/$(variant)-coverage && exit $$status

# --- installing ------------------------------------------------------------------------------

pc_libdir     := $(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))
pc_includedir := $(patsubst $(PREFIX)/%,$${prefix}/%,$(INCLUDEDIR))

$(out)/weir.pc: pc_libs = $(call libs_of,$(lib_needs))
$(out)/weir-testing.pc: pc_libs = $(call libs_of,$(kit_needs))
$(out)/%.pc: pkgconfig/%.pc.in include/weir/base.h FORCE | $(first)
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(pc_libdir)|' \
		-e 's|@INCLUDEDIR@|$(pc_includedir)|' -e 's|@VERSION@|$(VERSION)|' \
		-e 's|@LIBS@|$(strip $(pc_libs))|' $< > $@

install: install-testing ## the library and the fault kit, into $(DESTDIR)$(PREFIX)

install-lib: lib ## the library alone
	install -d '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(INCLUDEDIR)/weir'
	install -m 644 include/weir.h '$(DESTDIR)$(INCLUDEDIR)'
	install -m 644 $(filter-out $(kit_h),$(headers)) '$(DESTDIR)$(INCLUDEDIR)/weir'
	install -m 644 $(out)/libweir.a '$(DESTDIR)$(LIBDIR)'
	install -m 755 $(out)/$(shared) '$(DESTDIR)$(LIBDIR)'
	ln -sf $(shared) '$(DESTDIR)$(LIBDIR)/$(soname)'
	ln -sf $(soname) '$(DESTDIR)$(LIBDIR)/libweir.so'
	install -m 644 $(out)/weir.pc '$(DESTDIR)$(LIBDIR)/pkgconfig'
	$(if $(DESTDIR),,-ldconfig 2>/dev/null)

install-testing: install-lib testing ## the same as install
	install -m 644 $(kit_h) '$(DESTDIR)$(INCLUDEDIR)/weir'
	install -m 644 $(out)/libweir-testing.a '$(DESTDIR)$(LIBDIR)'
	install -m 644 $(out)/weir-testing.pc '$(DESTDIR)$(LIBDIR)/pkgconfig'

# With libweir.a in them: they need no libweir.so.
install-tools: $(tools) ## the examples connect and spool_show, as weir-connect and weir-spool-show
	install -d '$(DESTDIR)$(BINDIR)'
	install -m 755 $(bin)/examples/connect '$(DESTDIR)$(BINDIR)/weir-connect'
	install -m 755 $(bin)/examples/spool_show '$(DESTDIR)$(BINDIR)/weir-spool-show'

uninstall: ## undoes install, install-tools too
	rm -f '$(DESTDIR)$(INCLUDEDIR)/weir.h' $(headers:include/%='$(DESTDIR)$(INCLUDEDIR)/%')
	rm -f $(patsubst %,'$(DESTDIR)$(LIBDIR)/%',libweir.a libweir.so $(soname) $(shared) \
		libweir-testing.a pkgconfig/weir.pc pkgconfig/weir-testing.pc)
	rm -f '$(DESTDIR)$(BINDIR)/weir-connect' '$(DESTDIR)$(BINDIR)/weir-spool-show'
	[ ! -d '$(DESTDIR)$(INCLUDEDIR)/weir' ] || rmdir '$(DESTDIR)$(INCLUDEDIR)/weir'

clean: ## removes build/
	rm -rf build

-include $(wildcard $(obj)/*/*.d $(obj)/*/*/*.d $(obj)/*/*/*/*.d)
