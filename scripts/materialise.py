#!/usr/bin/env python3
"""Turn a recipe (fixtures/recipes/*.yaml, format in the README there) into a sparse checkpoint.

usage: materialise.py RECIPE -o DIR     writes DIR/model.safetensors or DIR/model.gguf and prints its path
       materialise.py --list RECIPE     every tensor: name, dtype, shape; then the sum of elements of each dtype

Only the header and the few tensors under `values` are written, the rest is a hole: 1 TB takes kilobytes.
"""
import argparse
import ast
import itertools
import math
import operator
import os
import re
import struct
import sys

import yaml

SAFETENSORS_BITS = {
    'BOOL': 8, 'U8': 8, 'I8': 8, 'I16': 16, 'U16': 16, 'I32': 32, 'U32': 32, 'I64': 64, 'U64': 64,
    'F4': 4, 'F6_E2M3': 6, 'F6_E3M2': 6, 'F8_E4M3': 8, 'F8_E5M2': 8, 'F8_E8M0': 8,
    'F8_E4M3FNUZ': 8, 'F8_E5M2FNUZ': 8, 'F16': 16, 'BF16': 16, 'F32': 32, 'F64': 64, 'C64': 64}

# ggml's name of a type: its number, elements in a block, bytes of a block.
GGUF_TYPES = {
    'F32': (0, 1, 4), 'F16': (1, 1, 2), 'Q4_0': (2, 32, 18), 'Q4_1': (3, 32, 20), 'Q5_0': (6, 32, 22),
    'Q5_1': (7, 32, 24), 'Q8_0': (8, 32, 34), 'Q2_K': (10, 256, 84), 'Q3_K': (11, 256, 110),
    'Q4_K': (12, 256, 144), 'Q5_K': (13, 256, 176), 'Q6_K': (14, 256, 210), 'IQ2_XXS': (16, 256, 66),
    'IQ2_XS': (17, 256, 74), 'IQ3_XXS': (18, 256, 98), 'IQ1_S': (19, 256, 50), 'IQ4_NL': (20, 32, 18),
    'IQ3_S': (21, 256, 110), 'IQ2_S': (22, 256, 82), 'IQ4_XS': (23, 256, 136), 'I8': (24, 1, 1),
    'I16': (25, 1, 2), 'I32': (26, 1, 4), 'I64': (27, 1, 8), 'F64': (28, 1, 8), 'IQ1_M': (29, 256, 56),
    'BF16': (30, 1, 2), 'TQ1_0': (34, 256, 54), 'TQ2_0': (35, 256, 66), 'MXFP4': (39, 32, 17),
    'NVFP4': (40, 64, 36)}

PACK = {'U8': 'B', 'I8': 'b', 'I16': 'h', 'U16': 'H', 'I32': 'i', 'U32': 'I', 'I64': 'q', 'U64': 'Q', 'F32': 'f', 'F64': 'd'}
ALIGNMENT = 32


class RecipeError(Exception):
    pass


# --- Expressions and ranges ---------------------------------------------------

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv}


def evaluate(text, dims):
    """An integer, or an expression over dims with + - * // ( ) and cdiv(a, b)."""
    def walk(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        if isinstance(node, ast.Name) and node.id in dims:
            return dims[node.id]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -walk(node.operand)
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](walk(node.left), walk(node.right))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'cdiv' and len(node.args) == 2:
            above, below = map(walk, node.args)
            return -(-above // below)
        raise RecipeError('cannot read %r' % (text,))
    if isinstance(text, int):
        return text
    try:
        return walk(ast.parse(text.strip(), mode='eval').body)
    except SyntaxError:
        raise RecipeError('cannot read %r' % (text,)) from None


def range_of(text, dims):
    """`a..b`, `a..b/step`, single numbers, and several of these with commas between; or words, `q|k|v`."""
    if '|' in text:
        return text.split('|')
    found = []
    for part in text.split(','):
        first, dots, last = part.partition('..')
        last, _, step = re.fullmatch(r'(.*?)((?<!/)/(?!/)(.*))?', last).groups()
        first = evaluate(first, dims)
        last = evaluate(last, dims) if dots else first
        found += range(first, last + 1, evaluate(step, dims) if step else 1)
    return found


def spread(name, dims):
    """All names that a name with ranges in braces stands for."""
    parts = re.split(r'\{([^{}]*)\}', name)
    ranges = [range_of(text, dims) for text in parts[1::2]]
    for indices in itertools.product(*ranges):
        out = parts[:1]
        for index, text in zip(indices, parts[2::2]):
            out += [str(index), text]
        yield ''.join(out)


# --- Recipe to tensors --------------------------------------------------------

def load(path):
    with open(path, encoding='utf-8') as f:
        recipe = yaml.load(f, Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))
    known = {'name', 'source', 'container', 'dims', 'dtype', 'tensors', 'groups', 'keys', 'values', 'metadata', 'expect'}
    for key in set(recipe) - known:
        raise RecipeError('%s: no key %r in a recipe' % (path, key))
    return recipe


def dimensions(recipe):
    dims = {}
    for name, value in (recipe.get('dims') or {}).items():
        dims[name] = evaluate(value, dims)
    return dims


def tensors(recipe):
    """{name: (dtype, shape)} in the order of the recipe, shapes as [out, in]."""
    dims, out = dimensions(recipe), {}

    def add(name, spec):
        dtype = recipe.get('dtype')
        if isinstance(spec, dict):
            dtype, spec = spec.get('dtype', dtype), spec['shape']
        shape = [evaluate(size, dims) for size in spec]
        for each in spread(name, dims):
            if each in out:
                raise RecipeError('%s stands in the recipe twice' % each)
            out[each] = (dtype, shape)

    for name, spec in (recipe.get('tensors') or {}).items():
        add(name, spec)
    for group in recipe.get('groups') or []:
        for at in [group['at']] if isinstance(group['at'], str) else group['at']:
            for tail, spec in group['tensors'].items():
                add(at + '.' + tail, spec)
    for name, (dtype, shape, _) in values(recipe).items():
        out.setdefault(name, (dtype, shape))
    return out


def values(recipe):
    """{name: (dtype, shape, bytes)} of the tensors whose contents matter. A string is U8, its $(expr) worked out;
    a list is I64; {dtype, value} says otherwise."""
    dims, out = dimensions(recipe), {}
    for name, value in (recipe.get('values') or {}).items():
        dtype = 'U8' if isinstance(value, str) else 'I64'
        if isinstance(value, dict):
            dtype, value = value['dtype'], value['value']
        if isinstance(value, str):
            data = re.sub(r'\$\(([^$]*?)\)', lambda m: str(evaluate(m.group(1), dims)), value).encode()
            shape = [len(data)]
        else:
            numbers = [x if isinstance(x, float) else evaluate(x, dims) for x in value]
            data = struct.pack('<%d%s' % (len(numbers), PACK[dtype]), *numbers)
            shape = [len(numbers)]
        for each in spread(name, dims):
            out[each] = (dtype, shape, data)
    return out


# --- Writers ------------------------------------------------------------------

def write_sparse(path, head, size, patches):
    with open(path, 'wb') as f:
        f.write(head)
        f.truncate(len(head) + size)
        for at, data in patches:
            f.seek(len(head) + at)
            f.write(data)


def write_safetensors(recipe, path):
    import json
    head, at, patches = {'__metadata__': recipe.get('metadata') or {'format': 'pt'}}, 0, []
    contents = values(recipe)
    for name, (dtype, shape) in tensors(recipe).items():
        if dtype not in SAFETENSORS_BITS:
            raise RecipeError('%s: %r is no dtype of safetensors' % (name, dtype))
        bits = math.prod(shape) * SAFETENSORS_BITS[dtype]
        if bits % 8:
            raise RecipeError('%s: %s do not fill bytes' % (name, shape))
        if name in contents:
            if len(contents[name][2]) * 8 != bits:
                raise RecipeError('%s: its value has %d bytes' % (name, len(contents[name][2])))
            patches.append((at, contents[name][2]))
        head[name] = {'dtype': dtype, 'shape': shape, 'data_offsets': [at, at + bits // 8]}
        at += bits // 8
    text = json.dumps(head, separators=(',', ':'), ensure_ascii=False).encode()
    text += b' ' * (-len(text) % 8)
    write_sparse(path, struct.pack('<Q', len(text)) + text, at, patches)


def gguf_string(text):
    data = text.encode()
    return struct.pack('<Q', len(data)) + data


def gguf_value(value, nested=False):
    """Type number and bytes; integers become uint32 where they fit, as in most files."""
    if isinstance(value, bool):
        return 7, struct.pack('<?', value)
    if isinstance(value, int):
        return (4, struct.pack('<I', value)) if 0 <= value < 2**32 else (11, struct.pack('<q', value))
    if isinstance(value, float):
        return 6, struct.pack('<f', value)
    if isinstance(value, str):
        return 8, gguf_string(value)
    if isinstance(value, list) and not nested:
        items = [gguf_value(item, True) for item in value]
        kinds = {kind for kind, _ in items}
        if len(kinds) > 1:
            raise RecipeError('an array of several types: %r' % (value,))
        kind = kinds.pop() if kinds else 4
        return 9, struct.pack('<IQ', kind, len(items)) + b''.join(data for _, data in items)
    raise RecipeError('no GGUF value: %r' % (value,))


def write_gguf(recipe, path):
    keys, infos, at = b'', b'', 0
    for key, value in (recipe.get('keys') or {}).items():
        kind, data = gguf_value(value)
        keys += gguf_string(key) + struct.pack('<I', kind) + data
    found = tensors(recipe)
    for name, (dtype, shape) in found.items():
        if dtype not in GGUF_TYPES:
            raise RecipeError('%s: %r is no ggml type' % (name, dtype))
        number, block, size = GGUF_TYPES[dtype]
        if len(shape) > 4 or (shape and shape[-1] % block):
            raise RecipeError('%s: %s cannot be %s' % (name, shape, dtype))
        infos += gguf_string(name) + struct.pack('<I%dQ' % len(shape), len(shape), *reversed(shape))
        infos += struct.pack('<IQ', number, at)
        at += math.prod(shape) // block * size
        at += -at % ALIGNMENT
    head = b'GGUF' + struct.pack('<IQQ', 3, len(found), len(recipe.get('keys') or {})) + keys + infos
    write_sparse(path, head + b'\0' * (-len(head) % ALIGNMENT), at, [])


WRITERS = {'safetensors': write_safetensors, 'gguf': write_gguf}


def materialise(recipe, folder):
    container = recipe.get('container', 'safetensors')
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, 'model.' + container)
    WRITERS[container](recipe, path)
    return path


# --- The program --------------------------------------------------------------

def show(recipe):
    sums = {}
    for name, (dtype, shape) in tensors(recipe).items():
        print('%s\t%s\t%s' % (name, dtype, 'x'.join(map(str, shape))))
        sums[dtype] = sums.get(dtype, 0) + math.prod(shape)
    for dtype, elements in sums.items():
        print('# %s %d' % (dtype, elements))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('recipe')
    ap.add_argument('-o', dest='folder', help='where to write the checkpoint')
    ap.add_argument('--list', action='store_true')
    args = ap.parse_args()
    if args.list == bool(args.folder):
        ap.error('one of -o DIR and --list')
    try:
        recipe = load(args.recipe)
        if args.list:
            show(recipe)
        else:
            print(materialise(recipe, args.folder))
    except RecipeError as e:
        sys.exit('materialise.py: %s: %s' % (args.recipe, e))


if __name__ == '__main__':
    main()
