#!/usr/bin/env python3
"""Makes what `make bench` measures, sparse: headers are written, data is a hole.

    inputs.py FOLDER

The names, shapes and counts are those of real models, or of what they may grow to.
What is there already stays."""

import json
import math
import os
import pathlib
import random
import shutil
import struct
import sys

BITS = {"F32": 32, "BF16": 16, "F8_E4M3": 8}
GGUF_U32, GGUF_I32, GGUF_F32, GGUF_STRING, GGUF_ARRAY = 4, 5, 6, 8, 9
GGML_F32, GGML_Q4_0 = 0, 2


HOLE, NOISE, NONE = range(3)  # What stands in for the data.


def write(path, header, size, data):
    """Takes its name when it is whole."""
    new = path.with_name(path.name + ".new")
    new.parent.mkdir(parents=True, exist_ok=True)
    with open(new, "wb") as f:
        f.write(header)
        if data == NOISE:
            noise = random.Random(len(header)).randbytes(1 << 20)
            for at in range(0, size, len(noise)):
                f.write(noise[:size - at])
            os.fsync(f.fileno())
        elif data == HOLE:
            f.truncate(len(header) + size)
    new.rename(path)


# --- safetensors -----------------------------------------------------------------------------

def size_of(dtype, shape):
    return math.prod(shape) * BITS[dtype] // 8


def safetensors(path, tensors, data=HOLE):
    """tensors: (name, dtype, shape), in the order of their data."""
    at, rows = 0, ['"__metadata__":{"format":"pt"}']
    for name, dtype, shape in tensors:
        end = at + size_of(dtype, shape)
        sizes = ",".join(map(str, shape))
        rows.append(f'"{name}":{{"dtype":"{dtype}","shape":[{sizes}],"data_offsets":[{at},{end}]}}')
        at = end
    text = ("{" + ",".join(rows) + "}").encode()
    text += b" " * (-len(text) % 8)
    write(path, struct.pack("<Q", len(text)) + text, at, data)
    return at


def fp8(name, rows, columns):
    yield f"{name}.weight", "F8_E4M3", (rows, columns)
    yield f"{name}.weight_scale_inv", "F32", (-(-rows // 128), -(-columns // 128))


def mlp(name, width):
    yield from fp8(f"{name}.gate_proj", width, 7168)
    yield from fp8(f"{name}.up_proj", width, 7168)
    yield from fp8(f"{name}.down_proj", 7168, width)


def deepseek_layer(layer):
    name = f"model.layers.{layer}"
    yield f"{name}.input_layernorm.weight", "BF16", (7168,)
    yield f"{name}.post_attention_layernorm.weight", "BF16", (7168,)
    yield from fp8(f"{name}.self_attn.q_a_proj", 1536, 7168)
    yield f"{name}.self_attn.q_a_layernorm.weight", "BF16", (1536,)
    yield from fp8(f"{name}.self_attn.q_b_proj", 24576, 1536)
    yield from fp8(f"{name}.self_attn.kv_a_proj_with_mqa", 576, 7168)
    yield f"{name}.self_attn.kv_a_layernorm.weight", "BF16", (512,)
    yield from fp8(f"{name}.self_attn.kv_b_proj", 32768, 512)
    yield from fp8(f"{name}.self_attn.o_proj", 7168, 16384)
    if layer < 3:
        yield from mlp(f"{name}.mlp", 18432)
        return
    yield f"{name}.mlp.gate.weight", "BF16", (256, 7168)
    yield f"{name}.mlp.gate.e_score_correction_bias", "F32", (256,)
    yield from mlp(f"{name}.mlp.shared_experts", 2048)
    for expert in range(256):
        yield from mlp(f"{name}.mlp.experts.{expert}", 2048)


def deepseek():
    """DeepSeek-V3: 61 layers, three of them dense, and one that predicts a second token."""
    yield "model.embed_tokens.weight", "BF16", (129280, 7168)
    for layer in range(62):
        yield from deepseek_layer(layer)
    for name in ("embed_tokens", "shared_head.head"):
        yield f"model.layers.61.{name}.weight", "BF16", (129280, 7168)
    for name in ("enorm", "hnorm", "shared_head.norm"):
        yield f"model.layers.61.{name}.weight", "BF16", (7168,)
    yield "model.layers.61.eh_proj.weight", "BF16", (7168, 14336)
    yield "model.norm.weight", "BF16", (7168,)
    yield "lm_head.weight", "BF16", (129280, 7168)


def shards(folder, tensors, count):
    tensors = list(tensors)
    each, total, where = -(-len(tensors) // count), 0, {}
    for i in range(count):
        name = f"model-{i + 1:05}-of-{count:06}.safetensors"
        part = tensors[i * each:(i + 1) * each]
        total += safetensors(folder / name, part)
        where.update((row[0], name) for row in part)
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(where.items()))}
    text = json.dumps(index, indent=2).encode()
    write(folder / "model.safetensors.index.json", text, 0, NONE)


def many(count):
    """A model of more experts than any: names of the usual kind and length, `count` of them."""
    layer = expert = 0
    while count > 0:
        for matrix, shape in (("gate_proj", (64, 128)), ("up_proj", (64, 128)), ("down_proj", (128, 64))):
            yield f"model.layers.{layer}.mlp.experts.{expert}.{matrix}.weight", "BF16", shape
            count -= 1
            if count == 0:
                return
        expert += 1
        if expert == 2048:
            layer, expert = layer + 1, 0


def llama(hidden=4096, layers=32, width=11008, vocabulary=32000, kv=4096):
    yield "lm_head.weight", "BF16", (vocabulary, hidden)
    yield "model.embed_tokens.weight", "BF16", (vocabulary, hidden)
    for layer in range(layers):
        name = f"model.layers.{layer}"
        yield f"{name}.input_layernorm.weight", "BF16", (hidden,)
        yield f"{name}.mlp.down_proj.weight", "BF16", (hidden, width)
        yield f"{name}.mlp.gate_proj.weight", "BF16", (width, hidden)
        yield f"{name}.mlp.up_proj.weight", "BF16", (width, hidden)
        yield f"{name}.post_attention_layernorm.weight", "BF16", (hidden,)
        yield f"{name}.self_attn.k_proj.weight", "BF16", (kv, hidden)
        yield f"{name}.self_attn.o_proj.weight", "BF16", (hidden, hidden)
        yield f"{name}.self_attn.q_proj.weight", "BF16", (hidden, hidden)
        yield f"{name}.self_attn.v_proj.weight", "BF16", (kv, hidden)
    yield "model.norm.weight", "BF16", (hidden,)


# --- GGUF ------------------------------------------------------------------------------------

def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key, kind, value):
    return string(key) + struct.pack("<I", kind) + value


def number(key, value):
    return pair(key, GGUF_U32, struct.pack("<I", value))


def array(key, kind, count, elements):
    return pair(key, GGUF_ARRAY, struct.pack("<IQ", kind, count) + elements)


def words(count, bytes_each):
    """Pieces of a vocabulary, of lengths that differ as those do."""
    for i in range(count):
        yield f"{i:x}".rjust(bytes_each - 2 + i % 5, "\u2581" if i % 7 == 0 else "t")


def vocabulary(tokens, merges):
    pairs = [array("tokenizer.ggml.tokens", GGUF_STRING, tokens, b"".join(map(string, words(tokens, 8)))),
             array("tokenizer.ggml.scores", GGUF_F32, tokens, b"\0" * (4 * tokens)),
             array("tokenizer.ggml.token_type", GGUF_I32, tokens, b"\1\0\0\0" * tokens)]
    if merges > 0:
        both = (f"{word} {word[:5]}" for word in words(merges, 12))
        pairs.append(array("tokenizer.ggml.merges", GGUF_STRING, merges, b"".join(map(string, both))))
    return pairs


def gguf_layer(layer, hidden, width, kv):
    name = f"blk.{layer}"
    yield f"{name}.attn_norm.weight", GGML_F32, (hidden,)
    yield f"{name}.attn_q.weight", GGML_Q4_0, (hidden, hidden)
    yield f"{name}.attn_k.weight", GGML_Q4_0, (kv, hidden)
    yield f"{name}.attn_v.weight", GGML_Q4_0, (kv, hidden)
    yield f"{name}.attn_output.weight", GGML_Q4_0, (hidden, hidden)
    yield f"{name}.ffn_norm.weight", GGML_F32, (hidden,)
    yield f"{name}.ffn_gate.weight", GGML_Q4_0, (width, hidden)
    yield f"{name}.ffn_up.weight", GGML_Q4_0, (width, hidden)
    yield f"{name}.ffn_down.weight", GGML_Q4_0, (hidden, width)


def gguf(path, layers, hidden, width, kv, tokens, merges, data=HOLE):
    tensors = [("token_embd.weight", GGML_Q4_0, (tokens, hidden)), ("output_norm.weight", GGML_F32, (hidden,))]
    tensors += [row for layer in range(layers) for row in gguf_layer(layer, hidden, width, kv)]
    pairs = [pair("general.architecture", GGUF_STRING, string("llama")), number("llama.block_count", layers),
             number("llama.embedding_length", hidden), number("llama.feed_forward_length", width),
             number("llama.attention.head_count", hidden // 128), number("llama.context_length", 4096),
             number("llama.attention.head_count_kv", kv // 128)] + vocabulary(tokens, merges)
    at, infos = 0, []
    for name, kind, shape in tensors:
        infos.append(string(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape[::-1]) +
                     struct.pack("<IQ", kind, at))
        size = math.prod(shape) * 4 if kind == GGML_F32 else math.prod(shape) // 32 * 18
        at += -(-size // 32) * 32
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pairs) + b"".join(infos)
    header += b"\0" * (-len(header) % 32)
    write(path, header, at, data)


# --- A tree ----------------------------------------------------------------------------------

def tree(folder, count):
    """Folders of one checkpoint each, with its configuration: small models that differ."""
    for i in range(count):
        hidden, layers = 256 + 64 * (i % 29), 2 + i % 31
        config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": hidden,
                  "num_hidden_layers": layers, "num_attention_heads": hidden // 64,
                  "num_key_value_heads": hidden // 64, "intermediate_size": 4 * hidden, "vocab_size": 32000,
                  "hidden_act": "silu", "rms_norm_eps": 1e-5, "tie_word_embeddings": False}
        place = folder / f"org{i % 97:02}" / f"model-{i:05}"
        safetensors(place / "model.safetensors", llama(hidden, layers, 4 * hidden, 32000, hidden))
        (place / "config.json").write_text(json.dumps(config, indent=2))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    large = (122, 8192, 28672, 1024, 262144, 500000)
    made = {
        "a.gguf": lambda p: gguf(p, *large),
        "a.header": lambda p: gguf(p, *large, NONE),
        "b.safetensors": lambda p: safetensors(p, deepseek()),
        "b.header": lambda p: safetensors(p, deepseek(), NONE),
        "c": lambda p: shards(p, deepseek(), 163),
        "d/model.safetensors": lambda p: safetensors(p, llama()),
        "d/model.gguf": lambda p: gguf(p, 32, 4096, 11008, 4096, 32000, 0),
        "e.safetensors": lambda p: safetensors(p, many(500000)),
        "f": lambda p: tree(p, 1000),
        "f10": lambda p: tree(p, 10000),
        "dense.safetensors": lambda p: safetensors(p, llama(256, 64, 704, 8000, 256), NOISE),
        "dense.gguf": lambda p: gguf(p, 4, 512, 1408, 512, 64000, 100000, NOISE),
    }
    for name, make in made.items():
        path, unfinished = folder / name, folder / (name + ".unfinished")
        if path.exists():
            continue
        shutil.rmtree(unfinished, ignore_errors=True)
        make(unfinished)
        unfinished.rename(path)


if __name__ == "__main__":
    main()
