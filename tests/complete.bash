#!/usr/bin/env bash
# Completion in bash, without a terminal: what is offered for a command line that ends in its last word.
#
#     tests/complete.bash COMPLETION PROGRAM
set -u
# shellcheck disable=SC1090  # Made by the build.
source "$1" || exit 1
program=$2 status=0

# offers EXPECTED WORD...: the words as readline splits them; sorted, with blanks between.
offers() {
    local expected=$1 got
    shift
    COMP_WORDS=(archinspect "$@") COMP_CWORD=$# COMPREPLY=()
    _archinspect
    got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | paste -s -d ' ')
    [[ $got == "$expected" ]] || { echo "$*: expected '$expected', got '$got'"; status=1; }
}

offers 'html json md ndjson text' --format ''
offers 'json' -f j
offers 'json' --format = j
offers 'html json md ndjson text' --format =
offers 'always auto' match --color a
offers 'different identical independent similar' compare --require ''
offers 'identical independent' match --min-tier i
offers 'depth=' --limit d
offers '' --limit depth = 8
offers 'core' match --keys cor
offers 'core,hidden_size' match --keys core,hidden_s
offers 'en ko' --lang ''
offers 'match' mat
offers 'tensors' -f json ten
offers 'compare' help com
offers '' match ''
offers '' match mod
offers '' --output ''
offers '' -- --for
offers '--keys' compare --k
offers '--keys' match --catalogue x --ke
offers '' inspect --k
offers '--verbose --version' --ver

# The program takes every value that is offered: it then finds no file, and says nothing of usage.
takes() {
    local option=$1 command=$2 word
    for word in $(_archinspect_words "$option"); do
        [[ $word != *= ]] || word+=1
        "$program" "$command" --json "$option" "$word" /nowhere /nowhere 2>/dev/null | grep -q '"not_found"' ||
            { echo "$option $word is not taken"; status=1; }
    done
}

for option in --color --limit --lang; do takes $option inspect; done
takes --keys match
takes --require compare
takes --min-tier match
for word in $(_archinspect_words --format); do
    "$program" --format "$word" /nowhere 2>&1 | grep -q 'No such file' || { echo "--format $word is not taken"; status=1; }
done
exit $status
