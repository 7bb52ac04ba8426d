#!/usr/bin/env python3
"""Scan folders of every kind: each checkpoint once, in order, whatever else lies there.

    tests/scan.py PROGRAM

What is expected stands here, by hand; what each report says is inspect's to answer for, and held against it.
"""
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures"
PROGRAM = pathlib.Path(sys.argv[1]).resolve()
MANY = 200

# In the order of the names on each path, by bytes. What begins with "!" is an error.
EXPECTED = [
    b".hidden",
    b"a",
    b"a/deep/er",
    b"a.b",
    b"a0",
    b"alternatives/o",
    b"alternatives/p.gguf",
    b"alternatives/pq",
    b"alternatives/q.gguf",
    b"!bad/link.gguf",
    b"!bad/page.safetensors",
    b"!bad/pipe.gguf",
    b"bad/sound.gguf",
    b"!broken",
    b"capsule",
    b"hub/models--org--name/snapshots/0123",
    b"hub/models--org--name/snapshots/4567",
    b"!index-alone",
    b"named/\n\t",
    b"named/\"quoted\"",
    "named/모델".encode(),
    b"named/\xff",
    b"pipeline/text_encoder",
    b"pipeline/text_encoder/notes",
    b"pipeline/unet",
    b"pipeline/vae/a.safetensors",
    b"pipeline/vae/z.safetensors",
    b"sharded",
    b"split",
]


def put(path, fixture="small.gguf"):
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(FIXTURES / fixture, path)
    return path


def make_hub(top):
    """Two snapshots of one model, whose first shard is the same; and one that is the first again."""
    repository = top / "hub" / "models--org--name"
    for blob in ("1", "2", "3"):
        put(repository / "blobs" / (blob * 64), f"tiny-split-0000{2 if blob == '2' else 1}-of-00002.gguf")
    for revision, blobs in (("0123", "12"), ("4567", "32"), ("89ab", "12")):
        (repository / "snapshots" / revision).mkdir(parents=True)
        for number, blob in enumerate(blobs, 1):
            link = repository / "snapshots" / revision / f"tiny-split-0000{number}-of-00002.gguf"
            link.symlink_to(f"../../blobs/{blob * 64}")
    (repository / ".no_exist" / "0123").mkdir(parents=True)
    (repository / ".no_exist" / "0123" / "adapter_model.safetensors").touch()


def make_tree(top):
    put(top / ".hidden" / "model.gguf")
    put(top / ".git" / "model.gguf")
    put(top / "a" / "model.safetensors", "small.safetensors")
    put(top / "a" / "deep" / "er" / "model.gguf")
    put(top / "a.b" / "model.gguf")
    put(top / "a0" / "model.gguf.zst", "packed.gguf.zst")
    for name in ("o/model.gguf", "p.gguf", "pq/model.gguf", "q.gguf"):
        put(top / "alternatives" / name)
    put(top / "bad" / "page.safetensors", "malformed/html-page.safetensors")
    put(top / "bad" / "sound.gguf")
    put(top / "bad" / "README.txt", "malformed/html-page.safetensors")
    (top / "bad" / "link.gguf").symlink_to("nowhere.gguf")
    os.mkfifo(top / "bad" / "pipe.gguf")
    (top / "broken").mkdir()
    (top / "broken" / "model.gguf").symlink_to("nowhere.gguf")
    (top / "capsule").mkdir()
    subprocess.run([PROGRAM, "capsule", FIXTURES / "small.gguf", "-o", top / "capsule" / "a.capsule.zst"], check=True)
    (top / "empty").mkdir()
    make_hub(top)
    put(top / "index-alone" / "model.safetensors.index.json", "tiny-sharded/model.safetensors.index.json")
    (top / "links").mkdir()
    os.link(top / "a" / "model.safetensors", top / "links" / "hard.safetensors")
    (top / "links" / "soft.gguf").symlink_to("../a.b/model.gguf")
    (top / "links" / "up").symlink_to("..")
    (top / "links" / "itself").symlink_to("itself")
    for name in (b"\n\t", b'"quoted"', "모델".encode(), b"\xff"):
        put(top / "named" / os.fsdecode(name) / "model.gguf")
    (top / "pipeline").mkdir()
    (top / "pipeline" / "model_index.json").write_text("{}")
    for part in ("text_encoder/model", "text_encoder/notes/model", "unet/model", "vae/a", "vae/z"):
        put(top / "pipeline" / f"{part}.safetensors", "small.safetensors")
    shutil.copytree(FIXTURES / "tiny-sharded", top / "sharded")
    for number in (1, 2):
        put(top / "split" / f"m-0000{number}-of-00002.gguf", f"tiny-split-0000{number}-of-00002.gguf")


def escaped(raw):
    """As text from files is shown."""
    text = raw.decode(errors="surrogateescape").replace("\n", "\\n").replace("\t", "\\t")
    return re.sub("[\udc80-\udcff]", lambda m: f"\\x{ord(m[0]) - 0xdc00:02x}", text)


def run(*arguments, status=0, **more):
    done = subprocess.run([PROGRAM, "scan", *arguments], capture_output=True, check=False, **more)
    assert done.returncode == status, f"scan {arguments} ended with {done.returncode}: {done.stderr[:400]}"
    return done.stdout


def objects(lines):
    return [json.loads(line) for line in lines.splitlines()]


def told(lines):
    """Paths below the tree; those of errors with a mark."""
    marks = {"model": "", "error": "!"}
    return [marks[o["type"]] + o["path"].removeprefix("tree/") for o in objects(lines) if o["type"] in marks]


def body(lines):
    return sorted(line for line in lines.splitlines() if json.loads(line)["type"] in ("model", "error"))


# --- What is tested: each in a folder that holds the tree, and `many` ------------------------------------------------


def each_once_in_order():
    out = run("tree", status=2)
    assert told(out) == [escaped(raw) for raw in EXPECTED], "\n".join(told(out))
    first, *between, last = objects(out)
    assert all(list(o)[:2] == ["schema", "type"] and o["schema"] == "archinspect/scan/1" for o in objects(out))
    assert first["type"] == "begin" and first["paths"] == ["tree"] and first["shard"] == "1/1"
    errors = sum(raw.startswith(b"!") for raw in EXPECTED)
    assert last == {"schema": "archinspect/scan/1", "type": "end", "models": len(EXPECTED) - errors,
                    "failed": errors, "skipped": 0}, last
    for o in between:
        if o["type"] == "error":
            assert list(o) == ["schema", "type", "path", "status", "offset", "message"]


def says_what_inspect_says():
    line = next(o for o in objects(run("tree/sharded")) if o["type"] == "model")
    inspect = subprocess.run([PROGRAM, "--json", "tree/sharded"], capture_output=True, check=True)
    assert line["report"] == json.loads(inspect.stdout)
    s = os.stat("tree/sharded/model.safetensors.index.json")
    mtime = f"{s.st_mtime_ns // 10**9}.{s.st_mtime_ns % 10**9:09}"
    assert {"path": "tree/sharded/model.safetensors.index.json", "bytes": s.st_size, "mtime": mtime,
            "inode": s.st_ino} in line["files"]


def errors_are_told():
    done = subprocess.run([PROGRAM, "scan", "-q", "tree", "/nowhere"], capture_output=True, check=False)
    assert done.returncode == 2 and not done.stdout
    lines = [line for line in done.stderr.decode().splitlines() if not line.startswith("hint: ")]
    assert len(lines) == 6 and all(line.startswith("archinspect: ") for line in lines), lines
    assert "tree/bad/page.safetensors: " in lines[1] and "web page" in lines[1], lines[1]
    assert lines[-1].startswith("archinspect: /nowhere: No such file"), lines[-1]


def unreadable_folder():
    if os.geteuid() == 0:
        return
    os.mkdir("closed", 0)
    assert told(run("closed", "tree/a", status=2)) == ["!closed", "tree/a"[5:], "a/deep/er"]


def several_folders():
    """One after the other; what lies in both comes once."""
    assert told(run("tree/split", "tree/a", "tree/a/deep", "tree/a/model.safetensors")) == ["split", "a", "a/deep/er"]
    assert told(run("tree/a/deep/", ".//tree/a.b")) == ["a/deep/er", ".//tree/a.b"]
    assert told(run("tree/a.b/model.gguf")) == ["a.b/model.gguf"]
    assert told(run("tree/empty")) == []


def include_and_exclude():
    assert told(run("--include", "*.gguf.zst", "--include", "unet", "tree")) == ["a0", "pipeline/unet"]
    assert told(run("--include", "alternatives/p*", "tree")) == ["alternatives/p.gguf", "alternatives/pq"]
    assert told(run("--include", "a", "tree")) == ["a", "a/deep/er"]
    assert told(run("--include", "a", "--exclude", "deep", "tree")) == ["a"]
    assert told(run("--include", "pipeline", "--exclude", "[uv]*", "--exclude", "pipeline/*/notes", "tree")) == [
        "pipeline/text_encoder"]
    without = [f"--exclude={glob}" for glob in ("*.gguf*", "*.safetensors", "*-alone", "broken", "capsule")]
    assert told(run(*without, "tree")) == []


def any_number_of_readers():
    one = run("-j", "1", "tree", "many", status=2)
    for jobs in ("2", "5", "64"):
        assert run("-j", jobs, "tree", "many", status=2) == one
    assert run("--no-sandbox", "tree", "many", status=2) == one


def fnv(data):
    """FNV-1a of 128 bits, by which parts are chosen."""
    value = 0x6c62272e07bb014262b821756295c58d
    for byte in data:
        value = (value ^ byte) * (2**88 + 0x13b) % 2**128
    return value


def parts_make_the_whole():
    whole = run("tree", status=2)
    parts = [run("--shard", f"{i}/3", "tree", status=None_or_2(i)) for i in (1, 2, 3)]
    assert sorted(sum(map(body, parts), [])) == body(whole)
    for i, part in enumerate(parts):
        assert objects(part)[0]["shard"] == f"{i + 1}/3"
        assert told(part) == [escaped(raw) for raw in EXPECTED if fnv(raw.lstrip(b"!")) % 3 == i]


def None_or_2(i):
    return 2 if any(fnv(raw[1:]) % 3 == i - 1 for raw in EXPECTED if raw.startswith(b"!")) else 0


def gnu_parallel():
    if shutil.which("parallel") is None:
        print("scan: skipped with GNU parallel, which is not here")
        return
    command = ["parallel", "--will-cite", "-j", "2", str(PROGRAM), "scan", "--shard", "{}/4", "many", ":::"]
    parts = subprocess.run([*command, "1", "2", "3", "4"], capture_output=True, check=True).stdout
    assert sum(o["type"] == "end" for o in objects(parts)) == 4
    assert body(parts) == body(run("many"))


def since():
    whole = run("tree", status=2)
    pathlib.Path("old.ndjson").write_bytes(whole)
    models = [raw for raw in EXPECTED if not raw.startswith(b"!")]
    again = run("--since", "old.ndjson", "tree", status=2)
    assert told(again) == [escaped(raw) for raw in EXPECTED if raw.startswith(b"!")]
    assert objects(again)[-1]["skipped"] == len(models) and objects(again)[-1]["models"] == 0
    # Another time, another size, another inode, another configuration; and one that is new.
    os.utime("tree/a.b/model.gguf", (1, 1))
    with open("tree/split/m-00002-of-00002.gguf", "ab") as f:
        f.write(b"\0")
    put(pathlib.Path("tree/copy.gguf")).rename("tree/alternatives/q.gguf")
    pathlib.Path("tree/pipeline/unet/config.json").write_text("{}")
    put(pathlib.Path("tree/new/model.gguf"))
    changed = ["a.b", "alternatives/q.gguf", "new", "pipeline/unet", "split"]
    assert [path for path in told(run("--since", "old.ndjson", "tree", status=2)) if path[0] != "!"] == changed
    # What was begun and cut counts for nothing, also where the next output follows on it.
    cut = whole[:whole.index(b'"path":"tree/sharded","files"') + 2000]
    new = run("--since", "old.ndjson", "tree", status=2)
    pathlib.Path("cut.ndjson").write_bytes(cut + new)
    assert [path for path in told(run("--since", "cut.ndjson", "tree", status=2)) if path[0] != "!"] == ["sharded"]


def since_refuses():
    pathlib.Path("other.json").write_text('{"schema": "archinspect/report/1"}\n')
    pathlib.Path("out.ndjson").write_text("kept")
    run("--since", "other.json", "-o", "out.ndjson", "tree", status=2)
    run("--since", "nowhere.ndjson", "-o", "out.ndjson", "tree", status=2)
    run("--since", "out.ndjson", "-o", "out.ndjson", "tree", status=2)
    assert pathlib.Path("out.ndjson").read_text() == "kept"
    pathlib.Path("empty.ndjson").touch()
    assert len(told(run("--since", "empty.ndjson", "many"))) == MANY


def interrupted():
    """In the middle of the output, with the pipe full: whole lines, no end, and the signal's status."""
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen([PROGRAM, "scan", "-j", "2", "many"], stdout=subprocess.PIPE)
        first = process.stdout.readline()
        process.send_signal(number)
        time.sleep(0.2)
        out = first + process.stdout.read()
        assert process.wait() == -number, process.returncode
        types = [o["type"] for o in objects(out)]
        assert out.endswith(b"\n") and types[0] == "begin" and "end" not in types and len(types) < MANY, types
        pathlib.Path("part.ndjson").write_bytes(out)
        rest = run("--since", "part.ndjson", "many")
        assert sorted(body(out) + body(rest)) == body(run("many"))


def output_stays():
    run("-o", "out.ndjson", "tree", status=2)
    assert pathlib.Path("out.ndjson").read_bytes() == run("tree", status=2)
    process = subprocess.Popen([PROGRAM, "scan", "-j", "1", "-o", "killed.ndjson", "many"])
    while not (os.path.exists("killed.ndjson") and os.path.getsize("killed.ndjson") > 100000):
        time.sleep(0.001)
    process.kill()
    process.wait()
    rest = told(run("--since", "killed.ndjson", "many"))
    assert len(rest) < MANY or process.returncode == 0


def read_terminal(master):
    """What is there; nothing once the other end is gone."""
    data = b""
    try:
        while select.select([master], [], [], 0)[0]:
            data += os.read(master, 65536)
    except OSError:
        pass
    return data


def progress():
    """After a second, where somebody looks; and nothing of it stays."""
    master, slave = pty.openpty()
    process = subprocess.Popen([PROGRAM, "scan", "-j", "1", "many"], stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    shown, began = b"", time.time()
    while data := process.stdout.read1(16384):
        if time.time() - began < 2:
            time.sleep(0.02)
        shown += read_terminal(master)
    assert process.wait() == 0
    shown += read_terminal(master)
    os.close(master)
    line = rb"\r\d+/" + str(MANY).encode() + rb", \d+ a second, \d+ s left: many/\d+\x1b\[K"
    assert re.search(line, shown), shown
    assert shown.endswith(b"\r\x1b[K"), shown[-80:]


def usage():
    for arguments in (["-f", "text"], ["-f", "html"], ["--shard", "0/2"], ["--shard", "3/2"], ["--shard", "1"],
                      ["-j", "0"], ["--include", "a/"], []):
        done = subprocess.run([PROGRAM, "scan", *arguments, *(["tree"] if arguments else [])], capture_output=True,
                              check=False)
        assert done.returncode == 2 and done.stderr.startswith(b"archinspect: ") and b"begin" not in done.stdout
    assert run("--json", "many") == run("-f", "ndjson", "many") == run("many")


def closed_pipe():
    head = subprocess.run(f"'{PROGRAM}' scan many | head -n 1", shell=True, capture_output=True, check=True)
    assert objects(head.stdout)[0]["type"] == "begin" and not head.stderr


TESTS = [each_once_in_order, says_what_inspect_says, errors_are_told, unreadable_folder, several_folders,
         include_and_exclude, any_number_of_readers, parts_make_the_whole, gnu_parallel, interrupted, output_stays,
         progress, usage, closed_pipe, since_refuses, since]


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_tree(pathlib.Path("tree"))
        for i in range(MANY):
            put(pathlib.Path("many") / f"{i:03}" / "model.gguf")
        for test in TESTS:
            try:
                test()
            except AssertionError as why:
                failed += 1
                print(f"scan: {test.__name__}: {why}")
        os.chdir("/")
    print(f"scan: {len(TESTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
