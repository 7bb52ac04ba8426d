#!/usr/bin/env python3
"""Recipes against the program: each checkpoint is inspected without its config, and must give the published one.

usage: recipes.py PROGRAM [RECIPE...]     all of fixtures/recipes where none is named

fixtures/recipes/README.md says what stands under `expect`. Prints what differs, field by field, and sums up in a
last line; exit status 1 if any recipe failed.
"""
import json
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, '..', 'fixtures', 'recipes')
sys.path.insert(0, os.path.join(HERE, '..', 'scripts'))
import materialise  # noqa: E402

HEADS = ['num_attention_heads', 'num_key_value_heads', 'head_dim']

# What a model has not: value null, basis shape, without each recipe saying so.
EXPERTS = ['num_experts', 'num_shared_experts', 'moe_intermediate_size', 'shared_expert_intermediate_size',
           'first_k_dense_replace']
LATENT = ['q_lora_rank', 'kv_lora_rank', 'qk_nope_head_dim', 'qk_rope_head_dim', 'v_head_dim']
STATE = ['ssm_state_size', 'linear_num_key_heads', 'linear_num_value_heads', 'linear_key_head_dim',
         'linear_value_head_dim']
# No shape tells these.
UNSEEN = ['num_experts_per_tok', 'sliding_window']

# What a mixture without them may call null or 0.
COUNTS = ['num_shared_experts', 'num_nextn_predict_layers']

NOT_FIELDS = {'kind', 'parameters', 'active_parameters', 'heads', 'components', 'unknown', 'absent', 'quantization', 'prefix'}


def implied_nulls(expect):
    fields = []
    if expect.get('kind') == 'causal-lm':
        fields += EXPERTS
    if expect.get('attention_type') in ('mha', 'gqa', 'mqa'):
        fields += LATENT + STATE
    return [field for field in fields if field not in expect and field not in expect.get('unknown', [])]


def show(finding):
    text = '%s (%s' % (json.dumps(finding.get('value')), finding.get('basis'))
    if finding.get('candidates'):
        text += ', candidates %s' % json.dumps(finding['candidates'])
    return text + ')'


def alternatives(want):
    return want['any'] if isinstance(want, dict) and 'any' in want else [want]


def agrees(want, found):
    value, basis = found.get('value'), found.get('basis')
    if isinstance(want, dict) and 'any' in want:
        return any(agrees(each, found) for each in alternatives(want))
    if isinstance(want, dict) and 'first' in want:
        return value == want['first'] and (basis != 'unknown' or value is None)
    if want is None:
        return value is None and basis == 'shape'
    return value == want and basis in ('shape', 'weights', 'convention', 'stated')


def judge_field(field, want, architecture):
    found = architecture.get(field)
    if found is None:
        return ['%s: not in the report' % field]
    if not agrees(want, found):
        return ['%s: %s wanted, found %s' % (field, json.dumps(want), show(found))]
    return []


def judge_unknown(field, architecture):
    found = architecture.get(field) or {}
    if found.get('basis') == 'unknown' and found.get('value') is None or found.get('basis') == 'ambiguous':
        return []
    return ['%s: nothing decides it, found %s' % (field, show(found))]


def every_triple(heads, kv_heads, head_dim):
    """All triples that give the same products, the head_dim even and 8 to 576."""
    both = math.gcd(heads * head_dim, kv_heads * head_dim)
    return {(heads * head_dim // d, kv_heads * head_dim // d, d) for d in range(8, 577, 2) if both % d == 0}


def judge_heads(want, architecture, tally):
    triple = tuple(want[field] for field in HEADS)
    found = [architecture.get(field) or {} for field in HEADS]
    if want['decided'] == 'maybe':
        want = {'narrowed': True, 'decided': all(f.get('basis') == 'shape' for f in found), **dict(zip(HEADS, triple))}
        if [f.get('value') for f in found] != list(triple):
            return ['heads: %s wanted first, found %s' % (triple, [f.get('value') for f in found])]
        if all(f.get('basis') == 'convention' for f in found):
            return []
    if want['decided']:
        return ['%s: %s by shape wanted, found %s' % (field, json.dumps(want[field]), show(f))
                for field, f in zip(HEADS, found) if (f.get('value'), f.get('basis')) != (want[field], 'shape')]
    problems = ['%s: ambiguous wanted, found %s' % (field, show(f))
                for field, f in zip(HEADS, found) if f.get('basis') != 'ambiguous']
    if problems:
        return problems
    lists = [f.get('candidates') or [] for f in found]
    if len(set(map(len, lists))) != 1:
        return ['heads: the lists of candidates are not parallel: %s' % lists]
    candidates = list(zip(*lists))
    if [f.get('value') for f in found] != list(candidates[0]):
        problems.append('heads: the value is not the first candidate')
    if triple not in candidates:
        problems.append('heads: %s is not among %s' % (triple, candidates))
    missing = set() if want.get('narrowed') else every_triple(*triple) - set(candidates)
    if missing:
        problems.append('heads: %s fit too, candidates are %s' % (sorted(missing), candidates))
    tally['open'] += 1
    tally['first'] += candidates[0] == triple
    return problems


def judge_architecture(expect, architecture, tally):
    problems = []
    for field, want in expect.items():
        if field not in NOT_FIELDS:
            problems += judge_field(field, want, architecture)
    for field in expect.get('unknown', []):
        problems += judge_unknown(field, architecture)
    for field in expect.get('absent', []):
        if (architecture.get(field) or {}).get('value') is not None:
            problems.append('%s: nothing of the kind is there, found %s' % (field, show(architecture[field])))
    if 'heads' in expect:
        problems += judge_heads(expect['heads'], architecture, tally)
    return problems


def judge_component(role, expect, report):
    """The problems of the component of this role that has fewest."""
    found = [c for c in report.get('components') or [] if c.get('role') == role]
    if expect is None:
        return ['%s: there is none, found %d' % (role, len(found))] if found else []
    if not found:
        return ['%s: no such component' % role]
    best = None
    for component in found:
        problems = judge_architecture(expect, component.get('architecture') or {}, {'open': 0, 'first': 0})
        for key in ('parameters', 'prefix'):
            if key in expect and component.get(key) != expect[key]:
                problems.append('%s: %s wanted, found %s' % (key, expect[key], component.get(key)))
        if best is None or len(problems) < len(best):
            best = problems
    return ['%s.%s' % (role, problem) for problem in best]


def judge(expect, report, tally):
    architecture, model = report.get('architecture') or {}, report.get('model') or {}
    problems = []
    for key in ('kind', 'parameters', 'active_parameters'):
        if key in expect and model.get(key) not in alternatives(expect[key]):
            problems.append('%s: %s wanted, found %s' % (key, expect[key], model.get(key)))
    problems += judge_architecture(expect, architecture, tally)
    absent = [field for field in implied_nulls(expect) if judge_field(field, None, architecture)]
    if absent:
        problems.append('null by shape wanted: ' + ', '.join(
            '%s %s' % (field, show(architecture.get(field) or {})) for field in absent))
    if expect.get('kind') == 'moe-causal-lm':
        for field in COUNTS:
            if field not in expect:
                problems += judge_field(field, {'any': [None, 0]}, architecture)
        if 'active_parameters' not in expect and model.get('active_parameters') is not None:
            problems.append('active_parameters: %s, and nothing tells it' % model['active_parameters'])
    for field in UNSEEN:
        if field not in expect and (architecture.get(field) or {}).get('value') is not None:
            problems.append('%s: shapes do not tell it, found %s' % (field, show(architecture[field])))
    for role, fields in (expect.get('components') or {}).items():
        problems += judge_component(role, fields, report)
    if 'quantization' in expect:
        found, want = (report.get('source') or {}).get('quantization'), expect['quantization']
        if want is None or found is None:
            same = want == found
        else:
            same = all(found.get(key) == value for key, value in want.items())
        if not same:
            problems.append('quantization: %s wanted, found %s' % (json.dumps(want), json.dumps(found)))
    return problems


def inspect(program, path):
    run = subprocess.run([program, '--json', '--weights-only', path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=120)
    if run.returncode != 0:
        raise ValueError('exit status %d: %s' % (run.returncode, run.stderr.decode(errors='replace').strip()[:300]))
    report = json.loads(run.stdout)
    if isinstance(report, list):
        raise ValueError('%d reports, not one' % len(report))
    return report


def run_one(job):
    """The problems with one recipe, and how many open triples it has and have the truth first."""
    program, path = job
    tally = {'open': 0, 'first': 0}
    try:
        recipe = materialise.load(path)
        with tempfile.TemporaryDirectory(prefix='recipe-') as folder:
            report = inspect(program, materialise.materialise(recipe, folder))
        problems = judge(recipe['expect'], report, tally)
        count = len(materialise.tensors(recipe))
        if report['source']['tensors'] != count:
            problems.append('%d tensors written, %s found' % (count, report['source']['tensors']))
        problems += ['finding: %s' % f['message'] for f in report['findings'] if f['severity'] == 'error']
    except (ValueError, KeyError, OSError, materialise.RecipeError, subprocess.TimeoutExpired) as e:
        problems = ['%s: %s' % (type(e).__name__, e)]
    return path, problems, tally


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program = os.path.abspath(sys.argv[1])
    recipes = sys.argv[2:] or sorted(os.path.join(FIXTURES, f) for f in os.listdir(FIXTURES) if f.endswith('.yaml'))
    failed = triples = first = 0
    with multiprocessing.Pool() as pool:
        for path, problems, tally in pool.imap(run_one, [(program, path) for path in recipes]):
            triples, first = triples + tally['open'], first + tally['first']
            failed += bool(problems)
            if problems:
                print(os.path.basename(path))
                print('\n'.join('    ' + problem for problem in problems))
    print('heads left open: the truth is first in %d of %d' % (first, triples))
    print('recipes: %d passed, %d failed' % (len(recipes) - failed, failed))
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
