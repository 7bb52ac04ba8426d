#!/usr/bin/env python3
"""The worst that a header can hold, within limits of time and memory that only something quadratic would break.

usage: worst.py PROGRAM

Each input is as large as the format or our limits allow: some read, some are refused, none may take longer than
a minute or more memory than 24 bytes for each of the file's and 512 MB. What is expected is the exit status; and,
where the file is sound, the count of tensors, by another reader's count: this script wrote them.
"""
import json
import os
import pathlib
import resource
import struct
import subprocess
import sys
import tempfile

SECONDS = 60
MANY = 497_000


def safetensors(path, header, data=0):
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        f.truncate(8 + len(text) + data)


def tensors(names, size=2):
    """One after the other, `size` bytes each, as a header's text: a dictionary would hold each name once."""
    entries, at = [], 0
    for name in names:
        entries.append(f'"{name}":{{"dtype":"U8","shape":[{size}],"data_offsets":[{at},{at + size}]}}')
        at += size
    return ("{" + ",".join(entries) + "}").encode(), at


def gguf(path, pairs, infos=b"", count=0, announced=None):
    head = b"GGUF" + struct.pack("<IQQ", 3, count, len(pairs) if announced is None else announced)
    with open(path, "wb") as f:
        f.write(head + b"".join(pairs) + infos)


def text(words):
    return struct.pack("<Q", len(words)) + words


def pair(key, kind, value):
    return text(key) + struct.pack("<I", kind) + value


def inputs(folder):
    """Name, path, arguments, status, and how many tensors."""
    def at(name):
        return folder / name

    body, size = tensors(f"model.layers.{i // 9}.mlp.experts.{i % 9}.x" for i in range(MANY))
    safetensors(at("many.safetensors"), body, size)
    yield "497,000 tensors", "many.safetensors", [], 0, MANY
    body, size = tensors("x" * 180 + f"{i:06}" for i in range(400_000))
    safetensors(at("alike.safetensors"), body, size)
    yield "names alike but for their end", "alike.safetensors", [], 0, 400_000
    body, size = tensors(f"{i:06}" + "x" * 180 for i in range(400_000))
    safetensors(at("alike2.safetensors"), body, size)
    yield "names alike but for their beginning", "alike2.safetensors", [], 0, 400_000
    body, size = tensors(f"model.layers.{i * 7919}.mlp.up_proj.weight" for i in range(300_000))
    safetensors(at("layers.safetensors"), body, size)
    yield "300,000 layers far apart", "layers.safetensors", [], 0, 300_000
    body, size = tensors(".".join(str((i >> k) & 7) for k in range(0, 18, 3)) for i in range(262_144))
    safetensors(at("numbers.safetensors"), body, size)
    yield "names of numbers only", "numbers.safetensors", [], 0, 262_144
    body, size = tensors("same" for i in range(300_000))
    safetensors(at("same.safetensors"), body, size)
    yield "one name 300,000 times", "same.safetensors", [], 0, 1
    zero = ",".join(f'"z{i}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}' for i in range(300_000))
    safetensors(at("empty.safetensors"), ("{" + zero + "}").encode())
    yield "300,000 empty tensors", "empty.safetensors", [], 0, 300_000
    over = ",".join(f'"o{i}":{{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}' for i in range(300_000))
    safetensors(at("overlap.safetensors"), ("{" + over + "}").encode(), 9)
    yield "300,000 tensors in one place", "overlap.safetensors", [], 0, 300_000
    meta = ",".join(f'"k{i}":"v"' for i in range(1_000_000))
    safetensors(at("metadata.safetensors"), ('{"__metadata__":{' + meta + "}}").encode())
    yield "a million keys, refused", "metadata.safetensors", [], 2, None
    yield "a million keys", "metadata.safetensors", ["--limit", "metadata-keys=1000000"], 0, 0
    safetensors(at("text.safetensors"), b'{"__metadata__":{"k":"' + b"\\n" * 49_999_984 + b'"}}       ')
    yield "a header of 100 MB", "text.safetensors", [], 0, 0
    safetensors(at("space.safetensors"), b"{}" + b" " * 99_999_998)
    yield "100 MB of white space", "space.safetensors", [], 0, 0
    safetensors(at("deep.safetensors"), b'{"x":' + b"[" * 50_000_000)
    yield "50 million brackets", "deep.safetensors", [], 2, None
    safetensors(at("sizes.safetensors"), b'{"x":{"dtype":"U8","shape":[' + b"1," * 65_000 + b'1],"data_offsets":[0,1]}}', 1)
    yield "a shape of 65,001 sizes", "sizes.safetensors", [], 0, 1
    gguf(at("keys.gguf"), [pair(b"k%d" % i, 4, b"\0\0\0\0") for i in range(100_000)])
    yield "100,000 keys", "keys.gguf", [], 0, 0
    gguf(at("same.gguf"), [pair(b"k", 4, b"\0\0\0\0") for i in range(100_000)])
    yield "one key 100,000 times", "same.gguf", [], 0, 0
    gguf(at("announced.gguf"), [], announced=2**62)
    yield "2^62 keys announced", "announced.gguf", [], 2, None
    strings = struct.pack("<IQ", 8, 5_000_000) + text(b"ab") * 5_000_000
    gguf(at("strings.gguf"), [pair(b"tokenizer.ggml.tokens", 9, strings)])
    yield "5 million tokens", "strings.gguf", [], 0, 0
    nested = struct.pack("<IQ", 9, 1) * 5_000_000
    gguf(at("nested.gguf"), [pair(b"k", 9, nested)])
    yield "5 million arrays in each other", "nested.gguf", [], 2, None
    template = b"{{ x.__class__ " * 2_000_000
    gguf(at("template.gguf"), [pair(b"tokenizer.chat_template", 8, text(template))])
    yield "a template of 30 MB", "template.gguf", [], 0, 0
    template = b"{{%" * 10_000_000
    gguf(at("marks.gguf"), [pair(b"tokenizer.chat_template", 8, text(template))])
    yield "a template of marks", "marks.gguf", [], 0, 0
    (folder / "indexed").mkdir()
    for k in (1, 2):
        body, size = tensors(f"t{i}" for i in range(k, 200_000, 2))
        safetensors(folder / f"indexed/model-0000{k}-of-00002.safetensors", body, size)
    rows = {f"t{i}": f"model-0000{2 - i % 2}-of-00002.safetensors" for i in range(1, 200_000)}
    (folder / "indexed/model.safetensors.index.json").write_text(json.dumps({"weight_map": rows}))
    yield "an index of 200,000 that alternates", "indexed", [], 0, 199_999


def limits(size):
    def apply():
        memory = 24 * size + (512 << 20)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    return apply


def size_of(path):
    return path.stat().st_size if path.is_file() else sum(p.stat().st_size for p in path.iterdir())


def main(program):
    failed = count = 0
    spent = os.environ.get("TIMES")
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        for what, name, arguments, wanted, tensor_count in inputs(folder):
            path = folder / name
            for command in ([], ["verify"]):
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                run = subprocess.run([program, *command, "--json", *arguments, str(path)], check=False,
                                     capture_output=True, preexec_fn=limits(size_of(path)))
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                count += 1
                good = run.returncode in ((wanted,) if not command or wanted == 2 else (0, 1))
                if good and not command and tensor_count is not None:
                    good = json.loads(run.stdout)["source"]["tensors"] == tensor_count
                if not good:
                    failed += 1
                    print(f"worst: {' '.join(command)} {what}: status {run.returncode}, not {wanted}: "
                          f"{run.stderr[-300:].decode(errors='replace').strip()}")
                if spent:
                    print(f"{after.ru_utime - before.ru_utime:6.2f} s  {what} {' '.join(command)}")
            if path.is_file() and not what.endswith("refused"):
                path.unlink()
    print(f"worst: {count} runs, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
