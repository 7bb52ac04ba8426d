# Builds archinspect; `make help` lists what it can do.
#
# FLAVOUR is release (the default), debug, asan or cov. Each has its own folder
# under build/, and so has clang, so going from one to another rebuilds nothing.
# Variables of use: CC, CFLAGS (added last), FLAVOUR, PREFIX, DESTDIR, V=1 (show
# commands), WERROR=1 (warnings are errors; so they are where CI is set).
#
# pkg-config and the compiler come with scripts/deps. Targets that call it do
# the real work in a second make, so nothing here may need them while it is read.

VERSION := 0.1.0
PKGS    := libzstd libcjson yaml-0.1
TOOLPKGS := libseccomp
ROOMS   := base read measure audit infer lineage compare report

FLAVOUR ?= release
B       := build/$(if $(findstring clang,$(CC)),clang-)$(FLAVOUR)

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR    ?= $(PREFIX)/share
MANDIR     ?= $(DATADIR)/man
PKG_CONFIG ?= pkg-config

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# Level 3 has memmove checked, which valgrind takes for memcpy.
FLAGS_release := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
FLAGS_debug   := -O0 -g3
FLAGS_asan    := -O1 -g $(SANITIZE)
FLAGS_cov     := -O0 -g --coverage -DARI_NO_SANDBOX
FLAGS_fuzz    := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link
ifeq ($(FLAGS_$(FLAVOUR)),)
$(error FLAVOUR=$(FLAVOUR) is not one of release, debug, asan, cov)
endif

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Wformat=2
ifneq ($(CI)$(filter 1,$(WERROR)),)
WARN += -Werror
endif

# $(call once,NAME,COMMAND): a variable that runs the command when first used.
once = $(eval $(1) = $$(eval $(1) := $$(shell $(2)))$$($(1)))
# Those of these that the compiler has: -fcf-protection is of x86, -mbranch-protection of ARM.
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection -mbranch-protection=standard
$(call once,HARDEN_release,for flag in $(HARDENING); do \
    $(CC) -Werror $$$$flag -S -o /dev/null -x c /dev/null 2>/dev/null && echo $$$$flag; done)
# Relocations in little room, where linker and loader know how: GNU's do since 2.38 and 2.36.
PACK_FLAGS := -Wl,--fatal-warnings -Wl,-z,pack-relative-relocs
$(call once,PACKED,$(CC) -shared -nostdlib $(PACK_FLAGS) -o /dev/null -x c /dev/null 2>/dev/null && echo $(lastword $(PACK_FLAGS)))
RELRO_release = -Wl,-z,relro,-z,now,-z,noexecstack -Wl,-z,pack-relative-relocs
# One set of objects goes into the program and both libraries. What the header does not declare stays inside.
PIC := -fPIC -fvisibility=hidden

$(call once,PKG_CFLAGS,$(PKG_CONFIG) --cflags $(PKGS))
$(call once,PKG_LIBS,$(PKG_CONFIG) --libs $(PKGS))
$(call once,TOOL_LIBS,$(PKG_CONFIG) --libs $(TOOLPKGS))
$(call once,TEST_CFLAGS,$(PKG_CONFIG) --cflags criterion)
$(call once,TEST_LIBS,$(PKG_CONFIG) --libs criterion)
$(call once,JOBS,nproc)

OUR_CPPFLAGS = -Iinclude -Isrc -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DARI_VERSION=\"$(VERSION)\" \
               $(PKG_CFLAGS) $(CPPFLAGS)
OUR_CFLAGS   = -std=c11 -fno-math-errno -ffp-contract=off $(WARN) $(PIC) $(FLAGS_$(FLAVOUR)) $(HARDEN_$(FLAVOUR)) $(CFLAGS)
LINK         = $(CC) $(FLAGS_$(FLAVOUR)) $(HARDEN_$(FLAVOUR)) $(CFLAGS) $(RELRO_$(FLAVOUR)) $(LDFLAGS)
# libm is loaded where a machine has no instruction for a square root, and nowhere else: loading takes time.
OUR_LIBS     = $(PKG_LIBS) -lc -Wl,--as-needed -lm -Wl,--no-as-needed $(LDLIBS)

LIB_SRC  := $(sort $(wildcard $(ROOMS:%=src/%/*.c)))
CLI_SRC  := $(sort $(wildcard src/cli/*.c))
TEST_SRC := $(sort $(wildcard tests/*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
BENCH_SRC := $(sort $(wildcard tests/bench/*.c))
MAN      := $(sort $(wildcard man/*.[1-8]))
FORMATTED = $(sort $(shell find src include tests scripts -name '*.[ch]'))

# The reference models, compiled in: a tool of the build makes $(B)/catalogue.c of them.
CATALOGUE := $(sort $(wildcard src/compare/catalogue/*.yaml))
TOOL      := $(B)/compile-catalogue
TOOL_SRC  := scripts/compile-catalogue.c $(filter src/base/%,$(LIB_SRC)) src/read/map.c src/infer/architecture.c \
             src/compare/digest.c src/compare/entry.c src/compare/figure.c src/compare/scaling.c

# What the sandbox allows, as programs for the kernel: another tool makes $(B)/filter.c of it.
FILTER_TOOL := $(B)/compile-sandbox

LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(B)/catalogue.o
LIB     := $(B)/libarchinspect.a
SHARED  := $(B)/libarchinspect.so.$(VERSION)
SONAME  := libarchinspect.so.$(firstword $(subst ., ,$(VERSION)))
PROGRAM := $(B)/archinspect
TESTS   := $(B)/run-tests
# What completes the command line, made of the program's tables.
COMPLETER   := $(B)/make-completions
COMPLETIONS := $(B)/archinspect.bash $(B)/archinspect.zsh $(B)/archinspect.fish
# The one at the top is the release made by the default compiler.
TOP     := $(if $(filter build/release,$(B)),archinspect)

# The jobs of a make within this one, unless the caller chose: make -j4 check.
PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))
SUBMAKE  = $(MAKE) --no-print-directory $(PARALLEL)
# `  CC     file.c` instead of the command, unless V=1.
quiet = $(if $(filter-out 0,$(V)),,@printf '  %-6s %s\n' '$(1)' '$(2)' &&)

.PHONY: all
all: $(LIB) $(SHARED) $(PROGRAM) $(TOP) $(COMPLETIONS) ## Build the libraries and the program (the default)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: deps
deps: ## Install the Debian packages that building and checking need
	@scripts/deps check

.PHONY: demo
demo: ## Install what building needs, build, and inspect a small model
	@scripts/deps build
	+@$(SUBMAKE) all
	@echo '$$ ./$(or $(TOP),$(PROGRAM)) fixtures/demo.gguf'
	@./$(or $(TOP),$(PROGRAM)) fixtures/demo.gguf

# --- Compile and link ---------------------------------------------------------

$(LIB): $(LIB_OBJ) $(B)/sources
	$(call quiet,AR,$@) rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(SHARED): $(LIB_OBJ) $(B)/sources
	$(call quiet,LINK,$@) $(LINK) -shared -Wl,-soname,$(SONAME) $(filter %.o,$^) $(OUR_LIBS) -o $@

$(TOOL): $(TOOL_SRC:%.c=$(B)/%.o) $(B)/sources
	$(call quiet,LINK,$@) $(LINK) $(filter %.o,$^) $(OUR_LIBS) -o $@

$(B)/catalogue.c: $(CATALOGUE) $(TOOL)
	$(call quiet,GEN,$@) $(TOOL) $(CATALOGUE) >$@.new && mv $@.new $@

$(B)/catalogue.o: $(B)/catalogue.c $(B)/flags
	$(call quiet,CC,$<) $(CC) $(OUR_CPPFLAGS) $(OUR_CFLAGS) -MMD -MP -c $< -o $@

$(FILTER_TOOL): $(B)/scripts/compile-sandbox.o
	$(call quiet,LINK,$@) $(LINK) $^ $(TOOL_LIBS) -o $@

$(B)/filter.c: $(FILTER_TOOL)
	$(call quiet,GEN,$@) $(FILTER_TOOL) >$@.new && mv $@.new $@

$(B)/filter.o: $(B)/filter.c $(B)/flags
	$(call quiet,CC,$<) $(CC) $(OUR_CPPFLAGS) $(OUR_CFLAGS) -MMD -MP -c $< -o $@

$(PROGRAM): $(CLI_SRC:%.c=$(B)/%.o) $(B)/filter.o $(LIB) $(B)/sources
	$(call quiet,LINK,$@) $(LINK) -pie $(filter %.o %.a,$^) $(OUR_LIBS) -o $@

$(COMPLETER): $(COMPLETER:$(B)/%=$(B)/scripts/%.o)
	$(call quiet,LINK,$@) $(LINK) $^ -o $@

$(B)/archinspect.%: $(COMPLETER) $(wildcard scripts/completions/*)
	$(call quiet,GEN,$@) { $(COMPLETER) $* && cat /dev/null $(wildcard scripts/completions/$*); } >$@.new && mv $@.new $@

# tests/test_memory.c makes allocations fail.
WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

$(TESTS): $(TEST_SRC:%.c=$(B)/%.o) $(B)/src/cli/sandbox.o $(B)/src/cli/guard.o $(B)/filter.o $(LIB) $(B)/sources
	$(call quiet,LINK,$@) $(LINK) $(WRAP) $(filter %.o %.a,$^) $(TEST_LIBS) $(OUR_LIBS) -o $@

archinspect: $(PROGRAM)
	@ln -sf $< $@

$(B)/tests/%.o: private EXTRA = $(TEST_CFLAGS)
$(B)/tests/fuzz/%.o: private EXTRA =
$(B)/tests/bench/%.o: private EXTRA =

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call quiet,CC,$<) $(CC) $(OUR_CPPFLAGS) $(EXTRA) $(OUR_CFLAGS) -MMD -MP -c $< -o $@

# These two change only when what they hold does: other flags compile everything
# again, a source that came or went links again.
$(B)/flags: hold = $(CC) $(OUR_CPPFLAGS) $(OUR_CFLAGS)
$(B)/sources: hold = $(LIB_SRC) $(CLI_SRC) $(TEST_SRC) $(CATALOGUE) $(LDFLAGS)
$(B)/flags $(B)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(hold)' | cmp -s - $@ || echo '$(hold)' >$@

.PHONY: FORCE
FORCE:

-include $(patsubst %.c,$(B)/%.d,$(LIB_SRC) $(CLI_SRC) $(TEST_SRC) $(FUZZ_SRC) $(BENCH_SRC) $(TOOL_SRC) $(wildcard scripts/*.c) catalogue.c filter.c)

# --- Test ---------------------------------------------------------------------

CHECKS := layers test worst page install-check recipes asan valgrind clang fuzz lint

.PHONY: check
check: ## Install what checking needs, then everything CI runs
	@scripts/deps check
	@scripts/deps page || echo 'check: no browser could be installed; pages are not rendered'
	+@set -e; for step in $(CHECKS); do \
	    echo "== $$step"; \
	    $(SUBMAKE) $$step; \
	done
	@echo 'check: $(words $(CHECKS)) passed, 0 failed'

# Each test is a process of its own, and Criterion looks away when one that has
# passed exits with an error. So what sanitizers and valgrind find (leaks above
# all) goes to files, and any that is not empty fails the run.
REPORTS  = $(CURDIR)/$(B)/reports
run_unit = rm -rf $(REPORTS); mkdir -p $(REPORTS); status=0; $(1) || status=1; \
           if find $(REPORTS) -type f -size +0 -exec cat {} + | grep .; then status=1; fi; exit $$status
# In valgrind each test takes a second to begin: those are run that read files, and so put the rest to work.
IN_VALGRIND = @(zstd|json_reader|json|safetensors|gguf|extents|index|set|checkpoint|malformed|damage|memory|crawl)/*
VALGRIND = TEST_MUTATIONS=20 valgrind -q --trace-children=yes --leak-check=full --show-leak-kinds=definite \
           --error-exitcode=9 --read-inline-info=no --log-file=$(REPORTS)/valgrind-%p

.PHONY: unit
unit: $(TESTS)
	$(call quiet,TEST,$<) $(call run_unit,ASAN_OPTIONS="$$ASAN_OPTIONS:log_path=$(REPORTS)/asan" $(TESTS))

.PHONY: golden
golden: $(PROGRAM)
	$(call quiet,TEST,tests/cli) tests/cli/run.sh $(PROGRAM)

# Scripts that ask the program: each stands for itself, and skips what it needs and is not there.
SCRIPTED := malformed independent capsule scan schema method values toys
.PHONY: $(SCRIPTED)
$(SCRIPTED): $(PROGRAM)
	$(call quiet,TEST,tests/$@.py) tests/$@.py $(PROGRAM)

.PHONY: readme
readme: $(PROGRAM)
	$(call quiet,TEST,README.md) tests/readme.py $(PROGRAM)

.PHONY: test
test: $(TESTS) $(PROGRAM) ## Unit tests, then the program against golden outputs, other readers, the JSON schema, README.md, the method and toys
	+@$(SUBMAKE) unit
	+@$(SUBMAKE) golden
	+@$(SUBMAKE) readme
	+@for script in $(SCRIPTED); do $(SUBMAKE) $$script || exit 1; done

.PHONY: worst
worst: $(PROGRAM) ## The worst inputs within limits of time and memory (TIMES=1 prints what each took)
	$(call quiet,TEST,tests/worst.py) tests/worst.py $(PROGRAM)

.PHONY: page
page: $(PROGRAM) ## HTML reports as a browser and a screen reader read them
	$(call quiet,TEST,tests/page.py) tests/page.py $(PROGRAM)

.PHONY: recipes
recipes: $(PROGRAM) ## Real architectures, rebuilt from fixtures/recipes, against their published configs
	$(call quiet,TEST,fixtures/recipes) tests/recipes.py $(PROGRAM)

.PHONY: asan
asan: ## Tests of code under AddressSanitizer and UndefinedBehaviorSanitizer
	+@$(SUBMAKE) FLAVOUR=asan code-test

.PHONY: code-test
code-test: $(TESTS) $(PROGRAM)
	+@$(SUBMAKE) unit
	+@$(SUBMAKE) golden
	+@$(SUBMAKE) malformed
	+@$(SUBMAKE) independent
	+@$(SUBMAKE) scan

.PHONY: valgrind
valgrind: $(TESTS) ## Those unit tests under valgrind that read files
	$(call quiet,TEST,$< in valgrind) $(call run_unit,$(VALGRIND) $(TESTS) --jobs $(JOBS) --filter '$(IN_VALGRIND)')

.PHONY: clang
clang: ## Build all with clang, warnings as errors
	+@$(SUBMAKE) CC=clang FLAVOUR=release WERROR=1 binaries

.PHONY: binaries
binaries: all $(TESTS)

.PHONY: golden-update
golden-update: $(PROGRAM) ## Take the program's present output as golden
	UPDATE=1 tests/cli/run.sh $(PROGRAM)
	tests/readme.py $(PROGRAM) --update

.PHONY: coverage
coverage: ## Line coverage of src/ by the tests
	@find build/cov -name '*.gcda' -delete 2>/dev/null || true
	+@$(SUBMAKE) FLAVOUR=cov test
	@find build/cov/src -name '*.gcda' -exec gcov -n {} + | awk -F "[':%]" ' \
	    /^File/ { file = $$2 } \
	    /^Lines executed/ && file ~ /^src\/.*\.c$$/ { \
	        n = $$3; sub(/ of /, "", n); lines += n; hit += n * $$2 / 100; \
	        printf "  %6.1f %%  %s\n", $$2, file | "sort -k3"; file = "" } \
	    END { close("sort -k3"); if (lines) printf "  %6.1f %%  of %d lines\n", 100 * hit / lines, lines }'

# --- Fuzz ---------------------------------------------------------------------

FUZZERS      := $(FUZZ_SRC:tests/fuzz/%.c=build/fuzz/%)
FUZZ_SECONDS ?= 20
# What they begin with: fixtures, and what the tables hold that they are about.
SEEDS        := fixtures src/compare/catalogue tests/fuzz/seeds
FUZZ_RUNS    := $(FUZZERS:build/fuzz/%=fuzz-run-%)

.PHONY: fuzz
fuzz: ## Build the fuzzers (tests/fuzz, needs clang) and run each for a while (FUZZ_SECONDS, 20)
	+@$(SUBMAKE) CC=clang FLAVOUR=fuzz fuzzers
	+@$(SUBMAKE) $(FUZZ_RUNS)

.PHONY: fuzzers
fuzzers: $(FUZZERS)

.SECONDARY: $(FUZZ_SRC:%.c=$(B)/%.o) $(BENCH_SRC:%.c=$(B)/%.o)
build/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(LIB)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@) $(LINK) -fsanitize=fuzzer $^ $(OUR_LIBS) -o $@

.PHONY: $(FUZZ_RUNS)
$(FUZZ_RUNS): fuzz-run-%:
	@mkdir -p build/fuzz/corpus-$*
	@build/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=1500 -timeout=20 -artifact_prefix=build/fuzz/$*- \
	    build/fuzz/corpus-$* $(SEEDS) >build/fuzz/$*.log 2>&1 || { tail -n 60 build/fuzz/$*.log; exit 1; }
	@echo "  FUZZ   $*: $$(grep -o 'cov: [0-9]*' build/fuzz/$*.log | tail -n 1), $$(tail -n 1 build/fuzz/$*.log)"

# --- Measure ------------------------------------------------------------------

BENCH       := $(B)/bench
BENCH_TOOLS := $(BENCH)/floor $(BENCH)/measure $(BENCH)/statistics
# By what the compiler is, not by the name it goes by.
BENCH_FOR    = $(if $(findstring clang,$(shell $(CC) --version)),clang,gcc)-$(shell $(CC) -dumpversion | cut -d. -f1)
TURNS       ?= 20

$(BENCH)/statistics: $(LIB)
$(BENCH)/%: $(B)/tests/bench/%.o
	@mkdir -p $(@D)
	$(call quiet,LINK,$@) $(LINK) $^ $(OUR_LIBS) -o $@

.PHONY: bench
bench: $(PROGRAM) $(BENCH_TOOLS) ## Time and memory of the program against floors, in one session (TURNS, UPDATE=1 for counts)
	@tests/bench/inputs.py build/bench
	@tests/bench/bench.py $(PROGRAM) $(BENCH) build/bench --turns $(TURNS) --json $(BENCH)/bench.json \
	    --counts tests/bench/instructions.json --compiler $(BENCH_FOR) $(if $(UPDATE),--update)

# --- Look at the source -------------------------------------------------------

.PHONY: layers
layers: ## Rooms of src/ include only themselves and rooms to their left
	@scripts/check-layers.sh

.PHONY: lint
lint: format-check tidy cppcheck man-check ## clang-format, clang-tidy, cppcheck, mandoc

.PHONY: format
format: ## Rewrite the sources as .clang-format says
	@clang-format -i $(FORMATTED)

.PHONY: format-check
format-check:
	$(call quiet,FORMAT,src include tests scripts) clang-format --dry-run --Werror $(FORMATTED)

# A stamp for each source: what did not change since it passed is not read again.
.PHONY: tidy
tidy: $(patsubst %.c,build/tidy/%.ok,$(sort $(LIB_SRC) $(CLI_SRC) $(TOOL_SRC) $(wildcard scripts/*.c)))

build/tidy/%.ok: %.c $(B)/%.o .clang-tidy
	@mkdir -p $(@D)
	$(call quiet,TIDY,$<) clang-tidy --quiet $< -- -std=c11 $(OUR_CPPFLAGS) 2>$@.log || { cat $@.log >&2; exit 1; }
	@touch $@

.PHONY: cppcheck
cppcheck:
	@mkdir -p build/cppcheck
	$(call quiet,CPPCHK,src) cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --std=c11 --inline-suppr \
	    --suppress=missingIncludeSystem --cppcheck-build-dir=build/cppcheck -j $(JOBS) -Iinclude -Isrc src

# gcc's own analyzer, where the compiler is gcc.
.PHONY: analyze
analyze: $(patsubst %.c,build/analyze/%.ok,$(sort $(LIB_SRC) $(CLI_SRC))) ## gcc -fanalyzer, which takes minutes and is not part of check

build/analyze/%.ok: %.c $(B)/%.o
	@mkdir -p $(@D)
	$(call quiet,ANALYZ,$<) gcc -std=c11 -O1 -fanalyzer -Werror $(OUR_CPPFLAGS) -c $< -o $(@:.ok=.o)
	@touch $@

.PHONY: man-check
man-check:
	$(call quiet,MAN,$(MAN)) mandoc -T lint -W warning $(MAN) && scripts/check-manual.sh

# --- Install ------------------------------------------------------------------

# What is built stays as it was built: with -o, other flags than then are no reason to compile it again.
AS_BUILT = $(patsubst %,-o %,$(wildcard $(B)/flags $(B)/sources))
WHERE    = BUILD='$(B)' VERSION='$(VERSION)' SONAME='$(SONAME)' PKGS='$(PKGS)' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' \
           BINDIR='$(BINDIR)' LIBDIR='$(LIBDIR)' INCLUDEDIR='$(INCLUDEDIR)' DATADIR='$(DATADIR)' MANDIR='$(MANDIR)'

.PHONY: install
install: ## Install into PREFIX (/usr/local), below DESTDIR
	+@$(SUBMAKE) $(AS_BUILT) all
	@$(WHERE) scripts/install

.PHONY: uninstall
uninstall: ## Remove what install put there
	@$(WHERE) scripts/install remove

.PHONY: deb
deb: ## Make a Debian package of what would be installed
	+@MAKE='$(MAKE)' CC='$(CC)' scripts/make-deb build

.PHONY: install-check
install-check: all ## Install, compile against it, complete, package: what users of a system do
	+$(call quiet,TEST,tests/install.sh) MAKE='$(MAKE)' CC='$(CC)' tests/install.sh $(B)

.PHONY: clean
clean: ## Remove all that was built
	rm -rf build archinspect
