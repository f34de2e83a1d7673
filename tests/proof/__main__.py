"""The proof: every cell in resumable shards, one fresh process a shard.

    python3 packaging/dev.py proof [--only lora,t5] [--jobs 2] [--device pretend]

With `--device pretend` everything is computed on the pretend card (tests/helpers/pretend_card), with `--device cuda` on
a real one.

A result counts as long as code and libraries are the same; what failed is tried again. When all is done, the results
and the documentation's page of supported combinations are written, unless TUNESMITH_PATCHES is set. Exit 1 if anything
failed.
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

from engine.errors import RecipeError
from engine.worker.kernels.registry import VARIABLE
from tests.proof import results
from tests.proof.cells import PREFIXES, Cell, all_cells, chosen, shards
from tests.proof.results import Result

QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
# A card's float32 as exact as the processor's, and the same at every repetition.
EXACT = {"NVIDIA_TF32_OVERRIDE": "0", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}


def main(arguments: list[str]) -> int:
    """Prove what is asked for and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="dev.py proof", description="Prove every method on every kind of base."
    )
    parser.add_argument(
        "--only", default="", help="methods, variants, kinds or quantizations, with commas between"
    )
    parser.add_argument("--jobs", type=int, default=1, help="shards at once (1)")
    parser.add_argument("--device", choices=tuple(PREFIXES), default="cpu", help="what computes (cpu)")
    asked = parser.parse_args(arguments)
    everything = all_cells()
    try:
        cells = chosen(everything, [word for word in asked.only.split(",") if word])
    except RecipeError as error:
        print(f"{error.message} {error.hint}")
        return 2
    found = prove(cells, asked.jobs, PREFIXES[asked.device])
    _summarise(cells, found)
    if asked.device == "cpu" and len(cells) == len(everything) and VARIABLE not in os.environ:
        results.publish(cells, found)
        print(
            f"Written: {results.PUBLISHED.relative_to(results.ROOT)}, {results.PAGE.relative_to(results.ROOT)}"
        )
    return 1 if any(result.outcome == "failed" for result in found.values()) else 0


def prove(cells: list[Cell], jobs: int, prefix: str) -> dict[str, Result]:
    """Return the result of every cell, with a line of progress a shard; `prefix` begins the shards' names."""
    code, began = results.fingerprint(), time.monotonic()
    groups = {f"{prefix}{kind}": group for kind, group in shards(cells).items()}
    found: dict[str, Result] = {}
    with ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(prove_shard, shard, group, code): shard for shard, group in groups.items()}
        for done, future in enumerate(as_completed(running), start=1):
            proven = future.result()
            found |= proven
            minutes = (time.monotonic() - began) / 60
            told = results.counted(proven.values())
            print(f"{done:2}/{len(groups)}  {running[future]:16} {told}  ({minutes:.1f} min)", flush=True)
    return found


def prove_shard(shard: str, cells: list[Cell], code: str) -> dict[str, Result]:
    """Return a shard's results: those that are known, and new ones from processes of their own.

    One process does, unless it dies: then the cell that it was at has failed, and another takes the rest.
    """
    known = {name: each for name, each in results.read(shard, code).items() if each.outcome != "failed"}
    waiting = [cell.id for cell in cells if cell.id not in known]
    fresh: dict[str, Result] = {}
    while waiting:
        written = results.size(shard)
        status = _run(shard, code, waiting)
        fresh |= results.read(shard, code, past=written)
        waiting = [name for name in waiting if name not in fresh]
        if waiting:
            died = Result(waiting.pop(0), "failed", f"its process ended with status {status}")
            results.write(died, shard, code)
            fresh[died.cell] = died
    found = known | fresh
    return {cell.id: found[cell.id] for cell in cells}


def _run(shard: str, code: str, waiting: list[str]) -> int:
    command = [sys.executable, "-m", "tests.proof.shard", shard, code, *waiting]
    with (results.FOLDER / f"{shard}.log").open("a", encoding="utf-8") as log:
        return subprocess.call(
            command, cwd=results.ROOT, env={**os.environ, **QUIET, **EXACT}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log,
        )  # fmt: skip


def _summarise(cells: list[Cell], found: dict[str, Result]) -> None:
    """Print what failed, and a line a method with its variants."""
    rows: dict[str, list[Result]] = {}
    for cell in cells:
        name = f"{cell.method} {cell.variant}".strip()
        rows.setdefault(name, []).append(found[cell.id])
    print()
    for name, mine in rows.items():
        print(f"{name:32} {results.counted(mine)}")
    failed = [result for result in found.values() if result.outcome == "failed"]
    for result in failed:
        print(f"\nFAILED {result.cell}\n    {result.reason}")
    seconds = sum(result.seconds for result in found.values())
    print(f"\n{len(found)} cells: {results.counted(found.values())}; {seconds / 60:.1f} min of work.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
