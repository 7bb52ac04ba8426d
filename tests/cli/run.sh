#!/bin/sh
# Golden tests of the program: each folder beside this script is one case.
#
#     tests/cli/run.sh PROGRAM [CASE...]
#     UPDATE=1 tests/cli/run.sh PROGRAM [CASE...]    rewrites what is expected
#
# In a case's folder:
#     cmd           shell commands, run in an empty folder; $ARCHINSPECT is the
#                   program, $FIXTURES the fixtures; nothing on standard input
#     stdout        exactly what is to be printed; absent means nothing
#     stderr        the same
#     exit          the exit status; absent means 0
#     skip-unless   optional shell commands; if they fail, the case is skipped
#
# The environment is empty but for PATH, HOME, LC_ALL, TERM and the two above.
set -u

limit=120 # Seconds for one case.

here=$(cd "$(dirname "$0")" && pwd)

# Run the snippet $1 of case $case in the folder $2.
run_snippet() {
    env -i PATH="$PATH" HOME="$2" LC_ALL=C.UTF-8 TERM=dumb ARCHINSPECT="$ARCHINSPECT" FIXTURES="$FIXTURES" \
        ${ASAN_OPTIONS+"ASAN_OPTIONS=$ASAN_OPTIONS"} ${UBSAN_OPTIONS+"UBSAN_OPTIONS=$UBSAN_OPTIONS"} \
        timeout "$limit" sh -c 'cd "$1" && . "$2"' sh "$2" "$here/$case/$1" </dev/null
}

# Print the difference between expected file $1 (may be absent) and $2.
differ() {
    expected=$1
    [ -e "$expected" ] || expected=/dev/null
    cmp -s "$expected" "$2" || diff -u --label "$case/$3 (expected)" --label "$case/$3 (got)" "$expected" "$2"
}

# Make the expected file $1 what $2 is; what equals the default $3 needs no file.
accept() {
    if cmp -s "$2" "$3"; then rm -f "$1"; else cp "$2" "$1"; fi
}

# One case, in the scratch folder $2; the verdict and what to say go to $2.
run_case() {
    case=$1 scratch=$2
    mkdir -p "$scratch/work"
    if [ -e "$here/$case/skip-unless" ] && ! run_snippet skip-unless "$scratch/work" >/dev/null 2>&1; then
        echo skipped >"$scratch/verdict"
        return
    fi
    run_snippet cmd "$scratch/work" >"$scratch/stdout" 2>"$scratch/stderr"
    echo $? >"$scratch/exit"
    # What is in force depends on the kernel, and on the build.
    sed -i '/^archinspect: sandbox: /d' "$scratch/stderr"
    echo 0 >"$scratch/zero"
    [ -e "$here/$case/exit" ] && wanted=$here/$case/exit || wanted=$scratch/zero
    {
        differ "$here/$case/stdout" "$scratch/stdout" stdout
        differ "$here/$case/stderr" "$scratch/stderr" stderr
        differ "$wanted" "$scratch/exit" exit
    } >"$scratch/diff" 2>&1
    if [ ! -s "$scratch/diff" ]; then
        echo passed >"$scratch/verdict"
    elif [ "${UPDATE-}" = 1 ]; then
        accept "$here/$case/stdout" "$scratch/stdout" /dev/null
        accept "$here/$case/stderr" "$scratch/stderr" /dev/null
        accept "$here/$case/exit" "$scratch/exit" "$scratch/zero"
        echo updated >"$scratch/verdict"
    else
        echo failed >"$scratch/verdict"
    fi
}

if [ "${1-}" = --case ]; then
    run_case "$2" "$RESULTS/$2"
    exit 0
fi

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
    echo "usage: tests/cli/run.sh PROGRAM [CASE...]" >&2
    exit 2
fi
ARCHINSPECT=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
FIXTURES=$(cd "$here/../.." && pwd)/fixtures
shift
RESULTS=$(mktemp -d)
trap 'rm -rf "$RESULTS"' EXIT
trap 'exit 130' INT TERM
export ARCHINSPECT FIXTURES RESULTS

if [ $# -gt 0 ]; then
    cases=$*
else
    cases=$(cd "$here" && ls -d -- */cmd 2>/dev/null | sed 's|/cmd$||')
fi
if [ -z "$cases" ]; then
    echo "golden: there is no case in tests/cli" >&2
    exit 1
fi

echo "$cases" | xargs -n 1 -P "$(nproc)" sh "$0" --case

passed=0 failed=0 skipped=0 updated=0
for case in $cases; do
    verdict=$(cat "$RESULTS/$case/verdict" 2>/dev/null)
    case $verdict in
    passed) passed=$((passed + 1)) ;;
    skipped) skipped=$((skipped + 1)) ;;
    updated) updated=$((updated + 1)) && echo "updated $case" ;;
    *) failed=$((failed + 1)) && echo "FAILED $case" && cat "$RESULTS/$case/diff" ;;
    esac
done
if [ $updated -gt 0 ]; then echo "golden: $updated updated; read the difference before you commit it"; fi
summary="golden: $((passed + updated)) passed, $failed failed"
if [ $skipped -gt 0 ]; then summary="$summary, $skipped skipped"; fi
echo "$summary"
[ $failed -eq 0 ]
