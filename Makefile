# weir: one Makefile, not recursive. `make help` lists the targets, `make V=1` shows the commands.
#
# Objects live in build/<variant>/, so that a sanitizer build never clobbers the normal one: another
# CC, SAN=address,undefined and COVERAGE=1 each get a folder of their own. Programs land beside
# them, those of the default variant in build/examples, build/tools and build/bench.
#
# Yours to set: CC CXX CFLAGS CPPFLAGS LDFLAGS, PREFIX LIBDIR INCLUDEDIR DESTDIR, CI=1 (warnings are
# errors), INSTALL=no (name missing packages, install nothing), and for `make demo`:
# BROKERS=host:9092 STREAM=file.jsonl DEMO_ARGS="…".

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
CFLAGS     ?= -O2 -g
INSTALL    ?= yes

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
lib_needs    := rdkafka libcurl oauth jansson zlib
server_needs := libmicrohttpd gnutls zlib
test_needs   := check $(server_needs)
cflags_of = $(shell pkg-config --cflags $(1))
libs_of   = $(shell pkg-config --libs $(1)) -pthread -lm

lib_o     := $(patsubst %.c,$(obj)/%.o,$(sort $(wildcard lib/*/*.c lib/*/*/*.c)))
sample_o  := $(patsubst %.c,$(obj)/%.o,$(filter-out %/main.c,$(wildcard tools/sample/*.c)))
support_o := $(patsubst %.c,$(obj)/%.o,$(filter-out %.inc.c,$(wildcard tests/support/*.c)))
server_o  := $(patsubst %.c,$(obj)/%.o,$(wildcard examples/stream_server/*.c))
helpers   := $(out)/libsupport.a $(out)/libserver.a $(out)/libsample.a
tests     := $(patsubst %.c,$(out)/%,$(sort $(wildcard tests/*/test_*.c))) \
	     $(patsubst fuzz/fuzz_%.c,$(out)/fuzz/test_%,$(wildcard fuzz/fuzz_*.c))
examples  := $(patsubst %.c,$(bin)/%,$(sort $(wildcard examples/*.c)))
benches   := $(patsubst %.c,$(bin)/%,$(sort $(wildcard bench/bench_*.c)))
headers   := $(wildcard include/weir/*.h)
checks    := layers headers banned symbols ldd deps install

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
.PHONY: all lib examples tests bench fuzz demo check check-programs $(checks:%=check-%) coverage deps \
	install uninstall clean help FORCE

all: lib examples ## the library, static and shared, the example programs and the sample tool
lib: $(out)/libweir.a $(out)/$(shared) $(out)/weir.pc ## the library alone
examples: $(examples) $(bin)/tools/sample
tests: $(tests) ## builds the tests, does not run them

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## */\1|/p' Makefile | awk -F'|' '{ printf "make %-16s%s\n", $$1, $$2 }'
	@echo 'make check-NAME      one check alone: $(checks)'

# --- what is missing -------------------------------------------------------------------------

# The goals that install what they need have it done before anything is compiled.
wants := $(if $(filter demo deps,$(MAKECMDGOALS)),build) \
	 $(if $(filter check% coverage tests,$(MAKECMDGOALS)),build test)
first := $(if $(strip $(wants)),deps)

deps: ## installs the packages that are missing
	$(hide)INSTALL='$(INSTALL)' tools/deps $(or $(strip $(wants)),build)

# --- compiling -------------------------------------------------------------------------------

# Objects depend on the flags they were made with: another CFLAGS or CI=1 makes them again.
$(out)/flags: FORCE | $(first)
	@mkdir -p $(@D)
	@echo '$(CC) $(flags) $(modes) $(CPPFLAGS) $(CFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(flags) $(modes) $(CPPFLAGS) $(CFLAGS)' > $@

for_lib      = -Ilib -fvisibility=hidden -fPIC $(call cflags_of,$(lib_needs))
for_tests    = -Ilib -Itests -Itools/sample -DBUILD_DIR='"$(bin)"' -DWEIR_BUILD_DIR='"$(bin)"' \
	       $(call cflags_of,$(lib_needs) $(test_needs))
for_examples = -Itools/sample $(call cflags_of,$(lib_needs) $(server_needs))
for_tools    =
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
%.a:
	$(call say,AR,$@)
	$(hide)rm -f $@ && $(AR) rcs $@ $^

link = $(CC) $(modes) $(CFLAGS) $(LDFLAGS)

$(out)/$(shared): $(lib_o) lib/libweir.map
	$(call say,LINK,$@)
	$(hide)$(link) -shared -Wl,-soname,$(soname) -Wl,--version-script,lib/libweir.map \
		$(closed) $(lib_o) $(call libs_of,$(lib_needs)) -o $@
	$(hide)ln -sf $(shared) $(out)/$(soname) && ln -sf $(soname) $(out)/libweir.so

$(out)/tests/%: $(obj)/tests/%.o $(helpers) $(out)/libweir.a
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(link) $^ $(call libs_of,$(test_needs) $(lib_needs)) -o $@

$(out)/fuzz/test_%: $(obj)/fuzz/fuzz_%.o $(obj)/fuzz/replay.o $(helpers) $(out)/libweir.a
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(link) $^ $(call libs_of,$(test_needs) $(lib_needs)) -o $@

$(out)/fuzz/fuzz_%: $(obj)/fuzz/fuzz_%.o $(helpers) $(out)/libweir.a
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(link) -fsanitize=fuzzer $^ \
		$(call libs_of,$(test_needs) $(lib_needs)) -o $@

# An example is one file, or one file and a folder of its name. The server does without weir: what
# weir is tested against must not share its mistakes.
weir_of  = $(if $(filter stream_server,$(1)),,$(out)/libweir.a)
needs_of = $(if $(filter stream_server,$(1)),$(server_needs),$(lib_needs))
parts_of = $(patsubst %.c,$(obj)/%.o,$(sort $(wildcard examples/$(1)/*.c)))

$(bin)/examples/%: $(obj)/examples/%.o $$(call parts_of,$$*) $(out)/libsample.a $$(call weir_of,$$*)
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(link) $^ $(call libs_of,$(call needs_of,$*)) -o $@

$(bin)/tools/sample: $(obj)/tools/sample/main.o $(out)/libsample.a
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(link) $^ -lm -o $@

$(bin)/bench/%: $(obj)/bench/%.o $(out)/libsample.a $(out)/libweir.a
	$(call say,LINK,$@)
	$(hide)mkdir -p $(@D) && $(link) $^ $(call libs_of,$(lib_needs)) -o $@

# --- running ---------------------------------------------------------------------------------

demo: all ## installs what is missing, builds, and shows a stream going into Kafka
	$(hide)$(bin)/examples/demo $(if $(BROKERS),--brokers '$(BROKERS)') \
		$(if $(STREAM),--stream '$(STREAM)') $(DEMO_ARGS)

check: all tests ## installs what is missing, builds, and runs every test and check
	$(hide)tools/run-tests $(tests) $(foreach name,$(checks),$(call script_of,$(name)))

check-programs: examples tests ## the test programs alone: what sanitizer builds run
	$(hide)tools/run-tests $(tests)

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

bench: all $(benches) ## measures; not part of check
	$(hide)bench/run

coverage: ## runs the tests and prints the line coverage of lib/
	$(hide)$(MAKE) --no-print-directory COVERAGE=1 check-programs; status=$$?; \
		tools/coverage build/$(variant)-coverage && exit $$status

# --- installing ------------------------------------------------------------------------------

pc_libdir     := $(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))
pc_includedir := $(patsubst $(PREFIX)/%,$${prefix}/%,$(INCLUDEDIR))

$(out)/weir.pc: pkgconfig/weir.pc.in include/weir/base.h FORCE | $(first)
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(pc_libdir)|' \
		-e 's|@INCLUDEDIR@|$(pc_includedir)|' -e 's|@VERSION@|$(VERSION)|' \
		-e 's|@LIBS@|$(strip $(call libs_of,$(lib_needs)))|' $< > $@

install: lib ## into $(DESTDIR)$(PREFIX)
	install -d '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(INCLUDEDIR)/weir'
	install -m 644 include/weir.h '$(DESTDIR)$(INCLUDEDIR)'
	install -m 644 $(headers) '$(DESTDIR)$(INCLUDEDIR)/weir'
	install -m 644 $(out)/libweir.a '$(DESTDIR)$(LIBDIR)'
	install -m 755 $(out)/$(shared) '$(DESTDIR)$(LIBDIR)'
	ln -sf $(shared) '$(DESTDIR)$(LIBDIR)/$(soname)'
	ln -sf $(soname) '$(DESTDIR)$(LIBDIR)/libweir.so'
	install -m 644 $(out)/weir.pc '$(DESTDIR)$(LIBDIR)/pkgconfig'
	$(if $(DESTDIR),,-ldconfig 2>/dev/null)

uninstall: ## undoes install
	rm -f '$(DESTDIR)$(INCLUDEDIR)/weir.h' $(headers:include/%='$(DESTDIR)$(INCLUDEDIR)/%')
	rm -f $(patsubst %,'$(DESTDIR)$(LIBDIR)/%',libweir.a libweir.so $(soname) $(shared) \
		pkgconfig/weir.pc)
	[ ! -d '$(DESTDIR)$(INCLUDEDIR)/weir' ] || rmdir '$(DESTDIR)$(INCLUDEDIR)/weir'

clean: ## removes build/
	rm -rf build

-include $(wildcard $(obj)/*/*.d $(obj)/*/*/*.d $(obj)/*/*/*/*.d)
