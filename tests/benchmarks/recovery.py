"""60 runs of the starter, killed at a random moment and resumed: does each end as one that nothing disturbed?

Killed is the worker, the window (the process that supervises it; the command line, which does so as a window does),
both, or one of the worker's other ranks, which has to end the run within 30 s. A number as argument makes fewer runs,
and `rank` kills ranks alone.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from engine.adapters import library
from engine.adapters.import_checks import weight_shapes
from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.errors import AppError
from engine.jobs.events import Event, EventReader, clock, read_all
from engine.jobs.job import Job
from engine.runs import run_store
from engine.runs.run_summaries import read_entry
from tests.helpers.benchmark_report import show
from tests.helpers.repository import MAIN

RUNS = 60
KILLED = ("worker", "window", "both", "rank")
MAX_SECONDS = 300
# For a run to end whose rank is killed.
MAX_END_SECONDS = 30
POLL_SECONDS = 0.002
METHODS: dict[str, dict[str, Any]] = {
    "lora": {"id": "lora", "rank": 8, "dropout": 0.1},
    "adalora": {"id": "adalora", "rank": 4},
    "p_tuning": {"id": "p_tuning", "virtual_tokens": 8},
    "prefix_tuning": {"id": "prefix_tuning", "virtual_tokens": 8, "projection": True},
    "full": {"id": "full"},
    "bottleneck": {"id": "bottleneck", "size": 16},
}
STEPS = 9
# Keys of events that differ from run to run.
VOLATILE = (
    "v", "time", "clock", "run", "attempt", "seconds", "tokens_per_second", "examples_per_second", "memory_bytes",
    "path", "bytes", "adapter", "tokens",
)  # fmt: skip
TRAINING = ("step_finished", "evaluated", "sample_made", "checkpoint_saved")
COMPARED = ("outcome", "weights", "config", "scores", "curves", "samples")
UNFINISHED = (".partial", ".tmp", ".incomplete")

Result = dict[str, Any]
NAMES = list(METHODS)


def main() -> None:
    numbers = [int(each) for each in sys.argv[1:] if each.isdecimal()]
    kinds = [each for each in sys.argv[1:] if each in KILLED] or KILLED
    whole: dict[str, Result] = {}
    results: list[Result] = []
    for number in range(numbers[0] if numbers else RUNS):
        method = NAMES[number % len(NAMES)]
        if method not in whole:
            whole[method] = undisturbed(method)
        killed = kinds[number // len(NAMES) % len(kinds)]
        results.append(disturbed(number, method, whole[method], killed))
        print(f"run {number}: {_words(results[-1])}", flush=True)
    _tell(results)


def undisturbed(method: str, device: str = "cpu") -> Result:
    """Return what an uninterrupted run leaves, and how long it takes from event to event."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        window, job = _start(home, Path(place), short_recipe(method, "finish", device))
        if window.wait(MAX_SECONDS) != 0:
            raise SystemExit(f"A run of {method} that nothing disturbed ended with {window.returncode}.")
        return {"told": run_result(job), "gaps": event_intervals(job)}


def disturbed(number: int, method: str, undisturbed: Result, killed: str, device: str = "cpu") -> Result:
    """Kill a run, resume it, and return what was odd about it."""
    draw = random.Random(f"recovery {number}")
    leaves = draw.choice(("finish", "stop"))
    path = Path(tempfile.mkdtemp(prefix="tunesmith-recovery-"))
    window, job = _start(path / "home", path, short_recipe(method, leaves, device))
    events, share = _moment(draw, undisturbed["gaps"])
    worker = _wait_for(job, window, events, share * undisturbed["gaps"][events - 1])
    odd = _kill(killed, worker, window, job)
    _wait_until_free(job)
    odd += [f"after the kill: {trouble}" for trouble in home_problems(path / "home", finished=False)]
    code = _command(path / "home", "resume", job.id).wait(MAX_SECONDS)
    odd += [f"resume ended with {code}"] if code else []
    result = run_result(job)
    odd += differences(result, undisturbed["told"]) + home_problems(path / "home", finished=True)
    if odd:
        print(f"The home of run {number} is kept in {path}.")
    else:
        shutil.rmtree(path)
    return {"method": method, "killed": killed, "behind": events, "from": result["resumed_from"], "odd": odd}


def _moment(draw: random.Random, gaps: list[float]) -> tuple[int, float]:
    """Return how many events a run may tell before it is killed, and what share of the time to the next one passes.

    Half of the moments are drawn evenly over the time behind the imports, half over the events, since the short ones
    are those in which something is written.
    """
    if draw.random() < 0.5:
        return draw.randint(1, len(gaps)), draw.random()
    places = list(range(1, len(gaps)))
    place = draw.choices(places, [gaps[each] for each in places])[0]
    return place + 1, draw.random()


def _start(home: Path, place: Path, recipe: Recipe) -> tuple[subprocess.Popen[bytes], Job]:
    """Start a window on a new run and return it with the run's job."""
    path = place / "recipe.toml"
    recipes.save(recipe, path)
    window = _command(home, "train", str(path))
    deadline = time.monotonic() + MAX_SECONDS
    while time.monotonic() < deadline:
        with at_home(home):
            jobs = run_store.list_jobs()
        if jobs:
            return window, jobs[0]
        time.sleep(POLL_SECONDS)
    raise SystemExit("No run was made.")


def _command(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(MAIN), *arguments, "--json"],
        env=os.environ | {"TUNESMITH_HOME": str(home), "HF_HUB_OFFLINE": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def _wait_for(job: Job, window: subprocess.Popen[bytes], events: int, seconds: float) -> int:
    """Wait until so many events are told and then so long; return the worker's process id."""
    reader, worker, seen = EventReader(job.events_path), 0, 0
    while seen < events and window.poll() is None:
        new = reader.read()
        seen += len(new)
        worker = next((event["pid"] for event in new if event["event"] == "job_accepted"), worker)
        if not new:
            time.sleep(POLL_SECONDS)
    time.sleep(seconds)
    return worker


def _kill(killed: str, worker: int, window: subprocess.Popen[bytes], job: Job) -> list[str]:
    """Kill, wait for the window's end, and return what is odd about that."""
    odd = _kill_rank(worker, window, job) if killed == "rank" else []
    if killed in ("worker", "both"):
        try:
            os.kill(worker, signal.SIGKILL)
        except ProcessLookupError:
            print("The run was through before it could be killed.")
    if killed in ("window", "both"):
        window.kill()
    window.wait(MAX_SECONDS)
    return odd


def _kill_rank(worker: int, window: subprocess.Popen[bytes], job: Job) -> list[str]:
    """Kill a rank of the worker's, if there is one; the run has to end soon and to name it, unless it is through."""
    ranks: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        ranks = psutil.Process(worker).children()
        for rank in ranks:
            rank.kill()
    killed_at = time.monotonic()
    window.wait(MAX_SECONDS)
    seconds = time.monotonic() - killed_at
    if not ranks or window.returncode == 0:
        print("No rank could be killed.")
        return []
    ended = [event for event in read_all(job.events_path) if event["event"] == "job_ended"]
    message = ended[-1].get("message", "") if ended else ""
    odd = [f"the run ended {seconds:.0f} s after its rank"] if seconds > MAX_END_SECONDS else []
    return odd + ([] if "Rank 1" in message else [f"it says: {message}"])


def _wait_until_free(job: Job) -> None:
    """Wait for a worker whose window was killed: it finishes or stops, as the run says."""
    deadline = time.monotonic() + MAX_SECONDS
    while job.is_running():
        if time.monotonic() > deadline:
            raise SystemExit(f"The worker of {job.folder} does not end.")
        time.sleep(0.05)


def _words(result: Result) -> str:
    of = f"{result['method']}, {result['killed']} killed behind event {result['behind']}"
    return f"{of}, from step {result['from']}: {', '.join(result['odd']) or 'the same'}"


def _tell(results: list[Result]) -> None:
    same = Counter(result["killed"] for result in results if not result["odd"])
    among = Counter(result["killed"] for result in results)
    half = sum("half-written" in odd or "is left" in odd for result in results for odd in result["odd"])
    unlisted = sum(odd.startswith(("the library", "the history")) for each in results for odd in each["odd"])
    count = len(results)
    rows = [("the same in adapter, events and scores", f"{same.total()} of {count}", f"{count}")]
    rows += [(f"  {killed} killed", f"{same[killed]} of {among[killed]}", "") for killed in among]
    rows += [
        ("files half-written or left", f"{half}", "0"),
        ("library or history that did not list", f"{unlisted}", "0"),
        ("begun anew, for want of a checkpoint", f"{sum(not each['from'] for each in results)}", ""),
    ]
    show(f"{count} runs of {len(NAMES)} methods, killed and resumed", rows)


def short_recipe(method: str, when_window_leaves: str = "finish", device: str = "cpu") -> Recipe:
    """Return a recipe of a few seconds for one of `METHODS`; no checkpoint falls on an evaluation."""
    return recipes.from_tables(
        {
            "name": f"short {method}",
            "base_model": {"id": "starter"},
            "data": {
                "source": "sample", "conversation": "dialogue", "summary": "summary", "max_train": 20,
                "max_validation": 3, "max_test": 3, "max_conversation_tokens": 96, "max_summary_tokens": 24,
            },
            "method": METHODS[method],
            "training": {
                "max_steps": STEPS, "batch_size": 4, "evaluate_every": 3, "checkpoint_every": 2, "seed": 5,
                "device": device, "deterministic": "on", "when_window_leaves": when_window_leaves,
            },
            "evaluation": {"max_new_tokens": 8, "bootstrap": 100},
        }
    )  # fmt: skip


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    """Let this process use another home."""
    before = os.environ.get("TUNESMITH_HOME")
    os.environ["TUNESMITH_HOME"] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TUNESMITH_HOME"]
        else:
            os.environ["TUNESMITH_HOME"] = before


def run_result(job: Job) -> Result:
    """Return the result of a completed run: digests, events from the last checkpoint on, scores, curves, samples."""
    events = list(read_all(job.events_path))
    state = run_store.replay(events)
    last = max([0, *(place for place, event in enumerate(events) if event["event"] == "run_resumed")])
    resumed = int(events[last].get("step", 0))
    folder = Path(state.adapter["path"]) if state.adapter else job.folder
    return {
        "outcome": state.outcome,
        "resumed_from": resumed,
        "weights": _digest(folder / library.WEIGHTS_NAME),
        "config": _digest(folder / library.CONFIG_NAME),
        "training": [_plain(event, job) for event in events[last:] if _is_training(event, resumed)],
        "scores": [_plain(event, job) for event in (state.base_scores, state.tuned_scores) if event],
        "curves": {
            name: [list(curve.steps), list(curve.values)]
            for name in ("loss", "learning_rate", "evaluation_loss", "evaluation_rouge1")
            if (curve := getattr(state, name)) is not None
        },
        "samples": [[each.step, each.example, each.summary] for each in state.samples],
    }


def _is_training(event: Event, behind: int) -> bool:
    scores_alone = event["event"] == "evaluated" and event.get("loss") is None
    return event["event"] in TRAINING and not scores_alone and int(event["step"]) > behind


def _plain(event: Event, job: Job) -> Event:
    plain = {name: value for name, value in event.items() if name not in VOLATILE}
    return plain | ({"of": "tuned"} if plain.get("of") == job.id else {})


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def differences(found: Result, uninterrupted: Result) -> list[str]:
    """Return the parts in which a resumed run differs from an uninterrupted one."""
    found, uninterrupted = json.loads(json.dumps(found)), json.loads(json.dumps(uninterrupted))
    expected = [event for event in uninterrupted["training"] if event["step"] > found["resumed_from"]]
    odd = [name for name in COMPARED if found[name] != uninterrupted[name]]
    return odd + (["events from the last checkpoint on"] if found["training"] != expected else [])


def event_intervals(job: Job) -> list[float]:
    """Return the seconds from each event of an uninterrupted run to the next, that of its acceptance first."""
    clocks = [clock(event) for event in read_all(job.events_path)]
    return [after - before for before, after in pairwise(clocks)] + [0.05]


def home_problems(home: Path, *, finished: bool) -> list[str]:
    """Return half-written and unreadable files of a home; until `finished`, files may be marked as unfinished."""
    found = []
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        unfinished = [part for part in path.relative_to(home).parts if _is_marked_unfinished(part)]
        if unfinished:
            found += [f"{name} is left"] if finished else []
        elif path.is_file() and not _is_whole(path, finished=finished):
            found.append(f"{name} is half-written")
    return found + _unlisted(home)


def _is_marked_unfinished(name: str) -> bool:
    return name.startswith(".") or any(mark in name for mark in UNFINISHED)


def _is_whole(path: Path, *, finished: bool) -> bool:
    try:
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".jsonl":
            lines = path.read_bytes().split(b"\n")
            # The end of a stream may be cut off; the next attempt begins with a whole line.
            for line in lines[:-1]:
                json.loads(line)
            return not (finished and lines[-1])
        elif path.suffix == ".toml":
            tomllib.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".safetensors":
            weight_shapes(path)
    except (ValueError, AppError):
        return False
    return True


def _unlisted(home: Path) -> list[str]:
    """Return what the library or the history can't read."""
    with at_home(home):
        _, unreadable = library.scan()
        entries = [read_entry(job) for job in run_store.list_jobs()]
    broken = [f"the library: {each.folder.name}: {each.reason}" for each in unreadable]
    return broken + [f"the history: {entry.job.id}: {entry.error}" for entry in entries if entry.error]


if __name__ == "__main__":
    main()
