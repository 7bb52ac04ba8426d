#!/usr/bin/env python3
"""Run the program on files nobody should trust: it ends soon, within its memory, with one clear line.

    tests/malformed.py PROGRAM

Over fixtures/malformed, over files made here that ask for much (a bomb, a hundred thousand of everything), and over
the malformed files below ../shared where those are at hand.

Each run must end with status 0, 1 or 2. With 2 there is one line on standard error, and perhaps a hint; with 0 there
is none. JSON is valid in any case. Where the program was built with sanitizers, time and memory are theirs too, so
only their silence counts, and an end.
"""
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

TOP = pathlib.Path(__file__).resolve().parent.parent
SHARED = TOP.parent / "shared"
MEBIBYTES = 256
SECONDS = 1.0
DEMANDING_SECONDS = 5.0  # For what was made to take long.
SANITIZED_SECONDS = 60.0


# --- Files that ask for much -----------------------------------------------------------------------------------------

def safetensors(header, data=b""):
    header = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(header)) + header + data


def entry(begin, end):
    return '{"dtype":"U8","shape":[%d],"data_offsets":[%d,%d]}' % (end - begin, begin, end)


def gguf(tensors, pairs, rest):
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, pairs) + rest


def string(text):
    return struct.pack("<Q", len(text)) + text


def bomb(head, zeros):
    """zstd: these bytes, then so many zeros for a few bytes each 128 KiB, in a window of 128 MiB."""
    blocks = struct.pack("<I", len(head) << 3)[:3] + head
    step = 1 << 17
    blocks += (struct.pack("<I", step << 3 | 1 << 1)[:3] + b"\0") * (zeros // step)
    return b"\x28\xb5\x2f\xfd" + struct.pack("<BB", 0, (27 - 10) << 3) + blocks + b"\x01\x00\x00"


def demanding(many):
    names = ['"model.layers.%d.mlp.experts.%d.w"' % (i // 1000, i % 1000) for i in range(many)]
    one = entry(0, 1)
    return {
        "bomb.gguf.zst": bomb(gguf(0, 1, struct.pack("<Q", 1 << 40)), 4 << 30),
        "bomb.safetensors.zst": bomb(struct.pack("<Q", 90000000) + b'{"a":', 1 << 30),
        "one-name.safetensors": safetensors("{" + ",".join(['"a":' + one] * many) + "}", b"\0"),
        "one-place.safetensors": safetensors("{" + ",".join(n + ":" + one for n in names) + "}", b"\0"),
        "odd-names.safetensors": safetensors(
            "{" + ",".join('"\\u001b%d":%s' % (i, entry(i, i + 1)) for i in range(many)) + "}", bytes(many)),
        "types.safetensors": safetensors("{" + ",".join(
            '"t%d":{"dtype":"X%d","shape":[1],"data_offsets":[%d,%d]}' % (i, i, i, i + 1) for i in range(many))
            + "}", bytes(many)),
        "stacks.safetensors": safetensors("{" + ",".join(
            '"s%d.%d.attn.q%d.w":%s' % (i, i, i, entry(i, i + 1)) for i in range(many)) + "}", bytes(many)),
        "long-name.safetensors": safetensors('{"' + "\\u202e" * 10 * many + '":' + entry(0, 1) + "}", b"\0"),
        "metadata.safetensors": safetensors(
            '{"__metadata__":{' + ",".join('"k%d":"v"' % (i // 2) for i in range(many)) + "}}"),
        "dimensions.safetensors": safetensors(
            '{"a":{"dtype":"U8","shape":[' + ",".join(["1"] * 60000) + '],"data_offsets":[0,1]}}', b"\0"),
        "spaces.safetensors": safetensors(b" " * 900 * many + b"{}"),
        "brackets.safetensors": safetensors('{"a":' + "[" * 90 * many),
        "backslashes.safetensors": safetensors('{"' + "\\\\" * 90 * many + '":1}'),
        "keys.gguf": gguf(0, many, b"".join(string(b"k%d" % (i // 2)) + struct.pack("<IB", 0, 1) for i in range(many))),
        "arrays.gguf": gguf(0, 1, string(b"k") + struct.pack("<IIQ", 9, 9, many)
                            + struct.pack("<IQ", 0, 0) * many),
        "infos.gguf": gguf(many, 0, b"".join(string(b"blk.%d.w" % i) + struct.pack("<IIQ", 0, 99, 0)
                                             for i in range(many)) + bytes(64)),
        "names.gguf": gguf(2, 0, (string(b"\xff" * 30 * many) + struct.pack("<IIQ", 0, 0, 0)) * 2 + bytes(64)),
    }


def index_of_many():
    """A folder whose index names twenty thousand files, one of which is there."""
    rows = ",".join('"t%d":"f%d.safetensors"' % (i, i % 20000) for i in range(200000))
    return {"f0.safetensors": safetensors('{"t0":' + entry(0, 1) + "}", b"\0"),
            "model.safetensors.index.json": ('{"weight_map":{' + rows + "}}").encode(),
            "config.json": (b"[" * 100000)}


# --- Runs --------------------------------------------------------------------------------------------------------------

# A child's peak of memory is at least what its parent had when it was started: this process stays small, and leaves
# what is large to others.

JSON = "import json, sys; json.load(sys.stdin.buffer)"


def run(command, out, err):
    """Status, seconds of processor time and peak MiB of a command."""
    started = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    out.seek(0)
    err.seek(0)
    seconds = min(usage.ru_utime + usage.ru_stime, time.monotonic() - started)
    return child.returncode, seconds, usage.ru_maxrss / 1024


def has_controls(file):
    found = any(re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", chunk) for chunk in iter(lambda: file.read(1 << 16), b""))
    file.seek(0)
    return found


def is_json(file):
    if os.fstat(file.fileno()).st_size > 1 << 16:
        return subprocess.run([sys.executable, "-c", JSON], stdin=file, stderr=subprocess.DEVNULL).returncode == 0
    try:
        json.load(file)
    except ValueError:
        return False
    return True


def faults(program, path, arguments, sanitized):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        status, seconds, memory = run([program, *arguments, path], out, err)
        yield from faults_of_texts(status, arguments, out, err)
    demanding_one = "/much/" in path or path.endswith("/index")
    if seconds > (SANITIZED_SECONDS if sanitized else DEMANDING_SECONDS if demanding_one else SECONDS):
        yield f"takes {seconds:.2f} s"
    if memory > MEBIBYTES and not sanitized:
        yield f"takes {memory:.0f} MiB"


def faults_of_texts(status, arguments, out, err):
    if has_controls(out) or has_controls(err):
        yield "prints control characters"
    lines = err.read().decode("utf-8", "replace").splitlines()
    if status not in (0, 1, 2):
        yield f"ends with {status}: {' / '.join(lines)[:400]}"
        return
    if status == 2:
        if not lines or not re.match(r"archinspect: .+: .+", lines[0]):
            yield f"no clear line: {lines[:2]}"
        if len(lines) > 2 or (len(lines) == 2 and not lines[1].startswith("hint: ")):
            yield f"more than a line and a hint: {lines}"
    elif lines:
        yield f"status {status}, and says {lines}"
    if "--json" in arguments and not is_json(out):
        yield "prints what is no JSON"


def check(job):
    return [f"{job[1]} ({' '.join(job[2])}): {fault}" for fault in faults(*job)]


def write(folder, files):
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def subjects(scratch, many):
    yield from sorted((TOP / "fixtures" / "malformed").iterdir())
    subprocess.run([sys.executable, __file__, "--make", scratch, str(many)], check=True)
    yield from sorted((scratch / "much").iterdir())
    yield scratch / "index"
    for folder in ("malformed", "torch"):
        yield from (p for p in sorted((SHARED / "files" / folder).rglob("*")) if p.is_file())
    maker = SHARED / "example" / "scripts" / "make-fixtures.py"
    if maker.exists():
        subprocess.run([sys.executable, maker, scratch / "example"], check=True)
        yield from sorted((scratch / "example").iterdir())


def stale_fixtures(scratch):
    """The fixtures here that are not what their script writes."""
    subprocess.run([sys.executable, TOP / "scripts" / "make-fixtures.py", scratch], check=True, stdout=subprocess.DEVNULL)
    for path in sorted(p for p in scratch.rglob("*") if p.is_file()):
        here = TOP / "fixtures" / path.relative_to(scratch)
        if not here.exists() or here.read_bytes() != path.read_bytes():
            yield f"{here}: is not what scripts/make-fixtures.py writes"


def main(program):
    program = str(pathlib.Path(program).resolve())
    sanitized = b"__asan_init" in pathlib.Path(program).read_bytes()
    if not SHARED.is_dir():
        print("malformed: ../shared is not here, only what is of the project is tried")
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count()) as pool:
        paths = [str(path) for path in subjects(pathlib.Path(scratch), 10000 if sanitized else 100000)]
        jobs = [(program, path, arguments, sanitized) for path in paths
                for arguments in (["inspect", "--json"], ["tensors"])]
        found = list(stale_fixtures(pathlib.Path(scratch) / "fixtures"))
        found += [fault for of_one in pool.map(check, jobs) for fault in of_one]
    for fault in found[:40]:
        print(fault)
    print(f"malformed: {len(paths)} files, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        write(pathlib.Path(sys.argv[2]) / "much", demanding(int(sys.argv[3])))
        write(pathlib.Path(sys.argv[2]) / "index", index_of_many())
        sys.exit(0)
    if len(sys.argv) != 2:
        sys.exit("usage: tests/malformed.py PROGRAM")
    sys.exit(main(sys.argv[1]))
