#!/usr/bin/env python3
"""Hold README.md against the program: what it shows after `$ ./archinspect ...` is what the program prints.

    tests/readme.py PROGRAM             check
    tests/readme.py PROGRAM --update    write the present output into README.md
"""
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
README = TOP / "README.md"
TRANSCRIPT = re.compile(r"^```\n\$ \./archinspect ((?:.*\\\n)*.*)\n(?:.*\n)*?```\n", re.MULTILINE)


def transcript(program, arguments):
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    command = f"'{pathlib.Path(program).resolve()}' {arguments}"
    run = subprocess.run(command, shell=True, cwd=TOP, env=environment, capture_output=True, text=True)
    if run.returncode > 1:  # 1 is an answer.
        raise RuntimeError(f"{command}: status {run.returncode}: {run.stderr}")
    return f"```\n$ ./archinspect {arguments}\n{run.stdout.rstrip()}\n```\n"


def main(program, update):
    text = README.read_text()
    shown = list(TRANSCRIPT.finditer(text))
    real = TRANSCRIPT.sub(lambda found: transcript(program, found[1]), text)
    if update:
        README.write_text(real)
    stale = [] if update else [found[1] for found in shown if transcript(program, found[1]) != found[0]]
    for arguments in stale:
        print(f"readme: archinspect {arguments} prints something else now: tests/readme.py {program} --update")
    print(f"readme: {len(shown) - len(stale)} passed, {len(stale)} failed")
    return 1 if stale or not shown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
