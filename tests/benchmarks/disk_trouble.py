"""30 runs of the starter whose disk is full, turns read-only, or fails: no checkpoint lost, each outcome named?

Each then goes on, with the disk in order again, and must end as one that nothing disturbed. Disks are mounted for this,
which takes Linux and root; elsewhere only failing `fsync` and `rename` are tried. A number as argument: fewer runs.
"""

from __future__ import annotations

import errno
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from engine.jobs.events import Event, read_all
from engine.jobs.job import Job
from engine.jobs.supervisor import Ending, Supervisor
from engine.runs import run_store
from engine.worker.training.saving import checkpoints
from tests.helpers import failing_disk, small_disks
from tests.helpers.benchmark_report import show
from tests.helpers.benchmark_state import BenchmarkState, Result
from tests.helpers.failing_disk import Fault
from tests.helpers.recovery_runs import METHODS, at_home, differences, home_problems, run_result, short_recipe
from tests.helpers.small_disks import FailingDisk, SmallDisk

RUNS = 30
FULL, READ_ONLY, FAILING = "the disk is full", "the disk turns read-only", "fsync or rename fails"
DISKS: dict[str, type[SmallDisk | FailingDisk]] = {FULL: SmallDisk, READ_ONLY: FailingDisk}
KINDS = (FULL, READ_ONLY, FAILING)
NAMES = list(METHODS)
ERRORS = (errno.EIO, errno.ENOSPC, errno.EROFS)
# Bytes that a full disk has left: none, or so few that a file is begun and not ended.
ROOM = (0, 4096, 65_536, 1 << 20)
# An outcome has a name if it says what can't be written, or what the disk is.
NAMED = ("can't be", "disk", "read-only", "Read-only")


def main() -> None:
    """Break disks, go on and print; a second call goes on."""
    small_disks.enter_own_namespace("tests.benchmarks.disk_trouble")
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    count = numbers[0] if numbers else RUNS
    done = BenchmarkState("disk_trouble")
    methods = [NAMES[number // len(KINDS) % len(NAMES)] for number in range(count)]
    _tell(done.runs(methods, _undisturbed, _disturbed, _words))
    done.finish()


def _undisturbed(method: str) -> Result:
    with tempfile.TemporaryDirectory() as place:
        counts = Path(place) / "counts.json"
        with at_home(Path(place) / "home"):
            job = run_store.create_run(short_recipe(method))
            ending = _run(job, Fault(str(counts)))
        if ending.outcome != "completed":
            raise SystemExit(f"A run of {method} that nothing disturbed {ending.outcome}: {ending.message}")
        called = json.loads(counts.read_text(encoding="utf-8"))
        return {"told": run_result(job), "events": len(list(read_all(job.events_path))), "called": called}


def _disturbed(number: int, method: str, undisturbed: Result) -> Result:
    """Break the disk of a run, mend it and resume; return how both ended and what was odd."""
    draw = random.Random(f"disk trouble {number}")
    kind = KINDS[number % len(KINDS)]
    path = Path(tempfile.mkdtemp(prefix="tunesmith-disk-trouble-"))
    home, disk = path / "home", None
    if kind in DISKS:
        try:
            disk = DISKS[kind](home)
        except (OSError, FileNotFoundError) as error:
            shutil.rmtree(path, ignore_errors=True)
            return {"method": method, "kind": kind, "skipped": f"no disk can be mounted here: {error}"}
    with at_home(home):
        job = run_store.create_run(short_recipe(method))
        if disk is None:
            fault = _fault(draw, path, undisturbed["called"])
            ending, said = _run(job, fault), f"{fault.call} {fault.at} {errno.errorcode[fault.error]}"
        else:
            behind, room = draw.randint(1, undisturbed["events"] - 1), draw.choice(ROOM)
            ending = _run(job, Fault(str(path / "counts.json")), behind, lambda: disk.break_down(room))
            said = f"behind event {behind}"
            disk.repair()
        odd = _lost(job, ending) + home_problems(home, finished=False)
        again = Supervisor(job)
        odd += _resume(again)
        result = run_result(job)
        odd += differences(result, undisturbed["told"]) + home_problems(home, finished=True)
    if odd:
        print(f"The home of run {number} was {path}.")
        shutil.copytree(home, path / "kept")
    if disk is not None:
        disk.close()
    if not odd:
        shutil.rmtree(path)
    outcome = f"{ending.outcome}: {ending.message}"
    return {
        "method": method,
        "kind": kind,
        "how": said,
        "outcome": outcome,
        "odd": odd,
        "log": ending.log_tail,
    }


def _fault(draw: random.Random, place: Path, called: dict[str, int]) -> Fault:
    call = draw.choice(sorted(failing_disk.CALLS))
    at, lasting = draw.randint(1, called[call]), draw.random() < 0.5
    return Fault(str(place / "counts.json"), call, at, draw.choice(ERRORS), lasting=lasting)


def _run(job: Job, fault: Fault, behind: int = 0, act: Callable[[], None] | None = None) -> Ending:
    """Follow a worker to its end; `act` is called once `behind` events are told."""
    supervisor = Supervisor(job, command=failing_disk.command(job, fault))
    supervisor.start()
    for number, _ in enumerate(supervisor.follow(every_seconds=0.002), start=1):
        if act is not None and number == behind:
            act()
    supervisor.close()
    return supervisor.ending()


def _resume(supervisor: Supervisor) -> list[str]:
    supervisor.start()
    for _ in supervisor.follow():
        pass
    supervisor.close()
    ending = supervisor.ending()
    return [] if ending.outcome == "completed" else [f"resume {ending.outcome}: {ending.message}"]


def _lost(job: Job, ending: Ending) -> list[str]:
    """Return what is wrong with what the run left: an outcome without a name, a checkpoint told of that is gone."""
    events: list[Event] = list(read_all(job.events_path))
    saved = [int(event["step"]) for event in events if event["event"] == "checkpoint_saved"]
    sound = [folder.name for folder in run_store.checkpoints(job) if not checkpoints.damage(folder)]
    lost = [step for step in saved[-checkpoints.MAX_CHECKPOINTS :] if f"checkpoint-{step}" not in sound]
    text = f"{ending.message} {ending.log_tail}"
    named = ending.outcome == "completed" or any(word in text for word in NAMED)
    newest = saved and lost and lost[-1] == saved[-1]
    return ([] if named else [f"no name: {ending.message}"]) + (
        [f"the checkpoint of step {lost[-1]} is lost"] if newest else []
    )


def _words(result: Result) -> str:
    if "skipped" in result:
        return f"{result['kind']}: {result['skipped']}"
    return f"{result['method']}, {result['kind']}, {result['how']}: {result['outcome']}; {result['odd'] or 'in order'}"


def _tell(results: list[Result]) -> None:
    tried = [result for result in results if "skipped" not in result]
    odd = [odd for result in tried for odd in result["odd"]]
    ends = Counter(result["outcome"].partition(":")[0] for result in tried)
    rows = [
        ("in order, and the same at the end", f"{sum(not each['odd'] for each in tried)}", f"{len(tried)}")
    ]
    for kind in KINDS:
        own = [result for result in tried if result["kind"] == kind]
        rows.append((f"  {kind}", f"{sum(not each['odd'] for each in own)} of {len(own)}", ""))
    rows += [
        ("checkpoints lost", f"{sum(' is lost' in each for each in odd)}", "0"),
        ("outcomes without a name", f"{sum(each.startswith('no name') for each in odd)}", "0"),
        (
            "files half-written or left",
            f"{sum('half-written' in each or 'is left' in each for each in odd)}",
            "0",
        ),
        *((f"first {end}", f"{count}", "") for end, count in ends.most_common()),
        *(
            [("skipped: no disk can be mounted", f"{len(results) - len(tried)}", "")]
            if len(tried) < len(results)
            else []
        ),
    ]
    show(f"{len(tried)} runs on a disk that is full, read-only or fails", rows)


if __name__ == "__main__":
    main()
