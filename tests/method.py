#!/usr/bin/env python3
"""The method's own comparisons, and the judgements that its document missed, against the program.

    tests/method.py PROGRAM

Expected counts were done by hand: those of the document's figures (fixtures/method.yaml) are listed with the method,
those of the corrected ones follow from the configurations. Weight-only checkpoints are made of fixtures/recipes.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "scripts"))
import materialise  # noqa: E402

NINE = ["hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "experts",
        "num_experts_per_tok", "vocab_size", "rope_theta", "intermediate_size"]
SEVEN = NINE[:5] + NINE[6:8]
SIX = NINE[:4] + NINE[6:8]
CORE = {"hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act"}
TIERS = ["different", "independent", "similar", "identical"]

# Subject, keys, and with each reference the matched of the known: by the document's figures, by the corrected ones.
TALLIES = [
    ("Solar-Open-100B", SEVEN, {"Mixtral": ("3/7", "3/7"), "DeepSeek-V2": ("0/7", "0/6"), "Qwen2-57B": ("1/7", "1/7")}),
    ("A.X-K1", NINE, {"Solar-Open-100B": ("2/8", "2/7"), "DeepSeek-V2": ("1/9", "1/8"), "Qwen2-57B": ("1/9", "1/7")}),
    ("VAETKI", NINE, {"Solar-Open-100B": ("3/7", "3/7"), "A.X-K1": ("3/8", "3/8"), "DeepSeek-V2": ("1/8", "1/8")}),
    ("K-EXAONE", NINE, {"Solar-Open-100B": ("6/8", "6/8"), "VAETKI": ("4/8", "4/8"), "A.X-K1": ("3/9", "3/8")}),
    ("HyperCLOVAX-SEED-Think-32B", SIX, {"Llama-3.1-70B": ("2/6", "2/6"), "Qwen2.5-72B": ("1/6", "1/6")}),
]

# The five, from the catalogue and from their weights alone, each beside the references of its report: which of the
# five keys match, by the published configurations; and the conclusion from either. Solar's weights alone allow for
# heads of 256, and Mixtral has as many heads as that would make.
FIVE = [
    ("upstage/Solar-Open-100B", "solar-open-100b", ("from_scratch_supported", "inconclusive"), {
        "mistralai/Mixtral-8x7B-v0.1": ["hidden_size", "hidden_act"],
        "deepseek-ai/DeepSeek-V2": ["hidden_act"],
        "Qwen/Qwen2-57B-A14B": ["hidden_act"]}),
    ("skt/A.X-K1", "a.x-k1", ("from_scratch_supported", "from_scratch_supported"), {
        "upstage/Solar-Open-100B": ["num_attention_heads", "hidden_act"],
        "deepseek-ai/DeepSeek-V2": ["hidden_act"],
        "Qwen/Qwen2-57B-A14B": ["hidden_act"]}),
    ("NC-AI-consortium-VAETKI/VAETKI", "vaetki-112b", ("from_scratch_supported", "from_scratch_supported"), {
        "upstage/Solar-Open-100B": ["num_hidden_layers", "hidden_act"],
        "skt/A.X-K1": ["intermediate_size", "hidden_act"],
        "deepseek-ai/DeepSeek-V2": ["hidden_act"]}),
    ("LGAI-EXAONE/K-EXAONE-236B-A23B", "k-exaone-236b", ("inconclusive", "inconclusive"), {
        "upstage/Solar-Open-100B": ["num_hidden_layers", "num_attention_heads", "hidden_act"],
        "skt/A.X-K1": ["num_attention_heads", "intermediate_size", "hidden_act"],
        "NC-AI-consortium-VAETKI/VAETKI": ["num_hidden_layers", "intermediate_size", "hidden_act"]}),
    ("naver-hyperclovax/HyperCLOVAX-SEED-Think-32B", "hyperclovax-seed-think-32b", ("partial_reuse", "partial_reuse"), {
        "meta-llama/Llama-3.1-70B": ["hidden_act"],
        "Qwen/Qwen2.5-72B": ["hidden_act"]}),
]


class Check:
    def __init__(self, program):
        self.program, self.done, self.failed = program, 0, 0

    def __call__(self, holds, words):
        self.done += 1
        if not holds:
            self.failed += 1
            print("method: " + words)

    def run(self, *arguments, status=0):
        run = subprocess.run([self.program, "--json", *arguments], capture_output=True, text=True, check=False)
        words = " ".join(arguments)
        self(run.returncode == status, f"{words}: status {run.returncode}, {run.stderr.strip()}")
        return json.loads(run.stdout) if run.stdout else {}

    def compare(self, *arguments, status=0):
        report = self.run("compare", *arguments, status=status)
        if report:
            self.sums(report)
        return report

    def sums(self, report):
        """Every count is arithmetic: the lists, the scores and the tiers follow from the rows."""
        rows = {row["key"]: row for row in report["rows"]}
        self(list(rows) == report["keys"], "the rows are not the keys")
        self({key for key, row in rows.items() if row["core"]} == CORE & set(rows), "the wrong rows are core")
        for pair in report["pairs"]:
            name, where = pair["with"], f"{report['subject']} with {pair['with']}"
            lists = pair["extended"]
            kinds = [lists[kind] for kind in ("matched", "differing", "possible", "unknown", "absent")]
            self(sorted(sum(kinds, [])) == sorted(rows), f"{where}: a key is in no list or in two")
            for key, row in rows.items():
                same = name in row["same_as_subject"]
                self(same == (key in lists["matched"]), f"{where}: {key} in one place matches, in another not")
                if same:
                    self(row["values"][name] is not None, f"{where}: {key} matches and is null")
            for part in ("core", "extended", "core_by_moe_intermediate_size"):
                if part in pair:
                    known = len(pair[part]["matched"]) + len(pair[part]["differing"])
                    self(pair[part]["score"] == f"{len(pair[part]['matched'])}/{known}", f"{where}: the score of {part}")
            core = pair["core"]
            least = len(core["matched"])
            most = least + len(core["possible"]) + len(core["unknown"])
            ends = [TIERS[0 if n == 0 else 1 if n < 3 else 2 if n < 5 else 3] for n in (least, most)]
            self(pair["tier"] == (ends[0] if ends[0] == ends[1] else "..".join(ends)), f"{where}: tier {pair['tier']}")


def check_tallies(check):
    for column, (file, prefix) in enumerate([("method.yaml", "method/"), ("method-corrected.yaml", "corrected/")]):
        for subject, keys, references in TALLIES:
            report = check.compare("--catalogue", str(TOP / "fixtures" / file), "--keys", ",".join(keys),
                                   prefix + subject, *[prefix + name for name in references])
            scores = {pair["with"]: pair["extended"]["score"] for pair in report["pairs"]}
            for name, expected in references.items():
                found = scores[prefix + name]
                check(found == expected[column], f"{prefix}{subject} with {name}: {found}, by hand {expected[column]}")


def check_five(check, folder):
    for name, recipe, conclusions, references in FIVE:
        path = TOP / "fixtures/recipes" / (recipe + ".yaml")
        weights = materialise.materialise(materialise.load(str(path)), str(folder / recipe))
        for subject, conclusion in zip((name, str(weights)), conclusions):
            report = check.compare("--weights-only", subject, *references)
            verdict = report["verdict"]
            check(verdict["conclusion"] == conclusion, f"{subject}: concluded {verdict['conclusion']}, not {conclusion}")
            for pair in report["pairs"]:
                # What weights leave open is possible, never matched and never differing.
                wanted = set(references[pair["with"]])
                found, possible = set(pair["core"]["matched"]), set(pair["core"]["possible"])
                check(found <= wanted <= found | possible,
                      f"{subject} with {pair['with']}: {sorted(found)}, possibly {sorted(possible)}; wanted {sorted(wanted)}")
            if conclusion == "partial_reuse":
                towers = [part["with"] for part in report["pairs"][0]["components"] if part["agreement"] in ("same", "likely")]
                check(any("Qwen2.5-VL" in tower for tower in towers), f"{subject}: its towers are those of {towers}")


def check_matches(check, folder):
    for subject in ("skt/A.X-K1", str(folder / "a.x-k1")):
        found = check.run("match", "--weights-only", subject, "--top", "100")["matches"]
        kimi = next(m for m in found if m["model"] == "moonshotai/Kimi-K2-Instruct")
        check(kimi["core"]["score"] == "5/5" and kimi["tier"] == "identical", f"{subject}: Kimi-K2 is {kimi['tier']}")
        check(kimi["but_for"] == "num_experts", f"{subject}: as Kimi-K2 but for {kimi['but_for']}")
    self_report = check.run("match", "skt/A.X-K1", "--top", "1000")
    check("skt/A.X-K1" not in [m["model"] for m in self_report["matches"]], "a model is ranked beside itself")
    check(self_report["self"] == "skt/A.X-K1", "the subject is not marked")
    check(len(self_report["matches"]) == self_report["catalogue_models"] - 1, "not all others are ranked")
    check.run("match", "--min-tier", "identical", "upstage/Solar-Open-100B", status=1)
    check.run("match", "--min-tier", "identical", "skt/A.X-K1")


def check_disputes(check):
    report = check.compare("upstage/Solar-Open-100B", "zai-org/GLM-4.5-Air")
    pair = report["pairs"][0]
    check(pair["core"]["matched"] == ["hidden_size", "hidden_act"], f"Solar and GLM share {pair['core']['matched']}")
    check(not pair["core"]["possible"] and not pair["core"]["unknown"], "Solar and GLM leave a key open")
    check(pair["tier"] == "independent", f"Solar and GLM are {pair['tier']}")
    report = check.compare("meta-llama/Llama-2-7b-hf", "openlm-research/open_llama_7b")
    words = json.dumps(report["verdict"]).lower()
    check(report["pairs"][0]["tier"] == "identical", "Llama 2 and OpenLLaMA are not identical in architecture")
    check("derived" not in words and "no proof of shared weights" in words, "the verdict says more than shapes do")
    check(report["pairs"][0]["models_sharing_core"] >= 3, "the crowd that shares the five values is not counted")
    check.run("compare", "--require", "similar", "upstage/Solar-Open-100B", "zai-org/GLM-4.5-Air", status=1)
    check.run("compare", "--require", "identical", "meta-llama/Llama-2-7b-hf", "openlm-research/open_llama_7b")


def check_catalogued(check):
    # inspect and compare hold the same record of an entry.
    for name in ("upstage/Solar-Open-100B", "mistralai/Mixtral-8x22B-v0.1", "deepseek-ai/DeepSeek-V3", "Qwen/Qwen3-4B"):
        fields = check.run("inspect", name)["architecture"]
        report = check.compare("--keys", "all", name, "meta-llama/Llama-2-7b-hf")
        for row in report["rows"]:
            value, basis = row["values"][name], row["basis"][name]
            found = fields[row["key"]]
            check([found["value"], found["basis"]] == [value, basis], f"{name}: {row['key']} is {found}, or {value}")
            check(value is not None or basis in ("shape", "unknown"), f"{name}: {row['key']} is null, {basis}")
    solar = check.run("inspect", "upstage/Solar-Open-100B")["architecture"]
    check(solar["intermediate_size"]["value"] is None and "10240" in solar["intermediate_size"]["evidence"],
          f"the width that no layer of Solar uses is {solar['intermediate_size']}")
    twins = check.compare("Qwen/Qwen3.5-35B-A3B", "Qwen/Qwen3.6-35B-A3B")["pairs"][0]
    check(twins["core_by_moe_intermediate_size"]["score"] == "5/5", "twins without a dense width are not compared by experts")


def main(program):
    check = Check(program)
    with tempfile.TemporaryDirectory() as folder:
        check_tallies(check)
        check_five(check, pathlib.Path(folder))
        check_matches(check, pathlib.Path(folder))
    check_disputes(check)
    check_catalogued(check)
    print(f"method: {check.done} checks, {check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
