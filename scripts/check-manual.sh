#!/bin/sh
# Hold the manual against the tables of the source: every option, finding with its
# severity, status word, limit with its default and command is explained, and every
# function of the library.
# Prints what is missing and exits 1 if anything is.
set -eu
cd "$(dirname "$0")/.."

page=man/archinspect.1
status=0

# Is there a line in the manual that begins with $1?
wants() {
    if awk -v words="$1" 'index($0, words) == 1 { found = 1 } END { exit !found }' "$page"; then return; fi
    echo "$page: no line begins with \"$1\""
    status=1
}

# The lines of file $2 that sed's script $1 prints, each held against the manual.
each() {
    sed -nE "$1" "$2" >"$lines"
    [ -s "$lines" ] || { echo "$2: no row was found"; status=1; }
    while IFS= read -r line; do wants "$line"; done <"$lines"
}

lines=$(mktemp)
trap 'rm -f "$lines"' EXIT

each 's/^FINDING\(\w+, *"([^"]+)", *(\w+),.*/.It Cm \1 Pq \L\2/p' src/read/finding.def
each 's/^OPTION\(\w+, *0, *"([^"]+)", *(NULL|"[^"]*"), *(NULL|"[^"]*"), *".*/.It Fl -\1/p' src/cli/option.def
each "s/^OPTION\(\w+, *'(.)', *\"([^\"]+)\", *NULL, *NULL, *\".*/.It Fl \1 , Fl -\2/p" src/cli/option.def
each "s/^OPTION\(\w+, *'(.)', *\"([^\"]+)\", *\"([A-Z]+)\", *(NULL|\"[^\"]*\"), *\".*/.It Fl \1 Ar \L\3\E , Fl -\2 Ar \L\3/p" src/cli/option.def
each 's/^COMMAND\("(\w+)", *run_.*/.It Cm \1/p' src/cli/command.def
each '/STATUS_LIST/,/^$/ { /\(OK,/d; s/^ *X\(\w+, "(\w+)".*/.It Cm \1/p }' include/archinspect.h
each '/LIMIT_LIST/,/^$/ s/^ *X\(\w+, [0-9]+u, "([a-z-]+)".*/.It Cm \1/p' include/archinspect.h
each '/LIMIT_LIST/,/^$/ s/^ *X\(\w+, ([0-9]+)u, .*/\1 /p' include/archinspect.h

page=man/libarchinspect.3
each 's/^[a-z].*[ *](ari_\w+)\(.*/.Fn \1 /p' include/archinspect.h
each '/STATUS_LIST/,/^$/ { /\(OK,/d; s/^ *X\((\w+), .*/.It Dv ARI_\1/p }' include/archinspect.h

exit $status
