"""A worker's life: take the job, do it, and say how it ended in exactly one last event.

Heavy libraries are imported by the job's own module, after `job_accepted` is written.
"""

from __future__ import annotations

import errno
import gc
import importlib
import json
import math
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from engine.errors import AppError, RecipeError, StorageError, WorkerError
from engine.jobs.events import EventWriter
from engine.jobs.job import ALREADY_RUNNING, EVENTS_UNWRITTEN, Job, failure, resume_hint, this_process
from engine.jobs.worker_process import kill_below
from engine.messages import say
from engine.system import ranks, redaction
from engine.system.graphics import visible_cards
from engine.system.paths import cache_folder
from engine.system.processes import end_all_with_this_process
from engine.system.ranks import Rank
from engine.system.versions import versions
from engine.worker.kernels import registry
from engine.worker.runtime import device_problems, oom, rank_joining
from engine.worker.runtime.channel import Channel, Stopped

if TYPE_CHECKING:
    from engine.config.recipe import Recipe

JOBS = {
    "train": "engine.worker.jobs.train",
    "evaluate": "engine.worker.jobs.evaluate",
    "summarize": "engine.worker.jobs.summarize",
    "plan": "engine.worker.jobs.plan",
    "shrink": "engine.worker.jobs.plan",
    "check_data": "engine.worker.jobs.check_data",
    "label_data": "engine.worker.jobs.label_data",
    "count_tokens": "engine.worker.jobs.count_tokens",
    "count_conversations": "engine.worker.jobs.read_conversations",
    "read_conversations": "engine.worker.jobs.read_conversations",
    "score": "engine.worker.jobs.score",
    "models": "engine.worker.jobs.models",
    "export": "engine.worker.jobs.export",
    "push": "engine.worker.jobs.push",
    "devices": "engine.worker.jobs.device_report",
}
# Of the other ranks of a run.
RANK = "engine.worker.jobs.rank"
# Jobs whose results depend on replaced library code.
COMPUTING = ("train", "evaluate", "summarize", "export")
# Jobs that several ranks may compute.
RANKED = ("train", "evaluate")
# How long ranks wait for a job beside a worker that waits too: each has some 400 MB.
IDLE_SECONDS = 600.0
# How OpenMP's threads wait for work, read when it is loaded. Some 15 µs on the CPU and no more: a layer's small
# operations follow one another within that, and to wake a thread for each took a quarter to a third of a step. By its
# own default it waits so for milliseconds, and with threads = cores throughput falls 20 to 130 fold as soon as anything
# else runs. So it falls by a tenth to a fifth.
WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}
# Read by the libraries when they are imported. oneDNN makes a kernel for each shape of
# bfloat16 matrices and keeps a thousand, torch another thousand: shapes hardly repeat from step to step, so they
# cost the starter a gigabyte within 200 steps and saved no time. A micro-batch needs far fewer than 128.
# bitsandbytes compiles a few sums where a C++ compiler is found: a result would hang on that, and the compiler is a
# quarter of what a worker imports. Nothing else here asks for it.
LIBRARY_SETTINGS = WAITING | {
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "128",
    "LRU_CACHE_CAPACITY": "128",
    "TORCHDYNAMO_DISABLE": "1",
    # On Windows few may make links: the hub's cache then has copies, which a log need not say at length.
    "HF_HUB_DISABLE_SYMLINKS_WARNING": "1",
    # Without a workspace of its own, a GPU's matrix products may add in another order each time.
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    # What torch has no kernel for on Apple's GPUs is computed by the CPU, with a warning, instead of ending the run.
    "PYTORCH_ENABLE_MPS_FALLBACK": "1",
}
LAST_EVENT_SECONDS = 0.3
STOP_SIGNALS = {getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)}
# How often a worker looks whether it should stop, and how long a job has to stop by itself.
LOOK_SECONDS = 0.5
GRACE_SECONDS = 3.0
DISK_ERRORS = {
    errno.ENOSPC: ("The disk is full.", "Free some space."),
    errno.EDQUOT: ("Your disk quota is used up.", "Free some space."),
    errno.EROFS: ("The disk is read-only.", "Make it writable again."),
    errno.EIO: ("The disk failed.", "Check it."),
}


def main(folder: Path | None) -> int:
    """Do the job in `folder`; return 0 unless its events can't be written, which the log then says.

    Without a folder: import what a run needs, then wait for the job that the standard input names.
    """
    _set_up("auto" if folder is None else Job(folder).device())
    rank: Rank | AppError | None
    try:
        rank = ranks.take()
    except WorkerError as error:
        # For the job to say.
        rank = error
    if isinstance(rank, Rank) and not rank.is_first:
        return int(_imported("train", RANK).join(rank))
    if folder is None:
        start_ranks_ahead()
        _imported("train")
        idle = threading.Timer(IDLE_SECONDS, rank_joining.end_unused)
        idle.daemon = True
        idle.start()
        named = _told()
        idle.cancel()
        idle.join()
        if named is None:
            return 0
        folder = Path(named)
        _move_into(Job(folder))
    return do_job(Job(folder), rank)


def main_of_rank() -> int:
    """Be another rank of a run, which the process that started this one names; return an exit code."""
    _set_up("")
    rank = _imported("train", RANK)
    part = _told()
    return 0 if part is None else int(rank.serve(part))


def _set_up(device: str) -> None:
    """Set what libraries read from the environment; `device` is what this process is started for, if that is known."""
    end_all_with_this_process()
    nice = os.environ.get("TUNESMITH_NICE")
    if nice and hasattr(os, "nice"):
        # Give way to the window that started this worker.
        os.nice(int(nice))
    for name, value in LIBRARY_SETTINGS.items():
        os.environ.setdefault(name, value)
    if device and not visible_cards.reserved(os.environ):
        # Started by hand, not by a supervisor. No library has looked for GPUs yet.
        os.environ.update(visible_cards.environment(device, os.environ))
    # Made even where nothing is compiled, and by default among the temporary files, for good.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_folder() / "torch"))


def _told() -> Any:
    """Return what a line of the standard input says as JSON; None if that ends, as it does with the window.

    Read byte by byte, so that nothing behind the line is taken out of the pipe.
    """
    line = b""
    while sys.stdin is not None and not line.endswith(b"\n"):
        piece = os.read(sys.stdin.fileno(), 1)
        if not piece:
            return None
        line += piece
    return json.loads(line)


def _move_into(job: Job) -> None:
    """Be where a worker is that was started for the job: in its folder, with what libraries print in its log."""
    os.chdir(job.folder)
    with job.open_log() as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)


def do_job(job: Job, rank: Rank | AppError | None) -> int:
    request = job.request()
    with ExitStack() as held:
        try:
            held.enter_context(job.lock())
        except WorkerError as error:
            # Another worker's attempt goes on: who started this one follows that.
            _log(f"{error.message} {error.hint}\n")
            return ALREADY_RUNNING
        except StorageError as error:
            # On a disk without locks no worker runs. For the job to say.
            rank = error
        try:
            return _do_locked(job, request, rank)
        except StorageError as error:
            _log(f"{error.message} {error.hint}\n")
            return 1


def _do_locked(job: Job, request: dict[str, Any], rank: Rank | AppError | None) -> int:
    identity = {"run" if request["kind"] == "train" else "job": job.id, "attempt": job.last_attempt() + 1}
    writer = EventWriter(job.events_path, identity, rotates=job.is_service())
    channel = Channel(job, writer)
    ended: dict[str, Any] = {}
    try:
        with _listening(channel, request):
            channel.emit("job_accepted", kind=request["kind"], **asdict(this_process()), versions=versions())
            if request["kind"] == "train":
                channel.sleep_inhibitor.inhibit()
            ended = _outcome(channel, request, rank)
        channel.emit("job_ended", **ended)
        writer.sync()
    except StorageError as error:
        end = [f"The job ended as {ended['outcome']}.", ended.get("message", "")] if ended else []
        _log(" ".join(filter(None, (*end, error.message, error.hint))) + "\n")
        return EVENTS_UNWRITTEN
    finally:
        channel.sleep_inhibitor.release()
        writer.close()
    return 0


def _log(text: str) -> None:
    """Keep a text in the log, if it can take one: it lies on the disk that the events do."""
    with suppress(OSError):
        sys.stderr.write(text)


def _outcome(channel: Channel, request: dict[str, Any], rank: Rank | AppError | None) -> dict[str, Any]:
    """Run the job and return what `job_ended` says of it. The one broad except of the engine."""
    try:
        # Which replacements of library code are off, untested, or named without being there.
        for doubt in registry.doubts() if request["kind"] in COMPUTING else ():
            channel.notice(doubt.message, doubt.hint, doubt.level)
        with ranks_ready(channel, request, rank):
            _imported(request["kind"]).run(channel, request)
    except Stopped:
        return {"outcome": "stopped"}
    except AppError as error:
        return failure(error, channel.job.log_path)
    except BaseException as error:  # noqa: BLE001 - the worker's edge: whatever it is becomes an outcome
        _log(redaction.format_error(error))
        return failure(known_trouble(error, request["kind"]), channel.job.log_path)
    return {"outcome": "completed"}


@contextmanager
def ranks_ready(channel: Channel, request: dict[str, Any], rank: Rank | AppError | None) -> Iterator[None]:
    """Have met the other ranks of a run that a launcher has started inside, or have them start. Raises AppError."""
    if isinstance(rank, AppError):
        raise rank
    if request["kind"] not in RANKED:
        rank_joining.end_unused()
        yield
        return
    from engine.config import recipe as recipes
    from engine.config.run_identity import identity

    def end(error: AppError) -> None:
        channel.emit("job_ended", **failure(error, channel.job.log_path))
        channel.sync()
        _end_with_all_below()

    channel.on_stuck = end
    recipe = recipes.load(channel.job.recipe_path)
    trains = request["kind"] == "train"
    with rank_joining.met(rank, identity(recipe)) if rank and trains else nullcontext():
        try:
            if trains:
                start_ranks_ahead(recipe)
            yield
        finally:
            rank_joining.end_unused()


def start_ranks_ahead(recipe: Recipe | None = None) -> None:
    """Let the ranks that a run will probably have, be it still to come, import the libraries beside this process."""
    if registry.enabled("ranks", "cpu"):
        rank_joining.start_ahead(rank_joining.expected(recipe) - 1)


def _imported(kind: str, name: str = "") -> ModuleType:
    """Import what does jobs of this kind, or the module of this name, without a search for garbage in between.

    Half a million objects come with the libraries and stay: searched again and again while they gather, they cost a
    seventh of the time, and in training every later search some tenths of a second. So they are set aside for good.
    """
    name = name or JOBS[kind]
    if name in sys.modules:
        return sys.modules[name]
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()


def known_trouble(error: BaseException, kind: str) -> AppError:
    """Return the trouble that a library's exception means, as far as it can be told."""
    if oom.is_oom(error):
        return oom.as_error(computes=kind in COMPUTING)
    card_failure = device_problems.of_failure(error, kind)
    if card_failure is not None:
        return card_failure
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        message, hint = DISK_ERRORS[error.errno]
        return StorageError(message, say("{} {}", hint, resume_hint(kind)))
    error_text = redaction.redact_quotes(str(error))[:500]
    return AppError(say("Unexpected: {}: {}", type(error).__name__, error_text), "The log has the details.")


@contextmanager
def _listening(channel: Channel, request: dict[str, Any]) -> Iterator[None]:
    """Take signals as the wish to stop, and the end of stdin as the window's going; inside, see to it that a stop ends.

    A signal's number is also written to a socket at once, whatever the main thread does: Python calls a handler only
    once a library has returned.
    """

    def ask_to_stop(*_: object) -> None:
        channel.stopping = True

    heard, told = socket.socketpair()
    told.setblocking(False)
    before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    for number in STOP_SIGNALS:
        signal.signal(number, ask_to_stop)
    # Ctrl+C in a terminal goes to the command line, which asks the worker to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_when_asked, args=(channel, heard), daemon=True).start()
    if sys.stdin is not None:
        stops = _stops_with_the_window(channel.job, request)
        asked = {"stops": stops, "ends_at_once": bool(request.get("ends_with_parent"))}
        threading.Thread(target=watch_window, args=(channel,), kwargs=asked, daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        told.close()


def end_when_asked(channel: Channel, heard: socket.socket) -> None:
    """End the process some time after a stop is asked for, if the job has not ended by then and keeps nothing.

    So no loop that reads, parts or checks data, ours or a library's, has to look whether it should stop.
    """
    heard.settimeout(LOOK_SECONDS)
    asked_at = math.inf
    with heard:
        while time.monotonic() < asked_at + GRACE_SECONDS or channel.keeps:
            try:
                numbers = heard.recv(16)
                if not numbers:
                    return
            except TimeoutError:
                numbers = b""
            # Never set to False: another thread may ask for a stop between a look at it and an assignment.
            if STOP_SIGNALS.intersection(numbers) or channel.job.has_command("stop"):
                channel.stopping = True
            if channel.stopping:
                asked_at = min(asked_at, time.monotonic())
    channel.emit("job_ended", outcome="stopped")
    channel.sync()
    _end_with_all_below()


def _end_with_all_below() -> NoReturn:
    kill_below(os.getpid())
    os._exit(0)


def _stops_with_the_window(job: Job, request: dict[str, Any]) -> bool:
    if request["kind"] != "train":
        return True
    # Half a second's import, which no other job has to wait for before it can be heard and stopped.
    from engine.config import recipe as recipes

    try:
        return recipes.load(job.recipe_path).training.when_window_leaves == "stop"
    except RecipeError:
        return True


def watch_window(channel: Channel, *, stops: bool, ends_at_once: bool) -> None:
    descriptor = sys.stdin.fileno()
    while os.read(descriptor, 4096):
        pass
    if ends_at_once:
        # Nobody would take what comes of it any more.
        _end_with_all_below()
    channel.window_gone = True
    if stops:
        # A last word of the window may be in another thread's hands.
        time.sleep(LAST_EVENT_SECONDS)
        if not channel.outlives_window():
            channel.stopping = True
