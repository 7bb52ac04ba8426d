#!/bin/sh
# Keep the rooms of src/ apart. Prints each violation and exits 1 if there is one.
#
# - A room may include itself and the rooms to its left in `rooms`.
# - Include by "room/file.h", never relatively. "archinspect.h" is for everyone
#   and itself includes nothing of ours.
# - One file each may know cJSON, libyaml and zstd.
# - Only the program prints or ends the process; the library reports.
#
# Comments and string literals do not count.
set -eu
cd "$(dirname "$0")/.."

rooms="base read measure audit infer lineage compare report cli"

find src include -name '*.[ch]' -o -name '*.def' | LC_ALL=C sort | xargs -r awk -v rooms="$rooms" '
BEGIN {
    n = split(rooms, name, " ")
    for (i = 1; i <= n; i++) rank[name[i]] = i
    owner["cJSON.h"] = "src/base/json.c"
    owner["yaml.h"] = "src/base/yaml.c"
    owner["zstd.h"] = "src/base/zstd.c"
    owner["dlfcn.h"] = "src/base/hash.c"
    edge = "[^A-Za-z0-9_]"
    speaks = edge "(v?printf|puts|putchar|perror|_?exit|_Exit|quick_exit|abort)[ \t]*\\("
    streams = edge "(stdout|stderr)" edge
}

function bad(message) {
    print FILENAME ":" FNR ": " message
    failed = 1
}

# The line without comments; with the contents of literals too, unless `keep`.
function code(line, keep,    out, c, quote) {
    out = ""
    while (line != "") {
        c = substr(line, 1, 1)
        if (in_comment) {
            c = index(line, "*/")
            if (c == 0) return out
            in_comment = 0
            line = substr(line, c + 2)
            continue
        }
        if (quote != "" && c == "\\") {
            if (keep) out = out substr(line, 1, 2)
            line = substr(line, 3)
            continue
        }
        if (quote == "" && substr(line, 1, 2) == "//") return out
        if (quote == "" && substr(line, 1, 2) == "/*") {
            in_comment = 1
            out = out " "
            line = substr(line, 3)
            continue
        }
        if (c == quote) quote = ""
        else if (quote == "" && (c == "\"" || c == "\047")) quote = c
        else if (quote != "" && !keep) c = ""
        out = out c
        line = substr(line, 2)
    }
    return out
}

function check_include(directive,    target, parts) {
    target = directive
    sub(/^[ \t]*#[ \t]*include[ \t]*["<]/, "", target)
    sub(/[">].*/, "", target)
    if (directive ~ /</) {
        sub(/.*\//, "", target)
        if (target in owner && FILENAME != owner[target]) bad("only " owner[target] " may include " target)
    } else if (room == "include") {
        bad("the public header may not include \"" target "\"")
    } else if (target != "archinspect.h") {
        split(target, parts, "/")
        if (!(parts[1] in rank)) bad("\"" target "\" is not of the form \"room/file.h\"")
        else if (rank[parts[1]] > rank[room]) bad(room " may not include " parts[1] "/")
    }
}

FNR == 1 {
    in_comment = 0
    split(FILENAME, path, "/")
    room = path[1] == "src" ? path[2] : "include"
    if (room != "include" && !(room in rank)) bad("src/" room " is not a room")
}

/^[ \t]*#[ \t]*include[ \t]*["<]/ && !in_comment { check_include(code($0, 1)); next }

{
    line = " " code($0, 0) " "
    if (room == "cli") next
    if (match(line, speaks)) bad("only cli may call " substr(line, RSTART + 1, RLENGTH - 1) "...)")
    if (match(line, streams)) bad("only cli may use " substr(line, RSTART + 1, RLENGTH - 2))
}

END { exit failed }
' || exit 1
