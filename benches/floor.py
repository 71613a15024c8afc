"""Compares criterion's medians with benches/floor.toml: no bench may take more than 3 times what is stored there.

    python3 benches/floor.py            exits with 1 if one is slower, or has no result
    python3 benches/floor.py --store    writes the medians of this machine as the new floor

Three times, since machines and their moods differ; what makes a bench three times slower is a fault, not a mood.
"""

import argparse
import json
import os
import pathlib
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "criterion"
FLOOR = ROOT / "benches" / "floor.toml"
TIMES = 3
HEAD = """\
# Median of each bench in nanoseconds, by criterion's id, on the machine where `python3 benches/floor.py --store` ran.
# `make test` fails when one takes more than 3 times as long, or was not run.
"""


def measured():
    """Criterion's latest median of each bench by its id, in nanoseconds."""
    results = {}
    for file in sorted(RESULTS.glob("**/new/estimates.json")):
        id = json.loads((file.parent / "benchmark.json").read_text())["full_id"]
        results[id] = json.loads(file.read_text())["median"]["point_estimate"]
    return results


def compare(floor, results):
    """One line of text for each bench, and how many of them fail."""
    lines, failed = [], 0
    for id, stored in floor.items():
        now = results.get(id)
        if now is None:
            lines.append(f"{id:34} no result: run the benches first")
        else:
            lines.append(f"{id:34} {now:12.0f} ns  floor {stored:12.0f} ns  {now / stored:5.2f} x")
        if now is None or TIMES * stored < now:
            lines[-1] += "  FAILED"
            failed += 1
    lines += [f"{id:34} {now:12.0f} ns  not in the floor" for id, now in results.items() if id not in floor]
    return lines, failed


def main():
    parser = argparse.ArgumentParser(description="Compares bench results with the stored floor.")
    parser.add_argument("--store", action="store_true", help="write the present results as the floor")
    options = parser.parse_args()
    results = measured()
    if options.store:
        if not results:
            sys.exit(f"no results in {RESULTS}: run the benches first")
        FLOOR.write_text(HEAD + "\n" + "".join(f'"{id}" = {round(now)}\n' for id, now in results.items()))
        return
    lines, failed = compare(tomllib.loads(FLOOR.read_text()), results)
    print("\n".join(lines))
    if failed:
        sys.exit(f"{failed} of the benches are missing or slower than {TIMES} times the floor")


if __name__ == "__main__":
    main()
