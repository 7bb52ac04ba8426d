#!/usr/bin/env python3
"""Models whose history is known, and what is made of them here, against what diff says of each two.

    tests/toys.py PROGRAM [FOLDER]      default: ../shared/forensics/toys, where that is at hand

The trained ones are the folder's, and its README says which are related. Every other model is made of them here, in
plain Python: shuffled, permuted, cut, stacked, sliced, merged, buried in noise, packed. What becomes of a model under
each is known by hand, so what diff must say is too. The makers are held against decoders and a test of their own.
"""
import array
import bisect
import collections
import itertools
import json
import math
import operator
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
HIDDEN_128 = ["sA", "sFT", "sCPT", "sA0c", "sC", "inter32", "none32", "th1e6", "half64"]
TOYS = HIDDEN_128 + ["half32"]
# Of one seed or one descent, as the README of the toys says; every other two are independent.
KIN = {"sA", "sFT", "sCPT", "sA0c"}
INDEPENDENT = ["sA", "sC", "inter32", "none32", "th1e6", "half64"]

RELATIONS = {"identical", "related", "partly_related", "no_relation_found", "inconclusive", "not_comparable"}
STATUS = {"identical": 0, "not_comparable": 2}
SOME, NONE = {"related", "partly_related"}, {"no_relation_found", "inconclusive", "not_comparable"}
SILENT = {"inconclusive", "not_comparable"}
KEYS = ["schema", "tool", "a", "b", "relation", "p_value", "effect", "bytes_read", "lead", "evidence", "layers"]

# --- Numbers ---------------------------------------------------------------------------------------------------------

# A model is {name: (shape, values)}; values are words of BF16 (array "H") or floats (array "f"), never changed in place.


def floats(values):
    if values.typecode == "f":
        return values
    raw, out = values.tobytes(), bytearray(4 * len(values))
    out[2::4], out[3::4] = raw[0::2], raw[1::2]
    return array.array("f", bytes(out))


def words(values):
    """BF16, to the nearest, ties to even."""
    if values.typecode == "H":
        return values
    bits = array.array("I", array.array("f", values).tobytes())
    return array.array("H", [u + 0x7FFF + (u >> 16 & 1) >> 16 for u in bits])


def spread(values):
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / len(values))


def even_noise(n, dice):
    """n numbers of mean 0 and deviation 1, evenly distributed."""
    unit = math.sqrt(3) / 32768
    return [unit * v for v in array.array("h", dice.randbytes(2 * n))]


def lines(shape, values):
    return [values[at:at + shape[1]] for at in range(0, len(values), shape[1])]


def turned(shape, values):
    return (shape[1], shape[0]), array.array(values.typecode, itertools.chain(*zip(*lines(shape, values))))


def pick_rows(order, shape, values):
    rows, out = lines(shape, values), array.array(values.typecode)
    for i in order:
        out += rows[i]
    return (len(order), shape[1]), out


def pick_columns(order, shape, values):
    pick, out = operator.itemgetter(*order), array.array(values.typecode)
    for row in lines(shape, values):
        out.extend(pick(row))
    return (shape[0], len(order)), out


def matrix(shape):
    return len(shape) == 2


# --- safetensors -----------------------------------------------------------------------------------------------------

DTYPES = {"H": "BF16", "f": "F32", "I": "U32", "i": "I32", "B": "F8_E4M3"}


def read(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(size)), file.read()
    model = {}
    for name, tensor in header.items():
        if name != "__metadata__":
            if tensor["dtype"] != "BF16":
                raise ValueError(f"{path}: {name} is {tensor['dtype']}")
            begin, end = tensor["data_offsets"]
            model[name] = (tuple(tensor["shape"]), array.array("H", data[begin:end]))
    return model


def header_of(tensors, metadata):
    """tensors: (name, dtype, shape, bytes). The start of a file, and how many bytes follow."""
    header, at = {"__metadata__": metadata}, 0
    for name, dtype, shape, size in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text, at


def write(path, model, metadata=None):
    tensors = [(name, DTYPES[v.typecode], list(shape), len(v) * v.itemsize) for name, (shape, v) in model.items()]
    with open(path, "wb") as file:
        file.write(header_of(tensors, metadata or {"format": "pt"})[0])
        for _, values in model.values():
            file.write(values.tobytes())
    return path


# --- Packed numbers, plain: for tests only ----------------------------------------------------------------------------

def half(value):
    return struct.unpack("<e", struct.pack("<e", value))[0]


def nearest(value, low, high):
    return min(high, max(low, math.floor(value + 0.5)))


def pack_f32(values):
    return array.array("f", values).tobytes()


def pack_f16(values):
    return struct.pack(f"<{len(values)}e", *values)


def pack_bf16(values):
    return words(values).tobytes()


def pack_q8_0(values):
    out, block = [], struct.Struct("<e32b")
    for at in range(0, len(values), 32):
        x = values[at:at + 32]
        d = max(max(x), -min(x)) / 127
        inverse = 1 / d if d else 0.0
        out.append(block.pack(d, *[round(v * inverse) for v in x]))
    return b"".join(out)


def pack_q4_0(values):
    out, block = [], struct.Struct("<e16B")
    for at in range(0, len(values), 32):
        x = values[at:at + 32]
        d = max(x, key=abs) / -8
        inverse = 1 / d if d else 0.0
        q = [min(15, int(v * inverse + 8.5)) for v in x]
        out.append(block.pack(d, *[low | high << 4 for low, high in zip(q[:16], q[16:])]))
    return b"".join(out)


def pack_q4_k(values):
    """Eight runs of 32, each value d * scale * q - dmin * least; scale and least have six bits."""
    out, block = [], struct.Struct("<2e12B128B")
    for at in range(0, len(values), 256):
        runs = [values[i:i + 32] for i in range(at, at + 256, 32)]
        least = [max(0.0, -min(x)) for x in runs]
        width = [(max(x) + m) / 15 for x, m in zip(runs, least)]
        d, dmin = half(max(width) / 63), half(max(least) / 63)
        scales = [nearest(w / d, 0, 63) if d else 0 for w in width]
        mins = [nearest(m / dmin, 0, 63) if dmin else 0 for m in least]
        q = []
        for x, scale, m in zip(runs, scales, mins):
            inverse, base = 1 / (d * scale) if d * scale else 0.0, dmin * m * inverse_or_0(d * scale) + 0.5
            q.append([min(15, max(0, int(v * inverse + base))) for v in x])
        packed = [scales[j] | scales[j + 4] >> 4 << 6 for j in range(4)]
        packed += [mins[j] | mins[j + 4] >> 4 << 6 for j in range(4)]
        packed += [scales[j] & 15 | (mins[j] & 15) << 4 for j in range(4, 8)]
        nibbles = [low | high << 4 for i in range(0, 8, 2) for low, high in zip(q[i], q[i + 1])]
        out.append(block.pack(d, dmin, *packed, *nibbles))
    return b"".join(out)


def inverse_or_0(value):
    return 1 / value if value else 0.0


def unpack_q8_0(data):
    return [d * q for d, *block in struct.iter_unpack("<e32b", data) for q in block]


def unpack_q4_0(data):
    out = []
    for d, *block in struct.iter_unpack("<e16B", data):
        out += [d * ((b & 15) - 8) for b in block] + [d * ((b >> 4) - 8) for b in block]
    return out


def unpack_q4_k(data):
    out = []
    for d, dmin, *block in struct.iter_unpack("<2e12B128B", data):
        packed, nibbles = block[:12], block[12:]
        for j in range(8):
            if j < 4:
                scale, m = packed[j] & 63, packed[j + 4] & 63
            else:
                scale = packed[j + 4] & 15 | packed[j - 4] >> 6 << 4
                m = packed[j + 4] >> 4 | packed[j] >> 6 << 4
            run = nibbles[j // 2 * 32:j // 2 * 32 + 32]
            out += [d * scale * (b >> 4 if j % 2 else b & 15) - dmin * m for b in run]
    return out


def pack_mlx(shape, values, group):
    """Four bits, the first value in the lowest: words of U32, and of each group its scale and bias in BF16."""
    packed, scales, biases = array.array("I"), array.array("f"), array.array("f")
    for at in range(0, len(values), group):
        x = values[at:at + group]
        bias = min(x)
        scale = (max(x) - bias) / 15
        inverse = inverse_or_0(scale)
        q = [nearest((v - bias) * inverse, 0, 15) for v in x]
        packed.extend(sum(v << 4 * i for i, v in enumerate(q[j:j + 8])) for j in range(0, group, 8))
        scales.append(scale)
        biases.append(bias)
    rest = (shape[0], shape[1] // group)
    return ((shape[0], shape[1] // 8), packed), (rest, words(scales)), (rest, words(biases))


def unpack_mlx(packed, scales, biases, group):
    scales, biases = floats(scales), floats(biases)
    q = [word >> shift & 15 for word in packed for shift in range(0, 32, 4)]
    return [v * scales[i // group] + biases[i // group] for i, v in enumerate(q)]


def mlx(model, group):
    out = {}
    for name, (shape, values) in model.items():
        if matrix(shape):
            stem = name.removesuffix("weight")
            out[name], out[stem + "scales"], out[stem + "biases"] = pack_mlx(shape, floats(values), group)
        else:
            out[name] = shape, values
    return out


def linear(model, pack):
    """Each weight of the layers packed, its parts under what follows the module's name."""
    out = {}
    for name, (shape, values) in model.items():
        if matrix(shape) and "layers" in name:
            out.update({name.removesuffix("weight") + part: made for part, made in pack(shape, floats(values)).items()})
        else:
            out[name] = shape, values
    return out


def signed(words):
    return array.array("i", (word - (word >> 31 << 32) for word in words))


def codes(shape, values, group):
    """Four bits around 8: of [in, out], rows of codes, and of each group of inputs the scales."""
    columns = lines(shape, values)  # The weights of one output each.
    scales = [[max(abs(v) for v in column[at:at + group]) / 7 for column in columns] for at in range(0, shape[1], group)]
    rows = [[nearest(column[i] * inverse_or_0(scales[i // group][k]), -8, 7) + 8 for k, column in enumerate(columns)]
            for i in range(shape[1])]
    return rows, scales


def pack_gptq(shape, values, group=32):
    """Words along the inputs, the first lowest; zero points less one."""
    rows, scales = codes(shape, values, group)
    packed = [sum(rows[at + i][k] << 4 * i for i in range(8)) for at in range(0, shape[1], 8) for k in range(shape[0])]
    groups = shape[1] // group
    return {"qweight": ((shape[1] // 8, shape[0]), signed(packed)),
            "qzeros": ((groups, shape[0] // 8), signed([0x77777777] * (groups * shape[0] // 8))),
            "scales": ((groups, shape[0]), array.array("f", itertools.chain(*scales))),
            "g_idx": ((shape[1],), array.array("i", (i // group for i in range(shape[1]))))}


def pack_awq(shape, values, group=32):
    """Words along the outputs, in the order 0 2 4 6 1 3 5 7."""
    rows, scales = codes(shape, values, group)
    order, groups = (0, 2, 4, 6, 1, 3, 5, 7), shape[1] // group
    packed = [sum(row[at + k] << 4 * i for i, k in enumerate(order)) for row in rows for at in range(0, shape[0], 8)]
    return {"qweight": ((shape[1], shape[0] // 8), signed(packed)),
            "qzeros": ((groups, shape[0] // 8), signed([0x88888888] * (groups * shape[0] // 8))),
            "scales": ((groups, shape[0]), array.array("f", itertools.chain(*scales)))}


# E4M3 without a sign, by its bits, up to 448.
EIGHT_BITS = [m / 8 * 2 ** -6 if e == 0 else (1 + m / 8) * 2.0 ** (e - 7) for e in range(16) for m in range(8)][:127]


def pack_fp8(shape, values, block=128):
    """E4M3 with a scale for each block of 128 x 128."""
    rows, down, across = lines(shape, values), -(-shape[0] // block), -(-shape[1] // block)
    scales = [max(abs(v) for row in rows[r * block:r * block + block] for v in row[c * block:c * block + block]) / 448
              for r in range(down) for c in range(across)]
    out = array.array("B")
    for r, row in enumerate(rows):
        for c, v in enumerate(row):
            x = abs(v) * inverse_or_0(scales[r // block * across + c // block])
            i = min(bisect.bisect(EIGHT_BITS, x), 126)
            i -= i > 0 and x - EIGHT_BITS[i - 1] < EIGHT_BITS[i] - x
            out.append(i | (128 if v < 0 else 0))
    return {"weight": (shape, out), "weight_scale_inv": ((down, across), array.array("f", scales))}


# --- GGUF ------------------------------------------------------------------------------------------------------------

GGUF_NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}
# Of each type its number, what general.file_type calls a file of it, and how numbers are packed.
GGML = {"F32": (0, 0, pack_f32), "F16": (1, 1, pack_f16), "BF16": (30, 32, pack_bf16), "Q8_0": (8, 7, pack_q8_0),
        "Q4_0": (2, 2, pack_q4_0), "Q4_K": (12, 14, pack_q4_k)}
U32, I32, F32, STRING, ARRAY = 4, 5, 6, 8, 9


def gguf_string(text):
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf_value(kind, value):
    if kind == STRING:
        return gguf_string(value)
    if kind == ARRAY:
        element, items = value
        return struct.pack("<IQ", element, len(items)) + b"".join(gguf_value(element, item) for item in items)
    return struct.pack({U32: "<I", I32: "<i", F32: "<f"}[kind], value)


def interleaved(heads, shape, values):
    """The rows of each head of q and k as llama's converter lays them: first of one half, first of the other, second…"""
    size = shape[0] // heads
    return pick_rows([h * size + half_of * size // 2 + i for h in range(heads) for i in range(size // 2)
                      for half_of in range(2)], shape, values)


def write_gguf(path, model, kind, truth):
    rows, width = truth["vocab_size"], truth["head_dim"]
    pairs = [
        ("general.architecture", STRING, "llama"), ("general.type", STRING, "model"), ("general.name", STRING, "Toy"),
        ("general.quantization_version", U32, 2), ("general.file_type", U32, GGML[kind][1]),
        ("llama.vocab_size", U32, rows), ("llama.context_length", U32, 96),
        ("llama.embedding_length", U32, truth["hidden_size"]), ("llama.block_count", U32, truth["num_hidden_layers"]),
        ("llama.feed_forward_length", U32, truth["intermediate_size"]),
        ("llama.attention.head_count", U32, truth["num_attention_heads"]),
        ("llama.attention.head_count_kv", U32, truth["num_key_value_heads"]),
        ("llama.attention.key_length", U32, width), ("llama.attention.value_length", U32, width),
        ("llama.attention.layer_norm_rms_epsilon", F32, 1e-5), ("llama.rope.dimension_count", U32, width),
        ("llama.rope.freq_base", F32, truth["rope_theta"]), ("tokenizer.ggml.model", STRING, "llama"),
        ("tokenizer.ggml.tokens", ARRAY, (STRING, [f"<0x{i:02X}>" for i in range(rows)])),
        ("tokenizer.ggml.scores", ARRAY, (F32, [0.0] * rows)),
        ("tokenizer.ggml.token_type", ARRAY, (I32, [6] * rows)),
    ]
    infos, data = [], []
    at = 0
    for name, (shape, values) in model.items():
        stem, layer = name.removesuffix(".weight"), re.match(r"model\.layers\.(\d+)\.(.*)\.weight", name)
        new = f"blk.{layer[1]}.{GGUF_NAMES[layer[2]]}.weight" if layer else GGUF_NAMES[stem] + ".weight"
        if stem.endswith(("q_proj", "k_proj")):
            shape, values = interleaved(truth["num_attention_heads"], shape, values)
        number, _, pack = GGML[kind if matrix(shape) else "F32"]
        block = pack(floats(values))
        infos.append(gguf_string(new) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape[::-1], number, at))
        data.append(block + bytes(-len(block) % 32))
        at += len(data[-1])
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(pairs))
    head += b"".join(gguf_string(key) + struct.pack("<I", of) + gguf_value(of, value) for key, of, value in pairs)
    head += b"".join(infos)
    path.write_bytes(head + bytes(-len(head) % 32) + b"".join(data))
    return path


# --- What becomes of a model -----------------------------------------------------------------------------------------

UNITS_ARE_COLUMNS = ("o_proj.weight", "down_proj.weight")


def layer_of(name):
    found = re.match(r"model\.layers\.(\d+)\.", name)
    return int(found[1]) if found else None


def depth(model):
    return 1 + max(layer_of(name) for name in model if layer_of(name) is not None)


def mlp(model, layer, which):
    return model[f"model.layers.{layer}.mlp.{which}_proj.weight"]


def each(model, change, among=lambda name, shape: True):
    return {name: change(shape, values) if among(name, shape) else (shape, values)
            for name, (shape, values) in model.items()}


def keep_units(model, choose):
    """Of each layer the hidden units that choose(layer, model) lists, in that order."""
    out = dict(model)
    for layer in range(depth(model)):
        order, stem = choose(layer, model), f"model.layers.{layer}.mlp."
        for which in ("gate", "up"):
            out[f"{stem}{which}_proj.weight"] = pick_rows(order, *mlp(model, layer, which))
        out[f"{stem}down_proj.weight"] = pick_columns(order, *mlp(model, layer, "down"))
    return out


def shuffled(model, seed=1):
    dice = random.Random(seed)
    return keep_units(model, lambda layer, m: dice.sample(range(mlp(m, layer, "gate")[0][0]), mlp(m, layer, "gate")[0][0]))


def pruned(model):
    return keep_units(model, lambda layer, m: range(0, mlp(m, layer, "gate")[0][0], 2))


def sorted_units(model):
    """The longest gate first: an order that two models have in common though nothing else."""
    def order(layer, m):
        shape, values = mlp(m, layer, "gate")
        lengths = [-sum(v * v for v in row) for row in lines(shape, floats(values))]
        return sorted(range(shape[0]), key=lengths.__getitem__)
    return keep_units(model, order)


def rebased(model, seed=2):
    """The coordinates of the residual stream in another order, throughout: the same function."""
    (_, hidden), _ = model["model.embed_tokens.weight"]
    order, out = random.Random(seed).sample(range(hidden), hidden), {}
    for name, (shape, values) in model.items():
        if not matrix(shape):
            out[name] = shape, array.array(values.typecode, [values[i] for i in order])
        else:
            out[name] = (pick_rows if name.endswith(UNITS_ARE_COLUMNS) else pick_columns)(order, shape, values)
    return out


def stacked(model, order, fill=None):
    """Layers of that order; where it says None, what fill makes of the model's layer 0."""
    out = {name: tensor for name, tensor in model.items() if layer_of(name) is None}
    for place, layer in enumerate(order):
        for name, tensor in model.items():
            if layer_of(name) == (layer or 0):
                new = name.replace(f"layers.{layer or 0}.", f"layers.{place}.")
                out[new] = fill(*tensor) if layer is None else tensor
    return out


def noised(model, k, seed):
    """Noise of k times the deviation of each matrix."""
    dice = random.Random(seed)

    def change(shape, values):
        values = floats(values)
        scale = k * spread(values)[1]
        return shape, words(array.array("f", [v + scale * n for v, n in zip(values, even_noise(len(values), dice))]))
    return each(model, change, lambda name, shape: matrix(shape))


def exactly_noised(model, k, seed):
    """Noise across each unit that is k times as long as its deviations, and at a right angle: it correlates with what
    it was by 1/sqrt(1 + k²), and not just on the average."""
    dice = random.Random(seed)

    def unit(row):
        n, mean = len(row), math.fsum(row) / len(row)
        centred, noise = [v - mean for v in row], even_noise(len(row), dice)
        own = sum(map(operator.mul, centred, centred))
        mean = math.fsum(noise) / n
        along = (sum(map(operator.mul, noise, centred)) / own) if own else 0.0
        noise = [v - mean - along * c for v, c in zip(noise, centred)]
        scale = k * math.sqrt(own / sum(map(operator.mul, noise, noise)))
        return [v + scale * e for v, e in zip(row, noise)]

    def rows(shape, values):
        return shape, array.array("f", itertools.chain(*map(unit, lines(shape, floats(values)))))

    out = {}
    for name, (shape, values) in model.items():
        if matrix(shape) and name.endswith(UNITS_ARE_COLUMNS):
            shape, values = turned(*rows(*turned(shape, values)))
        elif matrix(shape):
            shape, values = rows(shape, values)
        out[name] = shape, words(values)
    return out


def sliced(model, experts, copies=False, noise=0.0, seed=3):
    """The MLP of each layer as Mixtral's experts: a slice of its units each, or a copy of all with noise."""
    dice, out = random.Random(seed), {}
    for name, tensor in model.items():
        if ".mlp." not in name:
            out[name] = tensor
    for layer in range(depth(model)):
        stem = f"model.layers.{layer}.block_sparse_moe."
        (units, hidden), _ = mlp(model, layer, "gate")
        router = array.array("f", [0.02 * v for v in even_noise(experts * hidden, dice)])
        out[stem + "gate.weight"] = (experts, hidden), words(router)
        for e in range(experts):
            order = range(units) if copies else range(e * units // experts, (e + 1) * units // experts)
            for new, which, pick in (("w1", "gate", pick_rows), ("w3", "up", pick_rows), ("w2", "down", pick_columns)):
                out[f"{stem}experts.{e}.{new}.weight"] = pick(order, *mlp(model, layer, which))
    if noise:
        fresh = noised({name: tensor for name, tensor in out.items() if ".experts." in name}, noise, seed + 1)
        out.update(fresh)
    return out


def fused(model):
    """As Phi-3 stores it: q, k and v in one matrix, gate and up in another."""
    out = {}
    for name, (shape, values) in model.items():
        for parts, new in ((("q_proj", "k_proj", "v_proj"), "qkv_proj"), (("gate_proj", "up_proj"), "gate_up_proj")):
            part = next((part for part in parts if part + ".weight" in name), None)
            if part is not None:
                if part == parts[0]:
                    all_parts = [model[name.replace(part, other)] for other in parts]
                    joined = array.array(values.typecode, b"".join(v.tobytes() for _, v in all_parts))
                    out[name.replace(part, new)] = (sum(s[0] for s, _ in all_parts), shape[1]), joined
                break
        else:
            out[name] = shape, values
    return out


def write_shards(folder, model):
    """Two files and their index."""
    folder.mkdir()
    names, index = list(model), {}
    for i, some in enumerate((names[:len(names) // 2], names[len(names) // 2:]), 1):
        file = f"model-{i:05}-of-00002.safetensors"
        write(folder / file, {name: model[name] for name in some})
        index.update(dict.fromkeys(some, file))
    size = sum(len(v) * v.itemsize for _, v in model.values())
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": size}, "weight_map": index}))
    return folder


def merged(one, other, share=0.5):
    return {name: (shape, words(array.array("f", [share * a + (1 - share) * b for a, b in
                                                  zip(floats(values), floats(other[name][1]))])))
            for name, (shape, values) in one.items()}


def scaled(model, factor):
    return each(model, lambda shape, values: (shape, words(array.array("f", [factor * v for v in floats(values)]))))


def leaning(model, share, seed=4, units=None):
    """Every row, and every column where those are the units, leans the same way by a share of its deviation: the way
    is the seed's, whatever the model. With units, a seed of the model's own, some hidden units lean more, in all three
    of their tensors: they look like the nearest of everything."""
    out = {}
    for name, (shape, values) in model.items():
        dice = random.Random(f"{units} {layer_of(name)}")
        across = name.endswith(UNITS_ARE_COLUMNS)
        if matrix(shape):
            shape, values = turned(shape, values) if across else (shape, values)
            way = even_noise(shape[1], random.Random(f"{seed} {name}"))
            grown = array.array("f")
            for row in lines(shape, floats(values)):
                size = share * spread(row)[1] * (math.exp(dice.gauss(0, 1)) if units and ".mlp." in name else 1)
                grown.extend([v + size * w for v, w in zip(row, way)])
            shape, values = turned(shape, grown) if across else (shape, grown)
        out[name] = shape, words(values)
    return out


def masked(model, seed=5):
    """Half of all weights zero, the same half whatever the model."""
    def change(name, shape, values):
        bits = random.Random(f"{seed} {name}").getrandbits(len(values))
        return shape, array.array("H", [v if bits >> i & 1 else 0 for i, v in enumerate(values)])
    return {name: change(name, *tensor) if matrix(tensor[0]) else tensor for name, tensor in model.items()}


def with_norms(model, seed):
    dice = random.Random(seed)
    return each(model, lambda shape, values: (shape, words(array.array("f", [dice.gauss(1, 0.01) for _ in values]))),
                lambda name, shape: not matrix(shape))


def constant(model, value):
    return each(model, lambda shape, values: (shape, words(array.array("f", [value])) * len(values)),
                lambda name, shape: matrix(shape))


def numbered_alike(a, b):
    """The study's first test, in plain words: of units of one number in both, mean correlation, and how far that
    stands out among those of units whose numbers differ by 1, by 2, …"""
    def prepare(shape, values):
        out = []
        for row in lines(shape, floats(values))[:128]:
            mean = math.fsum(row) / len(row)
            row = [v - mean for v in row]
            length = math.sqrt(sum(map(operator.mul, row, row)))
            out.append([v / length for v in row])
        return out
    a, b = prepare(*a), prepare(*b)
    n = len(a)
    shifts = [sum(sum(map(operator.mul, a[i], b[(i + s) % n])) for i in range(n)) / n for s in range(n)]
    mean = math.fsum(shifts[1:]) / (n - 1)
    return shifts[0] - mean, (shifts[0] - mean) / math.sqrt(sum((v - mean) ** 2 for v in shifts[1:]) / (n - 2))


# --- What is said ----------------------------------------------------------------------------------------------------

SCRATCH = re.compile(r"trained from scratch|from[- ]scratch", re.I)
DESCENT = re.compile(r"\b(parent|child|descendant|descends|descended|offspring|derives|derived from|fine-?tuned? (of|from)|"
                     r"fine-?tuning of|copied from|copy of|distilled|stolen|plagiari)", re.I)
# A sentence with one of these leaves open or denies what it names.
OPEN = re.compile(r"\b(not|no|nor|or|cannot|never|neither|whether|which of)\b", re.I)
SHARED_START = re.compile(r"initiali[sz]ation", re.I)
APART = re.compile(r"drift|apart|nois|round|differ|devia|relative", re.I)
CONSTANT = re.compile(r"constant|all zero|zeros|one value|same value", re.I)


class Check:
    def __init__(self, program, folder):
        self.program, self.folder, self.done, self.failed = program, folder, 0, 0
        self.slowest, self.diffs = (0.0, ""), 0

    def __call__(self, holds, words_of_it):
        self.done += 1
        if not holds:
            self.failed += 1
            print("toys: " + words_of_it)
        return holds

    def say(self, text):
        """What is looked at and not judged, where that is asked for."""
        if os.environ.get("V"):
            print("toys: note: " + text)

    def run(self, *arguments):
        return subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True, check=False,
                              timeout=120)

    def diff(self, a, b, what, among=None, status=None, text=True):
        """The report on a and b, and all that is said of them, which is one of the relations in among."""
        self.diffs += 1
        began = time.monotonic()
        run = self.run("--json", "diff", a, b)
        self.slowest = max(self.slowest, (time.monotonic() - began, what))
        try:
            report = json.loads(run.stdout)
        except ValueError:
            self(False, f"{what}: no JSON, status {run.returncode}, {(run.stderr or run.stdout).strip()[:200]}")
            return {}, ""
        if report.get("schema") == "archinspect/error/1":
            self(False, f"{what}: status {run.returncode}, {report['message']}")
            return {}, ""
        self.form(report, run.returncode, what)
        relation = report.get("relation")
        seen = f"{relation}, effect {report.get('effect')}, p {report.get('p_value')}"
        if among is not None:
            self(relation in among, f"{what}: {seen}; wanted {' or '.join(sorted(among))}")
        if status is not None:
            self(run.returncode == status, f"{what}: status {run.returncode}, wanted {status}")
        said = json.dumps([report.get("evidence"), report.get("layers")], ensure_ascii=False)
        if text:
            page = self.run("diff", a, b)
            self(page.returncode == run.returncode, f"{what}: status {run.returncode} with JSON, {page.returncode} without")
            said += "\n" + page.stdout
        self.tone(said + "\n" + run.stdout, what)
        self.say(f"{what}: {seen}")
        return report, said

    def form(self, report, status, what):
        missing = [key for key in KEYS if key not in report]
        if not self(not missing and report["schema"] == "archinspect/diff/1", f"{what}: without {missing}: {str(report)[:200]}"):
            return
        relation, p, effect = report["relation"], report["p_value"], report["effect"]
        self(relation in RELATIONS and status == STATUS.get(relation, 1), f"{what}: {relation} with status {status}")
        self(p is None and relation not in ("related", "no_relation_found") or p is not None and 0 <= p <= 1,
             f"{what}: p_value {p}")
        self(effect is None or -1 <= effect <= 1, f"{what}: effect {effect}")
        # The same bytes in both are no matter of chance.
        told = p < 1e-3 if p is not None else relation == "partly_related" and effect == 1
        self(relation not in SOME or effect is not None and effect > 0.02 and told,
             f"{what}: {relation} by an effect of {effect}, p {p}")
        self(isinstance(report["bytes_read"], int) and report["bytes_read"] >= 0, f"{what}: read {report['bytes_read']}")
        for key in ("evidence", "layers"):
            self(isinstance(report[key], list), f"{what}: {key} is no list")
        self(relation in ("identical", "not_comparable") or report["evidence"], f"{what}: {relation} on no evidence")

    def tone(self, said, what):
        """No history is claimed, whatever is found."""
        for sentence in re.split(r"(?<=[.;:!?])\s|\n\n|\"", said):
            sentence = " ".join(sentence.split())
            claim = SCRATCH.search(sentence) or (DESCENT.search(sentence) and not OPEN.search(sentence))
            if claim:
                self(False, f"{what}: claims a history: {sentence[:160]}")
                return
        self(True, "")

    def mapping(self, report, wanted, what):
        """Of each layer of B the one of A it goes with, or None."""
        found = {}
        for entry in report.get("layers", []):
            if isinstance(entry, dict):
                b = next((entry[key] for key in ("layer", "b", "layer_b") if key in entry), None)
                a = next((entry[key] for key in ("of_a", "a", "layer_a") if key in entry), None)
                if b is not None and (found.get(b) is None):
                    found[b] = a
        got = [found.get(i) for i in range(len(wanted))]
        self(got == wanted, f"{what}: layers {got}, wanted {wanted}: {str(report.get('layers'))[:160]}")


def without_noise(check, report, said, what):
    """Of the same values it is not said that noise was added to them."""
    noise = [float(number) for number in re.findall(r"as if ([\d.]+) times", said)]
    check((report.get("effect") or 1) > 0.9999 and all(number < 0.01 for number in noise),
          f"{what}: the same values, and effect {report.get('effect')}, noise {noise}")


def cosine_explained(check, said, what):
    """A cosine of norms never stands without what independent vectors of that mean and deviation have."""
    cosine = re.search(r"norm[^.\n\"]*cosine|cosine[^.\n\"]*norm", said, re.I)
    if cosine:
        check(re.search(r"expect|closed form|alone|chance", said, re.I), f"{what}: a cosine without what to expect: {cosine[0]}")
    check.say(f"{what}: {'a' if cosine else 'no'} cosine of norms is mentioned")


# --- The checks ------------------------------------------------------------------------------------------------------

def check_makers(check, models, packed_files):
    """What the makers make is what they say."""
    shape, values = mlp(models["half32"], 1, "gate")
    values = floats(values)
    deviation = spread(values)[1]

    def error(found):
        return math.sqrt(math.fsum((a - b) ** 2 for a, b in zip(found, values)) / len(values)) / deviation
    check(words(values) == mlp(models["half32"], 1, "gate")[1], "BF16 and back is not the same")
    check(words(array.array("f", [1.00390625, 1.01171875, -1.00390625])).tolist() == [0x3F80, 0x3F82, 0xBF80],
          "ties do not go to even")
    for name, found, bound in (("Q8_0", unpack_q8_0(pack_q8_0(values)), 0.01), ("Q4_0", unpack_q4_0(pack_q4_0(values)), 0.12),
                               ("Q4_K", unpack_q4_k(pack_q4_k(values)), 0.1)):
        check(len(found) == len(values) and error(found) < bound, f"{name} and back is off by {error(found):.4f}")
    for group in (32, 64):
        packed, scales, biases = pack_mlx(shape, values, group)
        off = error(unpack_mlx(packed[1], scales[1], biases[1], group))
        check(packed[0] == (512, 32) and scales[0] == (512, 256 // group) and off < 0.12, f"MLX and back is off by {off:.4f}")
    a = models["sA"]
    order = [v for _, v in sorted(zip(interleaved(4, (128, 1), array.array("f", range(128)))[1], range(128)))]
    check([order[i] for i in (0, 16, 1, 17, 32, 48)] == [0, 1, 2, 3, 32, 33], "q and k are not laid as llama's converter does")
    for name, other, low, high in (
            ("sA itself", a, 0.999, 1.001), ("sFT", models["sFT"], 0.98, 1.001), ("sCPT", models["sCPT"], 0.6, 0.9),
            ("sA0c", models["sA0c"], 0.6, 0.9), ("sC", models["sC"], -0.03, 0.03), ("sA shuffled", shuffled(a), -0.03, 0.03),
            ("sA rebased", rebased(a), -0.03, 0.03), ("twice the noise", exactly_noised(a, 2, 7), 0.43, 0.465),
            ("sA shuffled there and back", keep_units(shuffled(a), unshuffle), 0.999, 1.001),
            ("a merge", merged(models["sFT"], models["sC"]), 0.5, 0.9)):
        rho, z = numbered_alike(mlp(a, 1, "up"), mlp(other, 1, "up"))
        check(low < rho < high and (abs(z) < 4 or low > 0.1), f"by the plain test, sA with {name}: {rho:.4f}, z {z:.1f}")
    back = rebased(rebased(a), 2)
    check(set(back) == set(a) and all(back[name][0] == a[name][0] for name in a), "a new basis changes a shape")
    for name, (path, of) in packed_files.items():
        run = check.run("--json", path)
        report = json.loads(run.stdout) if run.stdout else {}
        errors = [f["message"] for f in report.get("findings", []) if f["severity"] == "error"]
        check(run.returncode == 0 and not errors, f"{name} is not sound: {run.stderr.strip()} {errors}")
        for key in ("hidden_size", "num_hidden_layers", "intermediate_size", "vocab_size"):
            found = report.get("architecture", {}).get(key, {}).get("value")
            check(found == of[key], f"{name}: {key} is {found}, not {of[key]}")


def unshuffle(layer, _model, seed=1, units=256):
    """Undoes shuffled() of sA."""
    dice = random.Random(seed)
    for _ in range(layer + 1):
        order = dice.sample(range(units), units)
    return sorted(range(units), key=order.__getitem__)


def check_pairs(check, paths):
    """Every two of the toys, as their README says."""
    found = {}
    for a, b in itertools.combinations(TOYS, 2):
        what = f"{a} with {b}"
        if {a, b} <= KIN:
            among = {"related"}
        elif "half32" in (a, b):
            among = {"no_relation_found", "not_comparable"}
        else:
            among = {"no_relation_found"}
        report, said = check.diff(paths[a], paths[b], what, among)
        found[a, b] = report
        effect = report.get("effect")
        if among == {"related"}:
            check(SHARED_START.search(said), f"{what}: that one seed would look the same is not said")
            check.mapping(report, [0, 1], what)
            low = 0.98 if {a, b} == {"sA", "sFT"} else 0.3
            check(effect is not None and low < effect <= 1, f"{what}: effect {effect}")
        else:
            check(effect is None or abs(effect) < 0.1, f"{what}: effect {effect}")
        cosine_explained(check, said, what)
    for a, b in (("sA", "sFT"), ("sA", "sCPT"), ("sFT", "sA0c"), ("sA", "sC"), ("th1e6", "half64"), ("sA", "half32")):
        report, _ = check.diff(paths[b], paths[a], f"{b} with {a}", text=False)
        first, second = found[a, b], report
        check(first.get("relation") == second.get("relation"),
              f"{a} with {b} is {first.get('relation')}, the other way {second.get('relation')}")
        effects = [r.get("effect") for r in (first, second)]
        check(None in effects or abs(effects[0] - effects[1]) < 0.02, f"{a} with {b}: effect {effects}")


def check_sameness(check, models, paths, folder):
    """All values or not all, whatever the file is like."""
    for name in ("sA", "half32", "none32"):
        report, _ = check.diff(paths[name], paths[name], f"{name} with itself", {"identical"}, 0)
        check(report.get("effect") in (None, 1), f"{name} with itself: effect {report.get('effect')}")
    a = models["sA"]
    copy = write(folder / "other-order.safetensors", dict(reversed(a.items())), {"format": "pt", "by": "another hand"})
    check.diff(paths["sA"], copy, "sA in another order", {"identical"}, 0)
    check.diff(paths["sA"], write_shards(folder / "sharded", a), "sA in shards", {"identical"}, 0)
    wide = {name: (shape, floats(values)) for name, (shape, values) in a.items()}
    without_noise(check, *check.diff(paths["sA"], write(folder / "wide.safetensors", wide), "sA as F32",
                                     {"related", "identical"}), "sA as F32")
    changed = dict(a)
    shape, values = mlp(a, 1, "down")
    values = values[:]
    values[len(values) // 2 + 5] ^= 1
    changed["model.layers.1.mlp.down_proj.weight"] = shape, values
    check.diff(paths["sA"], write(folder / "one-bit.safetensors", changed), "sA with one bit of it turned", {"related"}, 1)


def check_derived(check, models, put):
    """What becomes of a model, against what it was; and of another, against what it never was."""
    a, c, ft, big = models["sA"], models["sC"], models["sFT"], models["half32"]
    a_path, c_path, big_path = put("sA", a), put("sC", c), put("half32", big)

    def derive(name, model, among, source=a_path, mapping=None, **more):
        report, said = check.diff(source, put(name, model), f"{source.stem} with {name}", among, **more)
        if mapping is not None:
            check.mapping(report, mapping, f"{source.stem} with {name}")
        if among <= SOME:
            check(SHARED_START.search(said), f"{name}: that one seed would look the same is not said")
        return report, said
    derive("shuffled", shuffled(a), {"related"}, mapping=[0, 1])
    derive("shuffled-fine-tune", shuffled(ft), {"related"})
    derive("shuffled-long-training", shuffled(models["sCPT"]), {"related"})
    derive("rebased", rebased(a), {"related"})
    derive("rebased-fine-tune", rebased(ft), {"related", "inconclusive"})
    report, _ = derive("rebased-and-shuffled", rebased(shuffled(ft)), RELATIONS - {"identical"})
    check.say(f"a fine-tune in another basis with its units shuffled is {report.get('relation')}")

    _, said = derive("stacked", noised(stacked(big, [0, 1, 2, 1, 2, 3]), 1, 11), {"related"}, big_path, [0, 1, 2, 1, 2, 3])
    inside = re.search(r"repeat|inside|itself|twice|duplicat", said, re.I)
    check.say(f"that layers repeat inside is {'' if inside else 'not '}said")
    derive("dropped", stacked(big, [0, 2, 3]), SOME, big_path, [0, 2, 3])
    dice = random.Random(12)
    fresh = stacked(big, [0, 1, None, 2, 3], lambda shape, values: (shape, words(array.array(
        "f", [0.02 * v if matrix(shape) else 1 for v in even_noise(len(values), dice)]))))
    derive("inserted", fresh, SOME, big_path, [0, 1, None, 2, 3])
    zeros = stacked(big, [0, 1, None, 2, 3], lambda shape, values: (shape, array.array("H", bytes(2 * len(values)))))
    derive("inserted-zeros", zeros, SOME, big_path, [0, 1, None, 2, 3])
    twice = stacked(big, [0, 1, 1, 2, 3])
    for which in ("mlp.down_proj", "self_attn.o_proj"):
        shape, values = twice[f"model.layers.2.{which}.weight"]
        twice[f"model.layers.2.{which}.weight"] = shape, array.array("H", bytes(2 * len(values)))
    report, _ = derive("inserted-copy", twice, SOME, big_path)
    check.say(f"a copied block whose outputs are zero: {report.get('layers')}")

    without_noise(check, *derive("fused", fused(a), {"related"}, mapping=[0, 1]), "sA with fused")
    derive("pruned", pruned(a), {"related"})
    derive("sliced", sliced(a, 4), SOME)
    # Of these only the MLP is its own.
    for name, model in (("pruned", pruned(a)), ("sliced", sliced(a, 4)), ("upcycled", sliced(a, 4, True, 0.1))):
        part = {key: model.get(key) if ".mlp." in key or ".block_sparse_moe." in key else c[key] for key in model}
        derive(name + "-alone", part, SOME)
    derive("upcycled", sliced(a, 4, copies=True, noise=0.1), {"related"})
    halved = dict(a)
    halved["model.embed_tokens.weight"] = pick_rows(range(0, 256, 2), *a["model.embed_tokens.weight"])
    derive("fewer-words", halved, {"related"}, mapping=[0, 1])
    merge = merged(ft, c)
    for path in (put("sFT", ft), c_path, a_path):
        derive("merge", merge, {"related"}, path)
    tower = {name: c[name] if layer_of(name) == 1 else tensor for name, tensor in a.items()}
    for path in (a_path, c_path):
        derive("half-and-half", tower, SOME, path)
    report, _ = check.diff(a_path, put("half-and-half", tower), "sA with half-and-half", text=False)
    check.mapping(report, [0, None], "sA with half-and-half")
    report, _ = derive("threefold", scaled(a, 3), {"related"})
    check((report.get("effect") or 0) > 0.99, f"sA times three: effect {report.get('effect')}")
    words_only = {name: a[name] if layer_of(name) is None else tensor for name, tensor in c.items()}
    report, _ = derive("words-of-another", words_only, RELATIONS - {"identical"})
    check.say(f"sC with the embedding of sA is {report.get('relation')}")

    # The same done to one that is independent shows nothing.
    for name, model, path in (
            ("C-shuffled", shuffled(c), a_path), ("C-rebased", rebased(c), a_path), ("C-pruned", pruned(c), a_path),
            ("C-sliced", sliced(c, 4), a_path), ("C-upcycled", sliced(c, 4, True, 0.1), a_path),
            ("C-threefold", scaled(c, 3), a_path), ("C-stacked", stacked(c, [0, 1, 0, 1]), a_path),
            ("C-dropped", stacked(c, [1]), a_path), ("C-fused", fused(c), a_path)):
        derive(name, model, NONE, path)


def check_formats(check, models, paths, files):
    """The same values in other clothes: what packing costs is small, and said."""
    for what, a, b, least in files:
        quantised = not b.stem.endswith(("-BF16", "-F16"))
        # What F16 rounds of a BF16 is next to nothing.
        report, said = check.diff(paths[a], b, what, {"related"} if quantised else {"related", "identical"})
        effect = report.get("effect")
        if report.get("relation") == "related":
            check(effect is not None and effect > least, f"{what}: effect {effect}, wanted above {least}")
            check.mapping(report, list(range(depth(models[a]))), what)
        if not quantised:
            without_noise(check, report, said, what)
        else:
            check(APART.search(said), f"{what}: how far they are apart is not said")
        check.diff(b, paths["sC"] if a != "half32" else paths["sA"], f"{b.stem} with an independent one", NONE)


def check_noise(check, models, paths, put):
    """The effect says how much noise there is."""
    for k in (0.5, 1, 2, 5):
        noisy = put(f"noise-{k}", exactly_noised(models["sA"], k, 20))
        report, said = check.diff(paths["sA"], noisy, f"sA + {k} noise", {"related"})
        effect, expected = report.get("effect"), 1 / math.sqrt(1 + k * k)
        check.say(f"sA + {k} noise: effect {effect}, by hand {expected:.4f}")
        if k <= 2:
            check(effect is not None and abs(effect / expected - 1) < 0.02,
                  f"sA + {k} noise: effect {effect}, by hand {expected:.4f}")
        check(APART.search(said), f"sA + {k} noise: how far they are apart is not said")
    for k in (26, 32):
        check.diff(paths["half32"], put(f"noise-{k}", noised(models["half32"], k, 21)), f"half32 + {k} noise",
                   {"related", "inconclusive"})
    noisy = put("noise-20", noised(models["half32"], 20, 21))
    report, _ = check.diff(paths["half32"], noisy, "half32 + 20 noise", {"related", "inconclusive"})
    check.say(f"half32 + 20 noise: {report.get('relation')}, effect {report.get('effect')}, by hand {1 / math.sqrt(401):.4f}")


def check_parts(check, models, put):
    """Attention of the one and MLPs of another."""
    a, c = models["sA"], models["sC"]
    near = exactly_noised(a, 0.1, 22)
    mixed = put("attention", {name: (near if "self_attn" in name else c)[name] for name in a})
    check.diff(put("sA again", a), mixed, "sA with its attention in another", {"partly_related"})


def check_merges(check, models, put, paths):
    """The shares that a merge was made with; of two that come from one base, also without it."""
    for name, parents, share, base in (("even", ("sFT", "sC"), 0.5, None), ("seven-tenths", ("sFT", "sC"), 0.7, None),
                                       ("of siblings", ("sFT", "sCPT"), 0.7, "sA")):
        mixed = put("merge " + name, merged(models[parents[0]], models[parents[1]], share))
        run = check.run("--json", "diff", "--merge", mixed, *[paths[p] for p in parents], *([paths[base]] if base else []))
        shares = json.loads(run.stdout).get("merge", {}).get("layers", []) if run.stdout else []
        check(len(shares) == 2, f"merge {name}: {len(shares)} layers")
        for one in shares:
            near = abs(one["share_of_b"] - share) < 0.01 and abs(one["share_of_c"] - 1 + share) < 0.01
            check(near and one["residual"] < 0.01, f"merge {name}: {one}")
    run = check.run("--json", "diff", "--merge", paths["sA"], paths["sC"], paths["half64"])
    check(all(one["residual"] > 0.9 for one in json.loads(run.stdout)["merge"]["layers"]), "no merge: it is explained")
    same = check.run("--json", "diff", "--merge", paths["sA"], paths["sC"], paths["sC"])
    check(all(one["condition"] is None or one["condition"] > 1e4 for one in json.loads(same.stdout)["merge"]["layers"]),
          "merge of one model with itself: the shares are said to be known")


def check_traps(check, models, put, folder):
    """What two independent models may share, and what fooled people."""
    a, c = models["sA"], models["sC"]
    for name, one, other in (("leaning", leaning(a, 0.3), leaning(c, 0.3)), ("leaning far", leaning(a, 1), leaning(c, 1)),
                             ("leaning by unit", leaning(a, 1, units="a"), leaning(c, 1, units="c")),
                             ("masked", masked(a), masked(c)), ("sorted", sorted_units(a), sorted_units(c))):
        check.diff(put(name + " A", one), put(name + " C", other), f"sA and sC, both {name}", NONE)
    report, said = check.diff(put("even-norms-A", with_norms(a, 30)), put("even-norms-C", with_norms(c, 31)),
                              "sA and sC with norms near 1", {"no_relation_found"})
    cosine_explained(check, said, "norms near 1")
    check(report.get("effect") is None or abs(report["effect"]) < 0.1, f"norms near 1: effect {report.get('effect')}")

    flat = {name: put(name, constant(model, value)) for name, model, value in
            (("zero-A", a, 0.0), ("zero-C", c, 0.0), ("constant-C", c, 0.02), ("constant-A", a, 0.02))}
    for one, other in (("zero-A", "zero-C"), ("zero-A", "constant-C"), ("constant-A", "constant-C")):
        _, said = check.diff(flat[one], flat[other], f"{one} with {other}", SILENT)
        check(CONSTANT.search(said), f"{one} with {other}: that the values are constant is not said")
    _, said = check.diff(put("sA", a), flat["zero-C"], "sA with zero-C", SILENT)
    check(CONSTANT.search(said), "sA with zero-C: that values are constant is not said")

    shapes = [("model.embed_tokens.weight", [128256, 8192])]
    for layer in range(80):
        stem = f"model.layers.{layer}."
        shapes += [(f"{stem}{name}_layernorm.weight", [8192]) for name in ("input", "post_attention")]
        shapes += [(f"{stem}self_attn.{name}_proj.weight", [rows, 8192]) for name, rows in
                   (("q", 8192), ("k", 1024), ("v", 1024), ("o", 8192))]
        shapes += [(f"{stem}mlp.gate_proj.weight", [28672, 8192]), (f"{stem}mlp.up_proj.weight", [28672, 8192]),
                   (f"{stem}mlp.down_proj.weight", [8192, 28672])]
    shapes += [("lm_head.weight", [128256, 8192]), ("model.norm.weight", [8192])]
    head, size = header_of([(name, "BF16", shape, 2 * math.prod(shape)) for name, shape in shapes], {"format": "pt"})
    large = []
    try:
        for name in ("hollow-A", "hollow-B"):
            large.append(folder / (name + ".safetensors"))
            with open(large[-1], "wb") as file:
                file.write(head)
                file.truncate(len(head) + size)
                if name == "hollow-B":
                    file.seek(len(head) + size - 2)
                    file.write(b"\x80\x3f")
    except OSError as error:
        print(f"toys: no files of {size / 1e9:.0f} GB here ({error.strerror}), those are not tried")
        return
    began = time.monotonic()
    report, said = check.diff(*large, "two hollow files of 141 GB", SILENT, text=False)
    took = time.monotonic() - began
    check(took < 10, f"two hollow files of {size / 1e9:.0f} GB took {took:.1f} s")
    check(CONSTANT.search(said), "two hollow files: that the values are constant is not said")
    check(report.get("bytes_read", 0) < 4e9, f"of two hollow files {report.get('bytes_read')} bytes were read")
    check.say(f"two hollow files of {size / 1e9:.0f} GB: {took:.2f} s, {report.get('bytes_read')} bytes read")
    for path in large:
        path.unlink()


# --- Fingerprints, as archinspect-capsule(5) says: in plain Python ---------------------------------------------------

ALL64 = 2 ** 64 - 1


def splitmix(n):
    z = (n + 1) * 0x9E3779B97F4A7C15 & ALL64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & ALL64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & ALL64
    return z ^ z >> 31


def sums_of(role, units, count):
    """Of rows none of whose numbers is 0."""
    centred = []
    for unit in units:
        mean = math.fsum(unit) / len(unit)
        size = math.sqrt(math.fsum((v - mean) ** 2 for v in unit))
        centred.append([(v - mean) / size for v in unit])
    common = [math.fsum(column) / len(centred) for column in zip(*centred)]
    centred = [list(map(operator.sub, unit, common)) for unit in centred]
    size = math.sqrt(math.fsum(v * v for unit in centred for v in unit))
    out = []
    for k in range(count):
        total = 0
        for u, unit in enumerate(centred):
            for c, v in enumerate(unit):
                total += v if splitmix((role << 48) + (k << 32) + 16 * u + c // 64) >> c % 64 & 1 else -v
        out.append(max(-127, min(127, 32 * total / size)))
    return out


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & ALL64
    return f"{value:016x}"


def check_published(check, model, capsule):
    """What is kept of sA is what anybody computes of it."""
    text = subprocess.run(["zstd", "-dc", capsule], capture_output=True, check=True).stdout.decode()
    found, hashes = {}, {}
    for line in map(json.loads, text.splitlines()):
        if isinstance(line, list) and len(line) > 3 and "hash" in line[3]:
            hashes[line[0]] = line[3]["hash"]
        elif "fingerprint" in line:
            found[line["fingerprint"], line["layer"]] = array.array("b", bytes.fromhex(line["values"]))
    check(len(found) == 14 and len(hashes) == 15, f"the fingerprint of sA: {len(found)} lines, {len(hashes)} hashes")
    for role, (kind, name) in enumerate((("up", "mlp.up_proj"), ("gate", "mlp.gate_proj"), ("down", "mlp.down_proj"),
                                         ("v", "self_attn.v_proj"))):
        shape, values = model[f"model.layers.1.{name}.weight"]
        shape, values = turned(shape, floats(values)) if kind == "down" else (shape, floats(values))
        own, theirs = sums_of(role, lines(shape, values)[:64], 2), found.get((kind, 1), [])[:2]
        check(len(theirs) == 2 and all(abs(a - b) <= 0.51 for a, b in zip(own, theirs)), f"sums of {kind}: {own}, not {theirs}")
    for name, value in hashes.items():
        check(value == fnv(model[name][1].tobytes()), f"the hash of {name}: {value}")


def check_fingerprints(check, models, paths, folder):
    """A fingerprint of each toy, held against each other: kin are a lead, all others are never related."""
    kept, independent = {}, []
    for name, path in paths.items():
        kept[name] = folder / (name + "-print.capsule.zst")
        bare, again = folder / "bare.capsule.zst", folder / "again.capsule.zst"
        for more, out in ((["--fingerprint"], kept[name]), (["--fingerprint"], again), ([], bare)):
            check(check.run("capsule", *more, path, "-o", out).returncode == 0, f"no capsule of {name}")
        check(kept[name].read_bytes() == again.read_bytes(), f"two fingerprints of {name} differ")
        grown = kept[name].stat().st_size - bare.stat().st_size
        check(0 < grown < 6000, f"the fingerprint of {name} has {grown} bytes")
    for a, b in itertools.permutations(TOYS, 2):
        what = f"the fingerprint of {a} with {b}"
        run = check.run("--json", "diff", kept[a], kept[b] if a < b else paths[b])
        report = json.loads(run.stdout)
        relation, effect = report.get("relation"), report.get("effect")
        check.tone(run.stdout, what)
        check(report.get("lead") is True, f"{what} is no lead: {run.stdout[:200]}")
        if {a, b} <= KIN:
            check(relation == "related" and effect > 0.6 and run.returncode == 1, f"{what}: {relation}, {effect}")
        elif "half32" in (a, b):
            check(relation == "not_comparable" and run.returncode == 2, f"{what}: {relation}, {effect}")
        else:
            independent.append(effect)
            check(relation == "inconclusive" and abs(effect) < 0.2 and run.returncode == 1, f"{what}: {relation}, {effect}")
            check("no clearance" in report["caveat"], f"{what}: a miss is taken for something")
    check.say(f"fingerprints of independent models: at most {max(map(abs, independent)):.3f}")
    run = check.run("--json", "match", "--catalogue", kept["sA"], "--catalogue", kept["sC"], paths["sFT"])
    leads = {pathlib.Path(one["path"]).name.split("-")[0]: one for one in json.loads(run.stdout)["fingerprints"]}
    check(list(leads) == ["sA", "sC"] and leads["sA"]["lead"] and leads["sA"]["effect"] > 0.98, f"sFT by sA's: {leads}")
    check(not leads["sC"]["lead"] and "no clearance" in leads["sC"]["caveat"], f"sFT by sC's: {leads}")
    check("miss is no clearance" in " ".join(check.run("match", "--catalogue", kept["sC"], paths["sA"]).stdout.split()),
          "match takes a miss for something")
    for command, other in (("match", "bare"), ("inspect", "sA-print")):
        run = check.run(command, "--catalogue", folder / (other + ".capsule.zst"), paths["sA"])
        check(run.returncode == 2 and "capsule" in run.stderr, f"{command} by {other}: {run.returncode}, {run.stderr}")
    itself = json.loads(check.run("--json", "diff", kept["sA"], paths["sA"]).stdout)
    check(itself["relation"] == "related" and itself["effect"] == 1, f"sA by its fingerprint: {itself['relation']}")
    run = check.run("capsule", "--fingerprint", kept["sA"], "-o", folder / "twice.capsule.zst")
    check(run.returncode == 2 and "capsule already" in run.stderr, f"a capsule of a capsule: {run.stderr}")
    run = check.run("diff", folder / "bare.capsule.zst", paths["sA"])
    check(run.returncode == 2 and "--fingerprint" in run.stderr, f"without a fingerprint no hint: {run.stderr}")
    if shutil.which("zstd"):
        check_published(check, models["sA"], kept["sA"])


def check_unanswerable(check, paths, folder):
    """Without values on both sides there is no answer, and it is said why."""
    capsule = folder / "x.capsule.zst"
    check(check.run("capsule", paths["sA"], "-o", capsule).returncode == 0, "no capsule of sA")
    (folder / "notes.txt").write_text("Not a model.\n")
    for what, a, b in (("a capsule with sA", capsule, paths["sA"]), ("sA with a capsule", paths["sA"], capsule),
                       ("a capsule with itself", capsule, capsule), ("sA with an entry", paths["sA"], "catalogue:Qwen/Qwen3-4B"),
                       ("sA with what is not there", paths["sA"], folder / "absent.safetensors"),
                       ("sA with a note", paths["sA"], folder / "notes.txt")):
        run = check.run("diff", a, b)
        check(run.returncode == 2, f"{what}: status {run.returncode}")
        # What to do stands in a line of its own.
        reason = [line for line in run.stderr.splitlines() if not line.startswith("hint: ")]
        culprit = str(a if a != paths["sA"] else b)
        # Both are to blame where both are the same.
        check(1 <= len(reason) <= 1 + (a == b) and all(culprit in line for line in reason), f"{what}: said {reason}")
        if "capsule" in what or "entry" in what:
            check(re.search(r"values|weights|headers|numbers", " ".join(reason), re.I), f"{what}: why not is not said: {reason}")
        run = check.run("--json", "diff", a, b)
        try:
            reports = json.loads(run.stdout)
            for report in reports if isinstance(reports, list) and a == b else [reports]:
                check(run.returncode == 2 and report["schema"] == "archinspect/error/1",
                      f"{what}: status {run.returncode} with JSON")
                check(report["path"] in (culprit, culprit.removeprefix("catalogue:")), f"{what}: JSON blames {report['path']}")
        except (KeyError, TypeError, ValueError):
            check(False, f"{what}: JSON is {run.stdout[:80]!r}")
    check(check.run("diff", paths["sA"]).returncode == 2, "diff of one model is answered")
    check(check.run("diff", *[paths["sA"]] * 3).returncode == 2, "diff of three models is answered")


def check_independent(check, models, truth, put, folder):
    """Whatever is done to both, independent models stay so."""
    packed = {name: write_gguf(folder / f"{name}-q4.gguf", models[name], "Q4_0", truth[name])
              for name in INDEPENDENT if name != "none32"}
    counts = collections.Counter()
    for a, b in itertools.combinations(INDEPENDENT, 2):
        tries = [("units shuffled", put("plain-" + a, models[a]), put("shuffled-" + b, shuffled(models[b], 40))),
                 ("units sorted", put("sorted-" + a, sorted_units(models[a])), put("sorted-" + b, sorted_units(models[b]))),
                 ("another basis", put("rebased-" + a, rebased(models[a], 41)), put("rebased-" + b, rebased(models[b], 42)))]
        if a in packed and b in packed:
            tries.append(("both Q4_0", packed[a], packed[b]))
        for how, one, other in tries:
            report, _ = check.diff(one, other, f"{a} with {b}, {how}", NONE, text=False)
            counts[report.get("relation")] += 1
    check.say(f"independent pairs, transformed: {dict(counts)}")


def main(program, folder=None):
    toys = pathlib.Path(folder) if folder else TOP.parent / "shared" / "forensics" / "toys"
    if not toys.is_dir():
        print("toys: skipped, ../shared/forensics/toys is not here")
        return 0
    truth = json.loads((toys / "truth.json").read_text())
    paths = {name: toys / (name + ".safetensors") for name in TOYS}
    models = {name: read(path) for name, path in paths.items()}
    began, laps = time.monotonic(), []
    with tempfile.TemporaryDirectory() as made:
        made = pathlib.Path(made)
        check, written = Check(program, made), {}

        def put(name, model):
            if name not in written:
                written[name] = write(made / (name + ".safetensors"), model)
            return written[name]

        def lap(name):
            laps.append(f"{name} {time.monotonic() - began:.1f} s")
        ft = {kind: write_gguf(made / f"fine-tune-{kind}.gguf", models["sFT"], kind, truth["sFT"])
              for kind in ("F16", "BF16", "Q8_0", "Q4_0")}
        ft["MLX 32"] = write(made / "fine-tune-mlx32.safetensors", mlx(models["sFT"], 32), {"format": "mlx"})
        for kind, pack in (("GPTQ", pack_gptq), ("AWQ", pack_awq), ("FP8", pack_fp8)):
            ft[kind] = write(made / f"fine-tune-{kind}.safetensors", linear(models["sFT"], pack))
        (made / "fine-tune-mlx64").mkdir()
        ft["MLX 64"] = write(made / "fine-tune-mlx64/model.safetensors", mlx(models["sFT"], 64), {"format": "mlx"}).parent
        config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "rms_norm_eps": 1e-5,
                  "tie_word_embeddings": True, "quantization": {"group_size": 64, "bits": 4}}
        config.update({key: value for key, value in truth["sFT"].items() if "rotary" not in key})
        (ft["MLX 64"] / "config.json").write_text(json.dumps(config))
        large = write_gguf(made / "half32-Q4_K.gguf", models["half32"], "Q4_K", truth["half32"])
        lap("packing")
        check_makers(check, models, {**{kind: (path, truth["sFT"]) for kind, path in ft.items()},
                                     "half32 Q4_K": (large, truth["half32"])})
        lap("makers")
        check_pairs(check, paths)
        lap("pairs")
        check_sameness(check, models, paths, made)
        check_derived(check, models, put)
        lap("derived")
        least = {"F16": 0.999, "BF16": 0.999, "Q8_0": 0.999, "Q4_0": 0.985, "MLX 32": 0.985, "MLX 64": 0.985,
                 "GPTQ": 0.985, "AWQ": 0.985, "FP8": 0.998}
        check_formats(check, models, paths, [(f"sFT with its {kind}", "sFT", path, least[kind]) for kind, path in ft.items()]
                      + [(f"sA with sFT's {kind}", "sA", path, 0.95) for kind, path in ft.items() if kind[-2:] != "16"]
                      + [("half32 with its Q4_K", "half32", large, 0.985)])
        check_noise(check, models, paths, put)
        lap("formats, noise")
        check_parts(check, models, put)
        check_merges(check, models, put, paths)
        check_traps(check, models, put, made)
        check_unanswerable(check, paths, made)
        lap("traps")
        check_fingerprints(check, models, paths, made)
        lap("fingerprints")
        check_independent(check, models, truth, put, made)
        lap("independent")
        check.say(", ".join(laps) + f"; {check.diffs} pairs, the slowest {check.slowest[1]} in {check.slowest[0]:.2f} s")
    return finish(check)


def finish(check):
    print(f"toys: {check.done} checks, {check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
