"""60 runs of the starter, killed at a random moment and resumed: does each end as one that nothing disturbed?

Killed is the worker, the window (the process that supervises it; the command line, which does so as a window does),
both, or one of the worker's other ranks, which has to end the run within 30 s. A number as argument makes fewer runs,
and `rank` kills ranks alone.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil

from engine.config import recipe as recipes
from engine.config.recipe import Recipe
from engine.jobs.events import EventReader, read_all
from engine.jobs.job import Job
from engine.runs import run_store
from tests.helpers import recovery_runs
from tests.helpers.benchmark_report import show
from tests.helpers.benchmark_state import BenchmarkState, Result
from tests.helpers.recovery_runs import (
    METHODS,
    RunResult,
    at_home,
    differences,
    home_problems,
    run_result,
    short_recipe,
)
from tests.helpers.repository import MAIN

RUNS = 60
KILLED = ("worker", "window", "both", "rank")
MAX_SECONDS = 300
# For a run to end whose rank is killed.
MAX_END_SECONDS = 30
POLL_SECONDS = 0.002
NAMES = list(METHODS)


def main() -> None:
    """Disturb, resume and print; a second call goes on."""
    numbers = [int(each) for each in sys.argv[1:] if each.isdecimal()]
    kinds = [each for each in sys.argv[1:] if each in KILLED] or KILLED
    done = BenchmarkState(f"recovery-{'-'.join(kinds)}")
    methods = [NAMES[number % len(NAMES)] for number in range(numbers[0] if numbers else RUNS)]

    def kill_one(number: int, method: str, undisturbed: Result) -> Result:
        return disturbed(number, method, undisturbed, kinds[number // len(NAMES) % len(kinds)])

    _tell(done.runs(methods, undisturbed, kill_one, _words))
    done.finish()


def undisturbed(method: str, device: str = "cpu") -> Result:
    """Return what an uninterrupted run leaves, and how long it takes from event to event."""
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        window, job = _start(home, Path(place), short_recipe(method, "finish", device))
        if window.wait(MAX_SECONDS) != 0:
            raise SystemExit(f"A run of {method} that nothing disturbed ended with {window.returncode}.")
        return {"told": run_result(job), "gaps": recovery_runs.event_intervals(job)}


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


def _tell(results: list[RunResult]) -> None:
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


if __name__ == "__main__":
    main()
