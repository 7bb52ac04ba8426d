#!/usr/bin/env python3
"""Write fixtures/: small checkpoints that are sound, and malformed ones, each with one fault and named for it.

    scripts/make-fixtures.py [FOLDER]      default: fixtures/ beside this script's folder

Every model here is made up; its weights are zeros, but for those of kin/, which are noise. The same bytes come out on every run and every machine.
What each malformed file must lead to stands in tests/test_malformed.c, worked out by hand from this layout.
"""
import json
import pathlib
import random
import struct
import sys

# --- safetensors -----------------------------------------------------------------------------------------------------

# Bits of one element, of every dtype of the format, in its own order.
DTYPE_BITS = {
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32,
    "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}


def product(sizes):
    n = 1
    for size in sizes:
        n *= size
    return n


def raw_safetensors(header, data=b""):
    """A file of exactly this header text (str or bytes)."""
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header)) + header + data


def safetensors(tensors, metadata=None):
    """tensors: (name, dtype, shape) in the order of their data."""
    header, at = {}, 0
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, dtype, shape in tensors:
        end = at + product(shape) * DTYPE_BITS[dtype] // 8
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return raw_safetensors(text + b" " * (-len(text) % 8), bytes(at))


# --- GGUF ------------------------------------------------------------------------------------------------------------

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
VALUE_FORMATS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "B", U64: "Q", I64: "q",
                 F64: "d"}

# Of each type of ggml: elements and bytes of one block. (The removed ones are below, among the faults.)
GGML_TYPES = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66),
    17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136),
    24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54),
    35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18), 42: (64, 18),
}
G_F32, G_F16, G_Q4_0, G_Q8_0 = 0, 1, 2, 8


class Gguf:
    """The pieces of a GGUF file, in one version and byte order."""

    def __init__(self, version=3, big=False):
        self.version = version
        self.order = ">" if big else "<"
        self.wide = "I" if version == 1 else "Q"

    def pack(self, formats, *values):
        return struct.pack(self.order + formats, *values)

    def count(self, n):
        return self.pack(self.wide, n)

    def string(self, text):
        text = text.encode() if isinstance(text, str) else text
        return self.count(len(text)) + text

    def head(self, tensors, pairs):
        return b"GGUF" + self.pack("I", self.version) + self.count(tensors) + self.count(pairs)

    def value(self, kind, value):
        if kind == STRING:
            return self.string(value)
        if kind == ARRAY:
            element, items = value
            return self.pack("I", element) + self.count(len(items)) + b"".join(self.value(element, i) for i in items)
        return self.pack(VALUE_FORMATS[kind], value)

    def pair(self, key, kind, value):
        return self.string(key) + self.pack("I", kind) + self.value(kind, value)

    def info(self, name, dims, kind, offset):
        return (self.string(name) + self.pack("I", len(dims)) + b"".join(self.count(d) for d in dims)
                + self.pack("IQ", kind, offset))

    def file(self, pairs, tensors, alignment=32):
        """pairs: (key, type, value); tensors: (name, dims innermost first, ggml type)."""
        infos, offset, end = b"", 0, 0
        for name, dims, kind in tensors:
            elements, size = GGML_TYPES[kind]
            infos += self.info(name, dims, kind, offset)
            end = offset + product(dims) // elements * size
            offset = end + -end % alignment
        out = self.head(len(tensors), len(pairs)) + b"".join(self.pair(*p) for p in pairs) + infos
        return out + bytes(-len(out) % alignment if tensors else 0) + bytes(end)


# --- zstd ------------------------------------------------------------------------------------------------------------

def zstd_blocks(content):
    """Blocks of a zstd frame: raw ones, and for long runs of zeros the kind that repeats one byte."""
    blocks, at = [], 0
    while at < len(content):
        zeros = len(content) - at - len(content[at:].lstrip(b"\0"))
        if zeros >= 64:
            size = min(zeros, 1 << 16)
            blocks.append((1, size, b"\0"))
        else:
            stop = content.find(bytes(64), at + 1)
            size = min((len(content) if stop < 0 else stop) - at, 1 << 16)
            blocks.append((0, size, content[at:at + size]))
        at += size
    out = b""
    for i, (kind, size, body) in enumerate(blocks):
        out += struct.pack("<I", size << 3 | kind << 1 | (i == len(blocks) - 1))[:3] + body
    return out


def zstd(content, announce=True):
    """One frame, that says how long its content is or (as from a pipe) does not."""
    if announce:
        return b"\x28\xb5\x2f\xfd" + struct.pack("<BI", 0xA0, len(content)) + zstd_blocks(content)
    window = (17 - 10) << 3
    return b"\x28\xb5\x2f\xfd" + struct.pack("<BB", 0x00, window) + zstd_blocks(content)


# --- Sound checkpoints -----------------------------------------------------------------------------------------------

def demo_gguf():
    hidden, heads, kv_heads, width, layers, words = 64, 8, 4, 160, 2, 128
    tokens = ["<unk>", "<s>", "</s>"] + [chr(c) for c in range(33, 127)]
    tokens += [f"<extra_{i}>" for i in range(words - len(tokens))]
    pairs = [
        ("general.architecture", STRING, "llama"),
        ("general.type", STRING, "model"),
        ("general.name", STRING, "Tiny Llama Demo"),
        ("general.author", STRING, "the archinspect developers"),
        ("general.description", STRING, "A made-up model: its weights are zeros"),
        ("general.size_label", STRING, "102K"),
        ("general.license", STRING, "mit"),
        ("general.quantization_version", U32, 2),
        ("general.file_type", U32, 2),
        ("llama.vocab_size", U32, words),
        ("llama.context_length", U32, 2048),
        ("llama.embedding_length", U32, hidden),
        ("llama.block_count", U32, layers),
        ("llama.feed_forward_length", U32, width),
        ("llama.attention.head_count", U32, heads),
        ("llama.attention.head_count_kv", U32, kv_heads),
        ("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
        ("llama.rope.dimension_count", U32, hidden // heads),
        ("llama.rope.freq_base", F32, 10000.0),
        ("tokenizer.ggml.model", STRING, "llama"),
        ("tokenizer.ggml.tokens", ARRAY, (STRING, tokens)),
        ("tokenizer.ggml.scores", ARRAY, (F32, [0.0] * words)),
        ("tokenizer.ggml.token_type", ARRAY, (I32, [2, 3, 3] + [1] * (words - 3))),
        ("tokenizer.ggml.bos_token_id", U32, 1),
        ("tokenizer.ggml.eos_token_id", U32, 2),
        ("tokenizer.ggml.unknown_token_id", U32, 0),
        ("tokenizer.ggml.add_bos_token", BOOL, 1),
        ("tokenizer.chat_template", STRING, "{% for m in messages %}\n{{ m.role }}: {{ m.content }}\n{% endfor %}"),
    ]
    kv = hidden // heads * kv_heads
    tensors = [("token_embd.weight", [hidden, words], G_Q8_0)]
    for i in range(layers):
        tensors += [
            (f"blk.{i}.attn_norm.weight", [hidden], G_F32),
            (f"blk.{i}.attn_q.weight", [hidden, hidden], G_Q4_0),
            (f"blk.{i}.attn_k.weight", [hidden, kv], G_Q4_0),
            (f"blk.{i}.attn_v.weight", [hidden, kv], G_Q4_0),
            (f"blk.{i}.attn_output.weight", [hidden, hidden], G_Q4_0),
            (f"blk.{i}.ffn_norm.weight", [hidden], G_F32),
            (f"blk.{i}.ffn_gate.weight", [hidden, width], G_Q4_0),
            (f"blk.{i}.ffn_up.weight", [hidden, width], G_Q4_0),
            (f"blk.{i}.ffn_down.weight", [width, hidden], G_Q4_0),
        ]
    tensors += [("output_norm.weight", [hidden], G_F32), ("output.weight", [hidden, words], G_Q8_0)]
    return Gguf().file(pairs, tensors)


def llama_tensors(dtype, hidden, kv, width, words, layers, q_norm=0, tied=False):
    out = [("model.embed_tokens.weight", dtype, [words, hidden])]
    for i in range(layers):
        at = f"model.layers.{i}."
        out += [
            (at + "input_layernorm.weight", dtype, [hidden]),
            (at + "mlp.down_proj.weight", dtype, [hidden, width]),
            (at + "mlp.gate_proj.weight", dtype, [width, hidden]),
            (at + "mlp.up_proj.weight", dtype, [width, hidden]),
            (at + "post_attention_layernorm.weight", dtype, [hidden]),
            (at + "self_attn.k_proj.weight", dtype, [kv, hidden]),
            (at + "self_attn.o_proj.weight", dtype, [hidden, hidden]),
            (at + "self_attn.q_proj.weight", dtype, [hidden, hidden]),
            (at + "self_attn.v_proj.weight", dtype, [kv, hidden]),
        ]
        if q_norm:
            out += [(at + f"self_attn.{x}_norm.weight", dtype, [q_norm]) for x in "qk"]
    out.append(("model.norm.weight", dtype, [hidden]))
    return out if tied else out + [("lm_head.weight", dtype, [words, hidden])]


def pretty(value):
    return (json.dumps(value, indent=2) + "\n").encode()


def llama_config(**more):
    return pretty({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 88, "vocab_size": 128,
        "hidden_act": "silu", "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "rope_scaling": None,
        "max_position_embeddings": 2048, "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": False,
        "torch_dtype": "bfloat16", **more})


def tiny_llama():
    return safetensors(llama_tensors("BF16", 32, 16, 88, 128, 2), {"format": "pt"})


def tiny_sharded():
    tensors = llama_tensors("F16", 16, 8, 32, 64, 2, q_norm=8, tied=True)
    shards = [tensors[:12], tensors[12:]]
    names = ["model-0000%d-of-00002.safetensors" % i for i in (1, 2)]
    total = sum(product(shape) * 2 for _, _, shape in tensors)
    index = {"metadata": {"total_size": total},
             "weight_map": {t[0]: names[i] for i in (0, 1) for t in shards[i]}}
    config = {
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "intermediate_size": 32, "vocab_size": 64,
        "hidden_act": "silu", "rms_norm_eps": 1e-06, "rope_theta": 1000000, "rope_scaling": None,
        "max_position_embeddings": 4096, "attention_bias": False, "tie_word_embeddings": True,
        "sliding_window": None, "use_sliding_window": False, "torch_dtype": "float16"}
    files = {names[i]: safetensors(shards[i], {"format": "pt"}) for i in (0, 1)}
    return {**files, "model.safetensors.index.json": pretty(index), "config.json": pretty(config)}


def bfloat16(values):
    """To the nearest, as words of two bytes."""
    bits = (struct.unpack("<I", struct.pack("<f", value))[0] for value in values)
    return b"".join(struct.pack("<H", (b + 0x7FFF + (b >> 16 & 1)) >> 16) for b in bits)


def noise(seed, name, shape):
    """Around 0, norms around 1; what it is depends on the seed and the name alone."""
    dice = random.Random(f"{seed} {name}")
    centre, spread = (1, 0.05) if len(shape) == 1 else (0, 0.02)
    return [centre + spread * (sum(dice.random() for _ in range(12)) - 6) for _ in range(product(shape))]


def kin():
    """A model of noise, one that is it and a fifth of another's noise, and one that has nothing to do with it."""
    tensors = llama_tensors("BF16", 32, 16, 64, 48, 2)
    files = {}
    for file, seed, more in (("base", "first", 0), ("tuned", "first", 0.2), ("other", "second", 0)):
        data = b""
        for name, _, shape in tensors:
            values = noise(seed, name, shape)
            if more and len(shape) > 1:
                values = [a + more * b for a, b in zip(values, noise("third", name, shape))]
            data += bfloat16(values)
        whole = safetensors(tensors, {"format": "pt"})
        files[f"kin/{file}.safetensors"] = whole[:len(whole) - len(data)] + data
    return files


def tiny_moe():
    hidden, width, experts = 16, 24, 4
    tensors = [("model.embed_tokens.weight", "BF16", [64, hidden])]
    for i in range(2):
        at = f"model.layers.{i}."
        for e in range(experts):
            moe = at + f"block_sparse_moe.experts.{e}."
            tensors += [(moe + "w1.weight", "BF16", [width, hidden]), (moe + "w2.weight", "BF16", [hidden, width]),
                        (moe + "w3.weight", "BF16", [width, hidden])]
        tensors += [
            (at + "block_sparse_moe.gate.weight", "BF16", [experts, hidden]),
            (at + "input_layernorm.weight", "BF16", [hidden]),
            (at + "post_attention_layernorm.weight", "BF16", [hidden]),
            (at + "self_attn.k_proj.weight", "BF16", [8, hidden]),
            (at + "self_attn.o_proj.weight", "BF16", [hidden, hidden]),
            (at + "self_attn.q_proj.weight", "BF16", [hidden, hidden]),
            (at + "self_attn.v_proj.weight", "BF16", [8, hidden]),
        ]
    tensors += [("model.norm.weight", "BF16", [hidden]), ("lm_head.weight", "BF16", [64, hidden])]
    config = {
        "architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "hidden_size": hidden,
        "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": width,
        "num_local_experts": experts, "num_experts_per_tok": 2, "vocab_size": 64, "hidden_act": "silu",
        "rms_norm_eps": 1e-05, "rope_theta": 1000000.0, "max_position_embeddings": 4096, "sliding_window": None,
        "tie_word_embeddings": False, "torch_dtype": "bfloat16"}
    return {"model.safetensors": safetensors(tensors, {"format": "pt"}), "config.json": pretty(config)}


def tiny_split():
    """What gguf-split writes: the keys in the first part only, split.* in each."""
    hidden, width, words = 32, 64, 64

    def split(i, tensors):
        return [("split.no", U16, i), ("split.count", U16, 2), ("split.tensors.count", I32, tensors)]
    keys = [
        ("general.architecture", STRING, "llama"), ("general.name", STRING, "Tiny Split"),
        ("llama.context_length", U32, 512), ("llama.embedding_length", U32, hidden), ("llama.block_count", U32, 1),
        ("llama.feed_forward_length", U32, width), ("llama.attention.head_count", U32, 4),
        ("llama.attention.head_count_kv", U32, 4), ("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
    ]
    square = [hidden, hidden]
    parts = [
        [("token_embd.weight", [hidden, words], G_F16), ("blk.0.attn_norm.weight", [hidden], G_F32),
         ("blk.0.attn_q.weight", square, G_F16), ("blk.0.attn_k.weight", square, G_F16),
         ("blk.0.attn_v.weight", square, G_F16), ("blk.0.attn_output.weight", square, G_F16)],
        [("blk.0.ffn_norm.weight", [hidden], G_F32), ("blk.0.ffn_gate.weight", [hidden, width], G_F16),
         ("blk.0.ffn_up.weight", [hidden, width], G_F16), ("blk.0.ffn_down.weight", [width, hidden], G_F16),
         ("output_norm.weight", [hidden], G_F32)],
    ]
    return {f"tiny-split-0000{i + 1}-of-00002.gguf":
            Gguf().file((keys if i == 0 else []) + split(i, 11), parts[i]) for i in (0, 1)}


SMALL_PAIRS = [
    ("general.architecture", STRING, "llama"),
    ("general.name", STRING, "Small"),
    ("general.alignment", U32, 64),
    ("llama.block_count", U32, 1),
    ("llama.attention.layer_norm_rms_epsilon", F32, 0.25),
    ("llama.attention.causal", BOOL, 1),
    ("tokenizer.ggml.tokens", ARRAY, (STRING, ["a", "", "\u00e9"])),
    ("tokenizer.ggml.scores", ARRAY, (F32, [0.0, -1.0, 0.5])),
]
SMALL_TENSORS = [("token_embd.weight", [4, 3], G_F32), ("blk.0.attn_q.weight", [32, 2], G_Q4_0),
                 ("output_norm.weight", [4], G_F32)]


def small_gguf(version=3, big=False):
    return Gguf(version, big).file(SMALL_PAIRS, SMALL_TENSORS, alignment=64)


def nested_gguf():
    g = Gguf()
    key = g.string("clip.vision.image_grid_pinpoints") + g.pack("IIQ", ARRAY, ARRAY, 2)
    for pair in ([336, 672], [672, 336]):
        key += g.value(ARRAY, (I32, pair))
    return g.head(0, 2) + g.pair("general.architecture", STRING, "clip") + key


def every_type_gguf():
    values = {U8: 200, I8: -100, U16: 60000, I16: -30000, U32: 4000000000, I32: -2000000000, F32: 1.5, BOOL: 1,
              U64: 18446744073709551615, I64: -9223372036854775808, F64: -0.125}
    pairs = [("general.architecture", STRING, "every-type"), ("value.8", STRING, "caf\u00e9 \u2603")]
    pairs += [(f"value.{kind}", kind, value) for kind, value in values.items()]
    pairs += [(f"array.{kind}", ARRAY, (kind, [value, 0])) for kind, value in values.items()]
    pairs += [("array.8", ARRAY, (STRING, ["one", "", "three"])), ("array.empty", ARRAY, (U32, [])),
              ("array.long", ARRAY, (U16, list(range(300))))]
    tensors = [(f"type.{kind}.weight", [elements, 2], kind) for kind, (elements, _) in GGML_TYPES.items()]
    return Gguf().file(pairs, tensors + [("no.elements", [4, 0], G_F32), ("no.dimensions", [], G_F32)])


def every_dtype_safetensors():
    return safetensors([(f"dtype.{d}", d, [2, 4]) for d in reversed(DTYPE_BITS)]
                       + [("scalar", "F32", []), ("empty", "F32", [0, 3])])


def metadata_safetensors():
    return safetensors([("a.weight", "F32", [2, 2]), ("a.bias", "F32", [2])], {
        "format": "pt", "": "an empty key", "modelspec.title": "Caf\u00e9 \u2603 \U0001f600",
        "note": "two\nlines\tand \"quotes\" \\ and \u001b[31m"})


def sound():
    small = safetensors([("model.embed_tokens.weight", "F16", [3, 4]), ("model.norm.weight", "F16", [4])],
                        {"format": "pt"})
    files = {
        "demo.gguf": demo_gguf(),
        "tiny-llama/model.safetensors": tiny_llama(), "tiny-llama/config.json": llama_config(),
        "small.gguf": small_gguf(), "small.safetensors": small,
        "v1.gguf": small_gguf(version=1), "v2.gguf": small_gguf(version=2), "big-endian.gguf": small_gguf(big=True),
        "no-tensors.gguf": Gguf().file(SMALL_PAIRS, []), "no-tensors.safetensors": raw_safetensors("{}"),
        "nested-array.gguf": nested_gguf(), "every-type.gguf": every_type_gguf(),
        "every-dtype.safetensors": every_dtype_safetensors(), "metadata.safetensors": metadata_safetensors(),
        "packed.gguf.zst": zstd(demo_gguf()), "packed.safetensors.zst": zstd(tiny_llama()),
        "piped.gguf.zst": zstd(demo_gguf(), announce=False),
        "piped.safetensors.zst": zstd(tiny_llama(), announce=False),
        # It says something else than its tensors, field by field.
        "lying-config/model.safetensors": safetensors(llama_tensors("F16", 16, 8, 32, 64, 2), {"format": "pt"}),
        "lying-config/config.json": llama_config(),
        **tiny_split(), **kin(),
    }
    files.update({f"tiny-sharded/{name}": content for name, content in tiny_sharded().items()})
    files.update({f"tiny-moe/{name}": content for name, content in tiny_moe().items()})
    return files


# --- Malformed: safetensors ------------------------------------------------------------------------------------------

def entry(dtype="F32", shape="[2]", offsets="[0,8]"):
    return '{"dtype":"%s","shape":%s,"data_offsets":%s}' % (dtype, shape, offsets)


def one(text, data=8):
    """A header whose only tensor is "a", written as `text`."""
    return raw_safetensors('{"a":%s}' % text, bytes(data))


def two(first, second, data):
    return raw_safetensors('{"a":%s,"b":%s}' % (first, second), bytes(data))


def meta(text):
    return raw_safetensors('{"__metadata__":%s,"a":%s}' % (text, entry()), bytes(8))


def malformed_safetensors():
    good = '{"a":%s}' % entry()
    files = {
        # The length and what it says.
        "length-cut": struct.pack("<Q", 10)[:5],
        "length-zero": struct.pack("<Q", 0) + b"{}",
        "length-past-end": struct.pack("<Q", 1000) + good.encode() + bytes(8),
        "length-over-limit": struct.pack("<Q", 100000001) + good.encode() + bytes(8),
        "length-absurd": struct.pack("<Q", 0xFFFFFFFF00000000) + good.encode() + bytes(8),
        "length-one-brace": raw_safetensors("{"),
        "length-one-ff": raw_safetensors(b"\xff"),
        "length-too-short": struct.pack("<Q", len(good) - 1) + good.encode() + bytes(8),
        # JSON.
        "json-array": raw_safetensors("[]"),
        "json-bom": raw_safetensors(b"\xef\xbb\xbf{}"),
        "json-comment": raw_safetensors("{/**/}"),
        "json-trailing-comma": one('{"dtype":"F32","shape":[2],"data_offsets":[0,8],}'),
        "json-single-quotes": raw_safetensors("{'a':1}"),
        "json-trailing-nul": raw_safetensors(b"{}\0\0"),
        "json-trailing-text": raw_safetensors("{} {}"),
        "json-unclosed-string": raw_safetensors('{"a'),
        "json-bad-escape": raw_safetensors('{"\\x":{}}'),
        "json-nested-deep": one('{"x":' + "[" * 200 + "]" * 200 + ',"dtype":"F32","shape":[2],"data_offsets":[0,8]}'),
        # An entry.
        "entry-is-array": one('["F32",[2],[0,8]]'),
        "entry-is-number": one("1"),
        "dtype-is-object": one('{"dtype":{"F32":null},"shape":[2],"data_offsets":[0,8]}'),
        "dtype-missing": one('{"shape":[2],"data_offsets":[0,8]}'),
        "shape-missing": one('{"dtype":"F32","data_offsets":[0,8]}'),
        "offsets-missing": one('{"dtype":"F32","shape":[2]}'),
        "offsets-one": one(entry(offsets="[8]")),
        "offsets-three": one(entry(offsets="[0,4,8]")),
        "shape-float": one(entry(shape="[2.0]")),
        "shape-exponent": one(entry(shape="[2e0]")),
        "shape-minus-zero": one(entry(shape="[-0]")),
        "shape-negative": one(entry(shape="[-2]")),
        "shape-two-to-64": one(entry(shape="[18446744073709551616]")),
        "shape-leading-zero": one(entry(shape="[02]")),
        "shape-is-string": one(entry(shape='"2"')),
        # Readable, with findings.
        "leading-space": raw_safetensors(" \n" + good, bytes(8)),
        "dtype-unknown": one(entry(dtype="F128")),
        "dtype-lower-case": one(entry(dtype="f32")),
        "field-unknown": one('{"dtype":"F32","shape":[2],"data_offsets":[0,8],"stride":[1]}'),
        "field-twice": one('{"dtype":"F16","dtype":"F32","shape":[2],"data_offsets":[0,8]}'),
        "metadata-is-string": meta('"pt"'),
        "metadata-not-strings": meta('{"format":"pt","step":1}'),
        "metadata-twice": raw_safetensors('{"__metadata__":{},"a":%s,"__metadata__":{}}' % entry(), bytes(8)),
        "metadata-key-twice": meta('{"format":"pt","format":"np"}'),
        "name-twice": raw_safetensors('{"a":%s,"a":%s}' % (entry("I32"), entry()), bytes(8)),
        "name-twice-elsewhere": raw_safetensors('{"a":%s,"a":%s}' % (entry(), entry(offsets="[8,16]")), bytes(16)),
        "name-empty": raw_safetensors('{"":%s}' % entry(), bytes(8)),
        "name-nul": raw_safetensors('{"a\\u0000b":%s}' % entry(), bytes(8)),
        "name-escape-sequence": raw_safetensors('{"\\u001b[31m\\u202ered":%s}' % entry(), bytes(8)),
        "name-lone-surrogate": raw_safetensors('{"\\ud800":%s}' % entry(), bytes(8)),
        "name-not-utf8": raw_safetensors(b'{"\xff":%s}' % entry().encode(), bytes(8)),
        "name-raw-control": raw_safetensors(b'{"a\x01":%s}' % entry().encode(), bytes(8)),
        "offsets-reversed": two(entry(), entry(offsets="[8,4]"), 8),
        "offsets-first-not-zero": one(entry(offsets="[4,12]"), 12),
        "offsets-gap": two(entry(), entry(offsets="[12,20]"), 20),
        "offsets-overlap": two(entry(), entry(offsets="[4,12]"), 12),
        "offsets-same-ten-times": raw_safetensors(
            "{" + ",".join('"t%d":%s' % (i, entry()) for i in range(10)) + "}", bytes(8)),
        "empty-inside-another": two(entry(), entry(shape="[0]", offsets="[4,4]"), 8),
        "size-mismatch": one(entry(shape="[3]")),
        "shape-overflow": one(entry(shape="[2,18446744073709551614]")),
        "shape-overflow-then-zero": one(entry(shape="[9223372036854775808,4,0]", offsets="[0,0]"), 0),
        "bytes-overflow": one(entry(dtype="F64", shape="[2305843009213693952]")),
        "sub-byte-odd": one(entry(dtype="F4", shape="[1,3]", offsets="[0,2]"), 2),
        "trailing-bytes": one(entry(), 11),
        "data-cut": one(entry(), 6),
        "data-gone": one(entry(), 0),
    }
    return {name + ".safetensors": content for name, content in files.items()}


# --- Malformed: GGUF -------------------------------------------------------------------------------------------------

def malformed_gguf():
    g = Gguf()
    data = bytes(64)

    def tensors(*infos, body=bytes(16)):
        out = g.head(len(infos), 0) + b"".join(infos)
        return out + bytes(-len(out) % 32) + body

    def info(name="a", dims=(4,), kind=G_F32, offset=0):
        return g.info(name, list(dims), kind, offset)

    def aligned(pair):
        out = g.head(1, 1) + pair + info()
        return out + bytes(-len(out) % 32) + bytes(16)

    def pairs(*some):
        return g.head(0, len(some)) + b"".join(some)

    files = {
        # The header.
        "magic-only": b"GGUF",
        "magic-cut": b"GGU",
        "version-zero": b"GGUF" + struct.pack("<IQQ", 0, 0, 0),
        "version-four": b"GGUF" + struct.pack("<IQQ", 4, 0, 0),
        "counts-cut": g.head(0, 0)[:20],
        "tensors-negative": b"GGUF" + struct.pack("<IqQ", 3, -1, 0),
        "keys-negative": b"GGUF" + struct.pack("<IQq", 3, 0, -1),
        "tensors-announced": b"GGUF" + struct.pack("<IQQ", 3, 1000000, 0) + data,
        "keys-announced": b"GGUF" + struct.pack("<IQQ", 3, 0, 50000) + data,
        # Pairs.
        "key-longer-than-file": g.head(0, 1) + struct.pack("<Q", 1 << 40) + b"x" * 32,
        "key-empty": pairs(g.pair("", U8, 1)),
        "key-twice": pairs(g.pair("general.name", STRING, "one"), g.pair("general.name", STRING, "two")),
        "value-type-13": pairs(g.string("k") + struct.pack("<I", 13) + data),
        "value-cut": pairs(g.string("k") + struct.pack("<I", U64) + bytes(4)),
        "string-longer-than-file": pairs(g.string("k") + struct.pack("<IQ", STRING, 1 << 62) + data),
        "array-type-13": pairs(g.string("k") + struct.pack("<IIQ", ARRAY, 13, 1) + data),
        "array-longer-than-file": pairs(g.string("k") + struct.pack("<IIQ", ARRAY, U32, 1 << 40) + data),
        "array-wraps": pairs(g.string("k") + struct.pack("<IIQ", ARRAY, U64, 1 << 61) + data),
        "array-of-strings-too-many": pairs(g.string("k") + struct.pack("<IIQ", ARRAY, STRING, 1 << 40) + data),
        "array-string-past-end": pairs(g.string("k") + struct.pack("<IIQQ", ARRAY, STRING, 1, 1000) + data),
        "arrays-nested-deep": pairs(g.string("k") + struct.pack("<I", ARRAY)
                                    + struct.pack("<IQ", ARRAY, 1) * 200 + struct.pack("<IQ", U8, 0)),
        "alignment-zero": aligned(g.pair("general.alignment", U32, 0)),
        "alignment-three": aligned(g.pair("general.alignment", U32, 3)),
        "alignment-u64": aligned(g.pair("general.alignment", U64, 32)),
        "alignment-string": aligned(g.pair("general.alignment", STRING, "32")),
        # Tensors.
        "name-longer-than-file": g.head(1, 0) + struct.pack("<Q", 1 << 40) + data,
        "name-of-63": tensors(info("n" * 63)),
        "name-of-64": tensors(info("n" * 64)),
        "name-twice": tensors(info("a"), info("a", offset=32), body=bytes(48)),
        "name-escape-sequence": tensors(info("\x1b[2J\u202e")),
        "name-not-utf8": tensors(info(b"\xc0\xaf")),
        "five-dimensions": tensors(info(dims=(4, 1, 1, 1, 1))),
        "sixty-five-dimensions": tensors(info(dims=(1,) * 65)),
        "dimensions-four-billion": tensors(g.string("a") + struct.pack("<I", 0xFFFFFFFF)),
        "size-negative": tensors(info(dims=(1 << 63, 0))),
        "shape-overflow": tensors(info(dims=(1 << 32, 1 << 32))),
        "bytes-overflow": tensors(info(dims=(1 << 62,), kind=27)),
        "partial-block": tensors(info(dims=(33,), kind=G_Q4_0)),
        "type-43": tensors(info(kind=43), info("b", offset=32), body=bytes(48)),
        "type-negative": tensors(info(kind=0xFFFFFFFF)),
        "type-retired": tensors(info(dims=(32,), kind=4), body=bytes(20)),
        "type-repacked": tensors(info(dims=(32,), kind=31), body=bytes(18)),
        "type-of-a-fork": tensors(info(dims=(256,), kind=137), body=bytes(76)),
        "offset-not-aligned": tensors(info(), info("b", offset=40), body=bytes(56)),
        "offset-order": tensors(info(offset=32), info("b"), body=bytes(48)),
        "offset-overlap": tensors(info(dims=(16,)), info("b", offset=32), body=data),
        "offset-gap": tensors(info(), info("b", offset=64), body=bytes(80)),
        "offset-huge": tensors(info(offset=0xFFFFFFFFFFFFFFE0)),
        "trailing-bytes": tensors(info(), body=bytes(4096)),
        "infos-cut": tensors(info())[:40],
        "data-cut": tensors(info(dims=(16,)), body=bytes(56)),
    }
    # Damaged on the way: line ends translated, and taken for text.
    with_lines = Gguf().file([("general.architecture", STRING, "llama"), ("x.chat", STRING, "one\ntwo\nthree\n"),
                              ("x.count", U32, 10)], SMALL_TENSORS)
    files["crlf"] = with_lines.replace(b"\n", b"\r\n")
    high = Gguf().file([("general.architecture", STRING, "llama"), ("x.real", F32, -1.7e38), ("x.u", U32, 0xFFFFFFFF),
                        ("x.note", STRING, "a" * 40)], SMALL_TENSORS)
    files["replaced-bytes"] = high.decode("utf-8", "replace").encode()
    return {name + ".gguf": content for name, content in files.items()}


# --- No models at all ------------------------------------------------------------------------------------------------

def no_models():
    good = tiny_llama()
    half = struct.pack("<BI", 0xA0, 100000)
    return {
        "empty.safetensors": b"",
        "lfs-pointer.safetensors": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64
                                   + b"\nsize 269060552\n",
        "html-page.safetensors": b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head></html>\n",
        "xml-error.gguf": b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>\n",
        "text.gguf": b"Repository not found\n",
        "json.safetensors": b"{\"error\": \"Repository not found\"}\n",
        "zip.safetensors": b"PK\x03\x04" + bytes(26) + b"archive/data.pkl",
        "pickle.safetensors": b"\x80\x02}q\x00X\x01\x00\x00\x00aq\x01K\x01s.",
        "ggjt.gguf": b"tjgg" + struct.pack("<II", 3, 32000) + bytes(32),
        "gzip.gguf": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + bytes(16),
        "noise.gguf": bytes((i * 167 + 13) & 0xFF for i in range(64)),
        "zstd-cut.safetensors.zst": zstd(good)[:200],
        "zstd-damaged.gguf.zst": b"\x28\xb5\x2f\xfd" + half + struct.pack("<I", 100 << 3 | 3 << 1)[:3] + bytes(100),
        "zstd-of-text.gguf.zst": zstd(b"Repository not found\n"),
        "zstd-of-nothing.gguf.zst": b"\x28\xb5\x2f\xfd" + struct.pack("<BI", 0xA0, 0) + b"\x01\x00\x00",
        "config-broken/model.safetensors": safetensors([("model.norm.weight", "F32", [4])]),
        "config-broken/config.json": b"{\"model_type\": \"llama\", \"hidden_size\": }\n",
    }


def main():
    top = pathlib.Path(__file__).resolve().parent.parent / "fixtures"
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else top
    files = sound()
    for group in (malformed_safetensors(), malformed_gguf(), no_models()):
        files.update({f"malformed/{name}": content for name, content in group.items()})
    for name, content in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    print(f"{len(files)} files, {sum(map(len, files.values()))} bytes")


if __name__ == "__main__":
    main()
