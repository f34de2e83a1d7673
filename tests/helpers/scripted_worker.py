"""A worker that follows a script instead of training: a real process, the real channel, no torch.

    python -m tests.helpers.scripted_worker JOB_FOLDER

The script is the job's argument "script", a list of steps `[what, value]`; see `STEPS`. Everything around
it (the lock, job_accepted, commands, signals, stdin, job_ended) is the real worker's own.
"""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from contextlib import nullcontext
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

# Not from engine.api: its imports take longer than most scripts, and there are a thousand starts.
from engine.errors import AppError, OutOfMemoryError  # noqa: E402
from engine.jobs.job import BRIDGED, Job  # noqa: E402
from engine.worker import __main__ as worker  # noqa: E402
from engine.worker.runtime.channel import Channel, Stopped  # noqa: E402


def command(job: Job) -> list[str]:
    return [*warm_worker_command(), str(job.folder)]


def warm_worker_command() -> list[str]:
    """Return the command that starts this worker ahead of its job."""
    return [sys.executable, str(Path(__file__).resolve())]


def give_script(job: Job, script: list[Any]) -> None:
    request = job.request() | {"script": script}
    (job.folder / "job.json").write_text(json.dumps(request), encoding="utf-8")


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Do what the job's script says."""
    for what, value in request["script"]:
        STEPS[what](channel, value)


def emit(channel: Channel, event: dict[str, Any]) -> None:
    channel.emit(**event)


def write(channel: Channel, line: str) -> None:
    """Append an arbitrary line, as damaged files have."""
    with channel.job.events_path.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")


def flood(channel: Channel, count: int) -> None:
    """Emit `count` steps as fast as possible."""
    for step in range(1, count + 1):
        _step(channel, step)


def steps(channel: Channel, value: dict[str, Any]) -> None:
    """Emit `count` steps at `per_second`, obeying commands as training does."""
    began = time.monotonic()
    for step in range(1, value["count"] + 1):
        _heed(channel)
        _step(channel, step)
        ahead = began + step / value["per_second"] - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)


def _heed(channel: Channel) -> None:
    channel.check_stop()
    paused = False
    while True:
        for asked in channel.pending_commands():
            if asked.get("free_device"):
                channel.emit("run_paused", frees_device=True)
                raise Stopped
            if asked["command"] in {"pause", "continue"}:
                paused = asked["command"] == "pause"
                channel.emit("run_paused" if paused else "run_continued")
        if not paused:
            return
        channel.check_stop()
        time.sleep(0.02)


def _step(channel: Channel, step: int) -> None:
    channel.emit(
        "step_finished", step=step, epoch=step / 100, loss=1.0 + 2.0 / step, learning_rate=1e-3,
        gradient_norm=1.0, tokens_per_second=1000.0, examples_per_second=20.0, memory_bytes=500_000_000,
    )  # fmt: skip


def noise(channel: Channel, lines: int) -> None:
    """Print to both streams, and leave a grandchild that keeps them open."""
    for number in range(lines):
        print(f"a library prints line {number}", flush=number % 100 == 0)
        print(f"a library warns in line {number}", file=sys.stderr)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])


def wait_for_stop(channel: Channel, value: object) -> None:
    while True:
        channel.check_stop()
        time.sleep(0.02)


def wait_for_file(channel: Channel, path: str) -> None:
    while not Path(path).exists():
        time.sleep(0.02)


def fail(channel: Channel, value: dict[str, str]) -> None:
    raise AppError(value["message"], value.get("hint", ""), value.get("field"))


def out_of_memory(channel: Channel, message: str) -> None:
    """Fail as a run that needs too much memory."""
    raise OutOfMemoryError(message, "Choose one of the plans that fit.")


def killed(channel: Channel, value: object) -> None:
    """End as the OOM killer ends a process."""
    if not hasattr(signal, "SIGKILL"):
        # As Windows ends a process.
        os._exit(1)
    os.kill(os.getpid(), signal.SIGKILL)


def error(channel: Channel, text: str) -> None:
    raise ValueError(text)


def abort(channel: Channel, value: object) -> None:
    """Abort, as a fault in compiled code does."""
    os.abort()


def answer(channel: Channel, facts: dict[str, Any]) -> None:
    """Answer every `plan` with `facts` and the recipe it came with, until asked to quit.

    `fails_at` names a method whose plan ends the worker with an error.
    """
    while True:
        channel.check_stop()
        for asked in channel.pending_commands():
            if asked["command"] == "quit":
                return
            wanted = tomllib.loads(asked["recipe"])
            if wanted["method"]["id"] == facts.get("fails_at"):
                raise ValueError("What nobody foresaw.")
            channel.result(facts | {"asked": wanted}, asked["request"])
        time.sleep(0.02)


def by_action(channel: Channel, answers: dict[str, Any]) -> None:
    """Answer by the request's `action`: with a result, or with an error if the answer is text."""
    said = answers[channel.job.request()["action"]]
    if isinstance(said, str):
        raise AppError(said)
    channel.result(said)


def deaf(channel: Channel, value: object) -> None:
    """Ignore all commands until killed."""
    while True:
        time.sleep(600)


STEPS = {
    "emit": emit, "write": write, "flood": flood, "steps": steps, "noise": noise,
    "wait_for_stop": wait_for_stop, "wait_for_file": wait_for_file, "fail": fail,
    "out_of_memory": out_of_memory, "killed": killed, "error": error, "abort": abort, "answer": answer,
    "by_action": by_action, "deaf": deaf,
}  # fmt: skip

if __name__ == "__main__":
    # A script is computed by nobody.
    worker.start_ranks_ahead = lambda *_: None
    worker.ranks_ready = lambda *_: nullcontext()  # type: ignore[assignment]
    worker.JOBS = dict.fromkeys([*worker.JOBS, *BRIDGED], "__main__")
    sys.exit(worker.main(Path(sys.argv[1]) if sys.argv[1:] else None))
