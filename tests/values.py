#!/usr/bin/env python3
"""What values tell of small models that were trained for it, where ../shared/forensics/toys is at hand.

    tests/values.py PROGRAM [FOLDER]

FOLDER holds NAME.safetensors and truth.json. An answer that is wrong fails; where there is none it is counted.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
HEADS = ["num_attention_heads", "num_key_value_heads", "head_dim"]


class Tally:
    def __init__(self):
        self.right = self.open = self.wrong = 0

    def take(self, what, found, truth, why):
        if found is None:
            self.open += 1
        elif found == truth:
            self.right += 1
        else:
            self.wrong += 1
            print(f"values: {what}: found {found}, and it is {truth} ({why})")


def inspect(program, path, *options):
    run = subprocess.run([program, "--json", "--values", *options, str(path)], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"values: {path}: status {run.returncode}, {run.stderr.strip()}")
    return json.loads(run.stdout)


def check_heads(report, truth, name, tally):
    fields = report["architecture"]
    look = report["values"]["head_dim"]
    why = f"z {look['z']}, margin {look['margin']}"
    told = [fields[key]["basis"] == "weights" for key in HEADS]
    wanted = [truth[key] for key in HEADS]
    tally.take(f"{name}: heads", [fields[key]["value"] for key in HEADS] if any(told) else None, wanted, why)
    bounds = look["margin"] >= 1.6 and max(z or 0 for z in look["z"].values()) >= 8
    if any(told) and not (all(told) and bounds and look["answered"] and fields["head_dim"]["confidence"] == 0.8):
        tally.take(f"{name}: heads", "an answer below its bounds", wanted, why)
    if not any(told) and wanted not in [list(triple) for triple in zip(*[fields[key]["candidates"] for key in HEADS])]:
        tally.take(f"{name}: heads", "candidates without it", wanted, why)


def check_layout(report, truth, name, tally):
    look = report["values"]["rotary_layout"]
    tally.take(f"{name}: rotary layout", look["value"], truth["rotary"], look["evidence"])
    if look["rotary_dims"] is not None:
        rotated = int(truth["head_dim"] * truth["partial_rotary"])
        tally.take(f"{name}: rotated dimensions", look["rotary_dims"], rotated, look["evidence"])


def main(program, folder):
    if not (folder / "truth.json").exists():
        print(f"values: skipped, {folder} is not here")
        return 0
    heads, layouts, told = Tally(), Tally(), Tally()
    for name, truth in json.loads((folder / "truth.json").read_text()).items():
        path = folder / (name + ".safetensors")
        report = inspect(program, path)
        check_heads(report, truth, name, heads)
        check_layout(report, truth, name, layouts)
        # The layout again where a configuration tells the heads.
        with tempfile.TemporaryDirectory() as beside:
            (pathlib.Path(beside) / "model.safetensors").symlink_to(path)
            config = {key: truth[key] for key in HEADS} | {"model_type": "llama", "hidden_size": truth["hidden_size"]}
            (pathlib.Path(beside) / "config.json").write_text(json.dumps(config))
            check_layout(inspect(program, beside, "--no-sandbox"), truth, name, told)
    for what, t in (("heads", heads), ("layouts", layouts), ("layouts of stated heads", told)):
        print(f"values: {what}: {t.right} right, {t.open} left open, {t.wrong} wrong")
    return 1 if heads.wrong + layouts.wrong + told.wrong else 0


if __name__ == "__main__":
    default = TOP.parent / "shared/forensics/toys"
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else default))
