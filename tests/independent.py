#!/usr/bin/env python3
"""Read checkpoints with a reader of its own, written from the rules of the formats, and compare with the program.

    tests/independent.py PROGRAM

Over the fixtures, and over real files below ../shared/files where those are at hand: names, types, shapes, bytes and
places of all tensors, keys and values of all metadata, and that the program ends with status 0. The two share no
code: a mistake would have to be made twice.
"""
import json
import math
import pathlib
import struct
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

TOP = pathlib.Path(__file__).resolve().parent.parent
REAL = TOP.parent / "shared" / "files"

# --- safetensors: u64 N, N bytes of JSON, data -----------------------------------------------------------------------


def read_safetensors(data):
    (n,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + n].decode())
    metadata = header.pop("__metadata__", None) or {}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = (entry["dtype"], entry["shape"], end - begin, 8 + n + begin)
    return tensors, {key: ("string", value) for key, value in metadata.items()}


# --- GGUF ------------------------------------------------------------------------------------------------------------

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
WORDS = ["u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"]

# Of ggml's types: the name, the elements and the bytes of a block.
TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18), 42: ("Q2_0", 64, 18),
}


class GgufReader:
    def __init__(self, data):
        self.data, self.at, self.order = data, 4, "<"
        assert data[:4] == b"GGUF"
        self.version = self.one("I")
        if self.version & 0xFFFF == 0:
            self.at, self.order = 4, ">"
            self.version = self.one("I")
        self.wide = "I" if self.version == 1 else "Q"

    def one(self, letter):
        (value,) = struct.unpack_from(self.order + letter, self.data, self.at)
        self.at += struct.calcsize(self.order + letter)
        return value

    def string(self):
        n = self.one(self.wide)
        self.at += n
        assert self.at <= len(self.data)
        return self.data[self.at - n:self.at]

    def value(self, kind):
        if kind == 8:
            return self.string()
        if kind != 9:
            return self.one(SCALARS[kind])
        element, n = self.one("I"), self.one(self.wide)
        if element in SCALARS:
            values = struct.unpack_from(f"{self.order}{n}{SCALARS[element]}", self.data, self.at)
            self.at += struct.calcsize(f"{self.order}{n}{SCALARS[element]}")
            return element, values
        return element, [self.value(element) for _ in range(n)]


def read_gguf(data):
    r = GgufReader(data)
    tensor_count, pair_count = r.one(r.wide), r.one(r.wide)
    metadata, tensors, alignment = {}, {}, 32
    for _ in range(pair_count):
        key, kind = escape(r.string()), r.one("I")
        value = r.value(kind)
        metadata.setdefault(key, (WORDS[kind], value))
    if "general.alignment" in metadata:
        alignment = metadata["general.alignment"][1]
    for _ in range(tensor_count):
        name = escape(r.string())
        sizes = [r.one(r.wide) for _ in range(r.one("I"))]
        kind, offset = r.one("I"), r.one("Q")
        dtype, elements, size = TYPES[kind]
        tensors[name] = (dtype, sizes[::-1], math.prod(sizes) // elements * size, offset)
    start = r.at + -r.at % alignment
    return {name: (*t[:3], t[3] + start) for name, t in tensors.items()}, metadata


# --- What the program prints -----------------------------------------------------------------------------------------


def escape(text):
    """Foreign text as the program shows it: what does not print or reorders the line, in ASCII."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    out = ""
    for c in text:
        code = ord(c)
        if c in "\n\r\t\\":
            out += {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}[c]
        elif 0xDC80 <= code <= 0xDCFF:
            out += f"\\x{code - 0xDC00:02x}"
        elif unicodedata.category(c) in ("Cc", "Cf", "Co", "Zl", "Zp") or 0xFE00 <= code <= 0xFE0F:
            out += f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
        else:
            out += c
    return out


def same_number(kind, value, text):
    if kind == "bool":
        return text == ("true" if value else "false")
    if kind == "f32" and math.isfinite(value):
        return math.isclose(float(text), value, rel_tol=1e-6)
    return float(text) == value if kind == "f64" else int(text) == value


def same_value(kind, value, text):
    if kind == "string":
        whole = escape(value)
        cut, mark, rest = text.rpartition("... (")
        n = len(value if isinstance(value, bytes) else value.encode())
        return text == whole or (mark and whole.startswith(cut) and rest == f"{n} bytes)")
    if kind != "array":
        return same_number(kind, value, text)
    element, items = value
    if element in SCALARS and len(items) <= 8:
        shown = text[1:-1].split(", ") if items else []
        return len(shown) == len(items) and all(same_number(WORDS[element], v, t) for v, t in zip(items, shown))
    return text == f"[{len(items)} x {WORDS[element]}]"


def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        raise ValueError(f"status {done.returncode}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def faults(program, path):
    """What differs between the two readings of the checkpoint at a path."""
    listed = run(program, "tensors", "--json", str(path))
    source = run(program, "inspect", "--json", str(path))["source"]
    folder = path if path.is_dir() else path.parent
    tensors, metadata = {}, {}
    for number, file in enumerate(listed["files"]):
        data = (folder / pathlib.Path(file).name).read_bytes()
        own_tensors, own_metadata = (read_gguf if data[:4] == b"GGUF" else read_safetensors)(data)
        tensors.update({escape(name): (*t, number) for name, t in own_tensors.items()})
        for key, value in own_metadata.items():
            metadata.setdefault(escape(key) if value[0] == "string" and isinstance(value[1], str) else key, value)
    theirs = {t["name"]: (t["dtype"], [int(n) for n in t["shape"]], int(t["bytes"]), int(t["offset"]), t["file"])
              for t in listed["tensors"]}
    if len(theirs) != len(listed["tensors"]) or source["tensors"] != len(tensors):
        yield f"{source['tensors']} tensors, {len(listed['tensors'])} listed, {len(tensors)} in the files"
    for name in sorted(tensors.keys() | theirs.keys()):
        if tensors.get(name) != theirs.get(name):
            yield f"tensor {name}: {theirs.get(name)}, in the file {tensors.get(name)}"
    if list(source["metadata"]) != list(metadata):
        yield f"metadata keys: {list(source['metadata'])}, in the files {list(metadata)}"
    for key, (kind, value) in metadata.items():
        if key in source["metadata"] and not same_value(kind, value, source["metadata"][key]):
            yield f"{key}: {source['metadata'][key]!r}, in the file {str(value)[:100]}"


def subjects():
    yield from sorted((TOP / "fixtures").glob("*.gguf"))
    yield from sorted((TOP / "fixtures").glob("*.safetensors"))
    yield from sorted(path.parent for path in (TOP / "fixtures").glob("*/config.json"))
    for kind in ("gguf", "safetensors"):
        yield from sorted((REAL / kind).glob(f"*.{kind}"))


def check(job):
    program, path = job
    try:
        return [f"{path}: {fault}" for fault in faults(program, path)]
    except Exception as fault:  # A reader that stumbles is a fault too, whichever it is.
        return [f"{path}: {type(fault).__name__}: {fault}"]


def main(program):
    if not REAL.is_dir():
        print("independent: ../shared/files is not here, only the fixtures are read")
    program = str(pathlib.Path(program).resolve())
    paths = list(subjects())
    with ThreadPoolExecutor() as pool:
        found = [fault for faults_of_one in pool.map(check, ((program, p) for p in paths)) for fault in faults_of_one]
    for fault in found[:40]:
        print(fault)
    print(f"independent: {len(paths)} checkpoints, {len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: tests/independent.py PROGRAM")
    sys.exit(main(sys.argv[1]))
