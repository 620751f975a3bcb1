# weir: one Makefile, not recursive. `make help` lists the targets.
#
# Objects live in build/<variant>/, so that a sanitizer build never clobbers the normal one:
# SAN=address,undefined, COVERAGE=1 and another CC each get a folder of their own.

PREFIX   ?= /usr/local
LIBDIR   ?= $(PREFIX)/lib
INCDIR   ?= $(PREFIX)/include
DESTDIR  ?=
CC       ?= cc
CFLAGS   ?= -O2 -g
LDFLAGS  ?=
SAN      ?=
COVERAGE ?=
V        ?=

VERSION  := $(shell sed -n 's/^.define WEIR_VERSION_\(MAJOR\|MINOR\|PATCH\) *//p' include/weir/base.h | paste -sd.)
SOVERSION := $(firstword $(subst ., ,$(VERSION)))

comma    := ,
variant  := $(notdir $(firstword $(CC)))$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(COVERAGE),-coverage)
out      := build/$(variant)
hide     := $(if $(V),,@)

packages := rdkafka libcurl oauth jansson zlib
warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla \
	    -Wpointer-arith -Wconversion
flags    := -std=c11 -D_GNU_SOURCE -Iinclude -Ilib -pthread $(warnings) $(if $(CI),-Werror) \
	    $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all) \
	    $(if $(COVERAGE),--coverage -O0)
pkgflags  = $(shell pkg-config --cflags $(packages))
libs      = $(shell pkg-config --libs $(packages)) -lm
linkflags := $(if $(SAN),-fsanitize=$(SAN)) $(if $(COVERAGE),--coverage)

lib_c    := $(sort $(wildcard lib/*/*.c lib/*/*/*.c))
lib_o    := $(lib_c:%.c=$(out)/%.o)
test_c   := $(sort $(wildcard tests/unit/test_*.c tests/flow/test_*.c tests/contract/test_*.c tests/live/test_*.c))
tests    := $(test_c:%.c=$(out)/%)
support_o := $(patsubst %.c,$(out)/%.o,$(sort $(wildcard tests/support/*.c)))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help check clean lib

all: lib

help:
	@echo "make            the library"
	@echo "make check      every test"

lib: $(out)/libweir.a

$(out)/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC   $<")
	$(hide)$(CC) $(flags) -fvisibility=hidden -fPIC $(pkgflags) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(out)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC   $<")
	$(hide)$(CC) $(flags) -Itests $(pkgflags) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(out)/libweir.a: $(lib_o)
	$(if $(V),,@echo "  AR   $@")
	$(hide)rm -f $@ && $(AR) rcs $@ $^

$(out)/tests/%: $(out)/tests/%.o $(support_o) $(out)/libweir.a
	$(if $(V),,@echo "  LINK $@")
	$(hide)$(CC) $(linkflags) $(CFLAGS) $(LDFLAGS) -pthread $^ $(libs) $(shell pkg-config --libs check) -o $@

check: $(tests)
	$(hide)failed=0; for t in $(tests); do ./$$t || failed=1; done; exit $$failed

clean:
	rm -rf build

-include $(lib_o:.o=.d) $(tests:=.d) $(support_o:.o=.d)
