#!/usr/bin/env python3
"""Validate what the program reports as JSON against ../shared/report.schema.json, where that is at hand.

    tests/schema.py PROGRAM

Over every fixture and every file below ../shared/files: reports by the schema, errors by the contract's words.
"""
import json
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
SHARED = TOP.parent / "shared"
SCHEMA = SHARED / "report.schema.json"
STATUSES = {"not_found", "unreadable", "unsupported", "not_a_model", "malformed", "truncated", "limit", "usage"}


def subjects():
    """Every file, and every folder that holds one."""
    for root in (TOP / "fixtures", SHARED / "files"):
        for path in sorted(root.rglob("*")):
            if path.is_file() or any(child.is_file() for child in path.iterdir()):
                yield str(path)


def error_faults(error):
    if list(error) != ["schema", "path", "status", "offset", "message"]:
        yield f"its members are {list(error)}"
    if error["status"] not in STATUSES:
        yield f"its status is {error['status']}"
    if not (error["offset"] is None or isinstance(error["offset"], int)) or not error["message"]:
        yield f"its offset is {error['offset']}, its message {error['message']!r}"


def main(program):
    if not SCHEMA.exists():
        print("schema: skipped, ../shared/report.schema.json is not here")
        return 0
    import jsonschema

    run = subprocess.run([program, "--json", *subjects()], capture_output=True, check=False)
    if run.returncode not in (0, 2):
        sys.exit(f"schema: {program} ended with {run.returncode}")
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    counts = {"archinspect/report/1": 0, "archinspect/error/1": 0}
    failed = 0
    for item in json.loads(run.stdout):
        counts[item["schema"]] += 1
        if item["schema"] == "archinspect/report/1":
            faults = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(item)]
        else:
            faults = list(error_faults(item))
        failed += bool(faults)
        for fault in faults:
            print(f"schema: {item['path']}: {fault}")
    reports, errors = counts.values()
    print(f"schema: {reports} reports and {errors} errors, {failed} invalid")
    return 1 if failed or not reports else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
