#!/bin/sh
# What users of a system do with the program: install it, compile against it, complete
# its command line, take it away, put it into a package.
#
#     [MAKE=make] tests/install.sh BUILD
#
# BUILD is the folder of what was built, build/release. A part whose tools are not here
# is skipped, and says so.
set -u
cd "$(dirname "$0")/.." || exit 2

build=$1
make=${MAKE:-make}
cc=${CC:-cc}
passed=0 failed=0 skipped=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
# Nothing asks for what was installed before, nor in another language.
export LC_ALL=C PKG_CONFIG_PATH='' PKG_CONFIG_SYSROOT_DIR=''

# test_that NAME COMMAND...: what it prints is shown where it fails; 77 is skipped.
test_that() {
    name=$1
    shift
    "$@" >"$scratch/log" 2>&1
    case $? in
    0) passed=$((passed + 1)) ;;
    77) skipped=$((skipped + 1)); echo "skipped $name: $(cat "$scratch/log")" ;;
    *) failed=$((failed + 1)); echo "FAILED $name"; cat "$scratch/log" ;;
    esac
}

have() {
    for tool; do
        command -v "$tool" >/dev/null || { echo "$tool is not here"; exit 77; }
    done
}

run_make() {
    "$make" --no-print-directory "$@"
}

# The names and modes of what is below $1.
listing() {
    (cd "$1" && find . ! -type d -printf '%p %m %l\n' | sort)
}

# --- The files ------------------------------------------------------------------------------

installs_for_all() (
    umask 077
    run_make install DESTDIR="$scratch/a" PREFIX=/usr || exit 1
    bad=$(find "$scratch/a/usr" \( -type d ! -perm 755 -o -type f ! -perm 644 ! -path '*/bin/*' \
        -o -type f ! -perm 755 -path '*/bin/*' \))
    if [ -n "$bad" ]; then echo "wrong mode: $bad"; exit 1; fi
    for file in bin/archinspect lib/libarchinspect.a lib/libarchinspect.so include/archinspect.h \
        lib/pkgconfig/archinspect.pc share/man/man1/archinspect.1 share/man/man3/libarchinspect.3 \
        share/man/man5/archinspect-catalogue.5 share/doc/archinspect/LICENSE; do
        [ -s "$scratch/a/usr/$file" ] || { echo "$file is not there"; exit 1; }
    done
    [ "$(readlink "$scratch/a/usr/lib/libarchinspect.so")" = libarchinspect.so.0 ]
)

installs_what_was_built() (
    before=$(find "$build" -name '*.o' -printf '%p %T@\n' -o -name archinspect -printf '%p %T@\n' | sort)
    run_make install DESTDIR="$scratch/flags" CFLAGS=-O1 LDFLAGS=-s WERROR=1 || exit 1
    after=$(find "$build" -name '*.o' -printf '%p %T@\n' -o -name archinspect -printf '%p %T@\n' | sort)
    [ "$before" = "$after" ] && cmp "$build/archinspect" "$scratch/flags/usr/local/bin/archinspect"
)

uninstalls_what_it_installed() (
    where=$scratch/b
    mkdir -p "$where/usr/local/bin" "$where/usr/local/lib" "$where/usr/local/share/doc/other"
    touch "$where/usr/local/bin/mine" "$where/usr/local/lib/libarchinspect-mine.so" "$where/usr/local/share/doc/other/a"
    listing "$where" >"$scratch/before"
    run_make install DESTDIR="$where" && run_make uninstall DESTDIR="$where" || exit 1
    listing "$where" | diff "$scratch/before" - || exit 1
    [ ! -e "$where/usr/local/share/doc/archinspect" ] && [ -d "$where/usr/local/bin" ]
)

# --- The library ----------------------------------------------------------------------------

exports_what_is_declared() (
    have nm
    $cc -E -P include/archinspect.h | grep -oE '\bari_\w+ *\(' | tr -d ' (' | sort -u >"$scratch/declared"
    nm -D --defined-only "$scratch/a/usr/lib/libarchinspect.so" | awk '{ print $3 }' | sort >"$scratch/exported"
    diff "$scratch/declared" "$scratch/exported" && [ -s "$scratch/declared" ]
)

# The example of the manual.
example() {
    awk '/^\.Sh EXAMPLES/ { on = 1 } on && /^\.Ed/ { exit } code { gsub(/\\e/, "\\"); print } on && /^\.Bd/ { code = 1 }' \
        "$1/share/man/man3/libarchinspect.3"
}

# The example against what is installed in $1, with further arguments for pkg-config, or -static for the archive.
compiles_and_runs() (
    where=$1 prefix=$2 kind=$3
    have pkg-config
    example "$where$prefix" >"$scratch/example.c"
    PKG_CONFIG_LIBDIR="$where$prefix/lib/pkgconfig:$(pkg-config --variable pc_path pkg-config)"
    PKG_CONFIG_SYSROOT_DIR=$where
    export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
    static=
    if [ "$kind" = static ]; then static=--static; fi
    flags=$(pkg-config $static --cflags --libs archinspect) || exit 1
    # The archive is taken though the shared library lies beside it.
    if [ "$kind" = static ]; then flags=$(echo "$flags" | sed 's/-larchinspect/-l:libarchinspect.a/'); fi
    # As a shell reads it: in a folder's name blanks are escaped.
    eval "$cc -std=c11 -Wall -Wextra -Wpedantic -Werror \"\$scratch/example.c\" -o \"\$scratch/example\" $flags" || exit 1
    if [ "$kind" = static ]; then
        if readelf -d "$scratch/example" | grep libarchinspect; then exit 1; fi
    else
        export LD_LIBRARY_PATH="$where$prefix/lib"
    fi
    "$scratch/example" fixtures/demo.gguf >"$scratch/said" || exit 1
    echo '64 (shape: length of blk.{}.attn_norm.weight)' | diff - "$scratch/said"
    same=$?
    if "$scratch/example" /nowhere; then exit 1; fi
    exit $same
)

# With C++, whose name-mangling and stricter casts the header has to stand.
header_in_cplusplus() (
    have c++
    printf '#include <archinspect.h>\nint main() { return ari_version() == nullptr; }\n' >"$scratch/example.cc"
    c++ -std=c++11 -Wall -Wextra -Werror -I"$scratch/a/usr/include" "$scratch/example.cc" -o "$scratch/plus" \
        -L"$scratch/a/usr/lib" -larchinspect && LD_LIBRARY_PATH="$scratch/a/usr/lib" "$scratch/plus"
)

blanks_in_names() (
    run_make install DESTDIR="$scratch/some where" PREFIX='/opt/two words' || exit 1
    "$scratch/some where/opt/two words/bin/archinspect" --version || exit 1
    run_make uninstall DESTDIR="$scratch/some where" PREFIX='/opt/two words' || exit 1
    [ -z "$(listing "$scratch/some where")" ] || exit 1
    # pkg-config itself takes no blank in PKG_CONFIG_SYSROOT_DIR.
    run_make install DESTDIR="$scratch/c" PREFIX='/opt/two words' || exit 1
    compiles_and_runs "$scratch/c" '/opt/two words' shared
)

# --- The program ------------------------------------------------------------------------------

# wants WHAT PATTERN FILE
wants() {
    grep -Eq "$2" "$3" || { echo "the program has no $1"; exit 1; }
}

is_hardened() (
    have readelf objdump
    readelf -hldW "$build/archinspect" >"$scratch/elf" || exit 1
    readelf -sW "$build/archinspect" >"$scratch/symbols" || exit 1
    wants PIE 'FLAGS_1.*PIE' "$scratch/elf"
    wants BIND_NOW 'FLAGS.*BIND_NOW|FLAGS_1.*NOW' "$scratch/elf"
    wants RELRO GNU_RELRO "$scratch/elf"
    wants 'stack that is not executable' 'GNU_STACK .* RW +0x' "$scratch/elf"
    wants 'stack protector' __stack_chk_fail "$scratch/symbols"
    wants 'fortified functions' '__\w+_chk@' "$scratch/symbols"
    if [ "$(uname -m)" = x86_64 ]; then
        # The note that says so is missing where the C library's own objects lack it, as on Debian.
        objdump -d --no-show-raw-insn "$build/archinspect" | grep -A1 '<main>:' >"$scratch/main"
        wants 'control-flow protection' endbr64 "$scratch/main"
    fi
)

# --- Completions --------------------------------------------------------------------------------

completions=$build/archinspect

# Every option that help shows is completed in all shells.
options_are_complete() (
    program=$build/archinspect
    {
        "$program" --help
        for command in $("$program" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
            if [ "$command" != help ]; then "$program" help "$command"; fi
        done
    } | sed -nE '/^Options/,/^$/s/^ +(-., )?(--[a-z-]+).*/\2/p' | sort -u >"$scratch/options"
    [ "$(wc -l <"$scratch/options")" -gt 10 ] || exit 1
    while read -r option; do
        grep -q -e "[ |']${option}[ |')]" "$completions.bash" || { echo "bash: $option"; exit 1; }
        grep -q -e "${option}[]=}[]" "$completions.zsh" || { echo "zsh: $option"; exit 1; }
        grep -q -e "-l ${option#--} " "$completions.fish" || { echo "fish: $option"; exit 1; }
    done <"$scratch/options"
)

completes_in_bash() (
    have bash
    bash tests/complete.bash "$completions.bash" "$build/archinspect"
)

completes_in_zsh() (
    have zsh
    zsh -n "$completions.zsh"
)

completes_in_fish() (
    have fish
    fish -n "$completions.fish" || exit 1
    HOME=$scratch fish --no-config -c "source $completions.fish
        complete -C 'archinspect --format '; complete -C 'archinspect match --min-'; complete -C 'archinspect cat'" |
        cut -f1 >"$scratch/said"
    printf '%s\n' html json md ndjson text --min-tier catalogue | diff - "$scratch/said"
)

# --- The package ----------------------------------------------------------------------------------

makes_a_package() (
    have dpkg-deb dpkg gzip
    MAKE=$make CC=$cc scripts/make-deb "$scratch/deb" || exit 1
    package=$(echo "$scratch"/deb/archinspect_*.deb)
    dpkg-deb -I "$package" | tee "$scratch/control" || exit 1
    grep -Eq '^ Depends: .*libc6.*libyaml-0-2.*libzstd1' "$scratch/control" || exit 1
    grep -Eq '^ Installed-Size: [1-9]' "$scratch/control" || exit 1
    dpkg-deb -c "$package" >"$scratch/list" || exit 1
    if grep -v ' root/root ' "$scratch/list"; then exit 1; fi
    for file in bin/archinspect include/archinspect.h share/man/man1/archinspect.1.gz share/man/man3/libarchinspect.3.gz \
        share/doc/archinspect/copyright share/doc/archinspect/changelog.gz share/bash-completion/completions/archinspect; do
        grep -q " ./usr/$file\$" "$scratch/list" || { echo "no $file in it"; exit 1; }
    done
    mkdir "$scratch/unpacked"
    dpkg-deb -x "$package" "$scratch/unpacked" && dpkg-deb -e "$package" "$scratch/unpacked/DEBIAN" || exit 1
    (cd "$scratch/unpacked" && md5sum --quiet -c DEBIAN/md5sums) || exit 1
    "$scratch/unpacked/usr/bin/archinspect" --json fixtures/demo.gguf | grep -q '"hidden_size"'
)

test_that 'installs for all, whoever installs' installs_for_all
test_that 'installs what was built' installs_what_was_built
test_that 'uninstalls what it installed' uninstalls_what_it_installed
test_that 'the library exports what the header declares' exports_what_is_declared
test_that 'the example of the manual, shared' compiles_and_runs "$scratch/a" /usr shared
test_that 'the example of the manual, static' compiles_and_runs "$scratch/a" /usr static
test_that 'the header in C++' header_in_cplusplus
test_that 'folders with blanks in their names' blanks_in_names
test_that 'the program is hardened' is_hardened
test_that 'completions know every option' options_are_complete
test_that 'completion in bash' completes_in_bash
test_that 'completion in zsh' completes_in_zsh
test_that 'completion in fish' completes_in_fish
test_that 'a Debian package' makes_a_package

summary="install: $passed passed, $failed failed"
if [ $skipped -gt 0 ]; then summary="$summary, $skipped skipped"; fi
echo "$summary"
[ $failed -eq 0 ]
