#!/usr/bin/env python3
"""Read capsules as archinspect-capsule(5) says, with Python and zstd alone, and hold them against the models.

    tests/capsule.py PROGRAM

Of each model that tests/independent.py reads with a reader of its own: every line of its capsule is JSON, and the
lines say the same of tensors, metadata, files, headers and configurations as the files themselves.
"""
import hashlib
import json
import math
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

import independent

# Bits of an element; of ggml's types, those of a block go to its elements.
BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32,
        "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}
BITS.update({name: 8 * size / elements for name, elements, size in independent.TYPES.values()})
LONGEST = 4096


def raw(text):
    return text.encode("utf-8", "surrogateescape")


def read_capsule(lines):
    """The first line, what lies beside, and of each file what is said of it, its tensors and its metadata."""
    head, beside, files = json.loads(lines[0]), {}, []
    for line in map(json.loads, lines[1:]):
        if isinstance(line, list):
            file, tensors, _ = files[-1]
            name, dtype, shape, rest = *line[:3], line[3] if len(line) > 3 else {}
            shape = [int(n) for n in shape]
            begin = file["data_at"] + int(rest["offset"]) if "offset" in rest else file["next"]
            size = int(rest.get("bytes", math.prod(shape) * BITS.get(dtype, 0) / 8))
            file["next"] = begin + size + -(begin + size) % file.get("alignment", 1)
            tensors[raw(name)] = (dtype, shape, size, begin, rest.get("values"))
        elif "file" in line:
            line.setdefault("data_at", line["header_bytes"])
            files.append(({**line, "next": line["data_at"]}, {}, {}))
        elif "metadata" in line:
            files[-1][2].setdefault(raw(line["metadata"]), line)
        elif "sidecar" in line:
            beside[line["sidecar"]] = line["text"]
    return head, beside, files


def same_number(kind, kept, value):
    if kind in ("f32", "f64"):
        kept = float(kept)
        if kind == "f32":
            (kept,) = struct.unpack("<f", struct.pack("<f", kept))
        return kept == value or (math.isnan(kept) and math.isnan(value))
    return kept is value if kind == "bool" else int(kept) == value


def same_value(line, kind, value):
    if kind == "string":
        return line["type"] == kind and raw(line["value"]) == (raw(value) if isinstance(value, str) else value)
    if kind != "array":
        return line["type"] == kind and same_number(kind, line["value"], value)
    element, items = value
    word = independent.WORDS[element]
    if line["type"] != kind or line["of"] != word:
        return False
    if "value" not in line:
        return line["count"] == len(items) and (len(items) > LONGEST or word == "array")
    if word == "string":
        return [raw(v) for v in line["value"]] == items
    return len(line["value"]) == len(items) and all(same_number(word, k, v) for k, v in zip(line["value"], items))


def faults(program, path, kept):
    subprocess.run([program, "capsule", path, "-o", kept], check=True)
    text = subprocess.run(["zstd", "-dc", kept], capture_output=True, check=True).stdout.decode()
    head, beside, files = read_capsule(text.splitlines())
    folder = path if path.is_dir() else path.parent
    if head["files"] != len(files) or head["tensors"] != sum(len(f[1]) for f in files):
        yield "the first line counts otherwise"
    seen = set()
    for file, tensors, metadata in files:
        data = (folder / file["file"]).read_bytes()
        gguf = data[:4] == b"GGUF"
        own_tensors, own_metadata = (independent.read_gguf if gguf else independent.read_safetensors)(data)
        if file["bytes"] != len(data) or file["format"] != ("gguf" if gguf else "safetensors"):
            yield f"{file['file']}: {file['bytes']} bytes of {file['format']}"
        if file["header_sha256"] not in (None, hashlib.sha256(data[:file["header_bytes"]]).hexdigest()):
            yield f"{file['file']}: the hash of the header is another"
        if not gguf and file["header_bytes"] != 8 + struct.unpack_from("<Q", data)[0]:
            yield f"{file['file']}: the header has {file['header_bytes']} bytes"
        theirs = {independent.escape(name): t[:4] for name, t in tensors.items()}
        if theirs != {independent.escape(name) if not gguf else name: t for name, t in own_tensors.items()}:
            yield f"{file['file']}: other tensors"
        for name, (_, _, size, begin, values) in tensors.items():
            if values is not None and bytes.fromhex(values) != data[begin:begin + size]:
                yield f"{name}: other values"
        own = {independent.escape(key) if not gguf else key: v for key, v in own_metadata.items()}
        own = {key: v for key, v in own.items() if key not in seen}
        seen |= own.keys()
        theirs = {independent.escape(key): line for key, line in metadata.items()}
        if list(theirs) != list(own):
            yield f"{file['file']}: keys {list(theirs)[:5]}, not {list(own)[:5]}"
        for key, (kind, value) in own.items():
            if key in theirs and not same_value(theirs[key], kind, value):
                yield f"{key}: {str(theirs[key])[:100]}, in the file {str(value)[:100]}"
    for name, kept_text in beside.items():
        if not (folder / name).read_bytes().startswith(raw(kept_text)):
            yield f"{name}: another text"
    if path.is_dir() and "config.json" not in beside:
        yield "config.json was left out"


def main(program):
    program = str(pathlib.Path(program).resolve())
    if shutil.which("zstd") is None:
        print("capsule: zstd(1) is not here, nothing was decompressed")
        return 0
    paths, count = list(independent.subjects()), 0
    with tempfile.TemporaryDirectory() as scratch:
        for path in paths:
            try:
                found = list(faults(program, path, f"{scratch}/kept.capsule.zst"))
            except Exception as fault:  # A reader that stumbles is a fault too.
                found = [f"{type(fault).__name__}: {fault}"]
            for fault in found[:5]:
                print(f"{path.name}: {fault}")
            count += len(found)
    print(f"capsule: {len(paths)} checkpoints, {count} differences")
    return 1 if count else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: tests/capsule.py PROGRAM")
    sys.exit(main(sys.argv[1]))
