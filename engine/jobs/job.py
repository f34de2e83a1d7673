"""A job: a private folder through which a window or a command line and one worker communicate.

    job.json          the request: kind and arguments, and except for a run the process that waits for the answer
    recipe.toml       for the kinds that follow a recipe
    events.jsonl      the events, written by the worker only; a service's continue in events-2.jsonl and so on
    commands/         commands to the worker, one small file each, renamed into place and deleted when read
    lock              held by the worker while it lives
    worker.log        output of libraries
    sent.json         which other computer has the job, from when it was sent until its results are back

Knows nothing of how a job is done.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from engine.errors import AppError, RecipeError, StorageError, WorkerError, disk_errors
from engine.jobs.events import read_all
from engine.messages import say
from engine.system.files import delete, rename, write_atomically
from engine.system.foreign_files import MIB, FileKind, open_regular, read_json, read_text, read_toml
from engine.system.graphics.visible_cards import ALL
from engine.system.locks import held, try_lock, unlock
from engine.system.paths import make_private

JobKind = Literal[
    "train",
    "evaluate",
    "summarize",
    "plan",
    "shrink",
    "check_data",
    "label_data",
    "models",
    "export",
    "push",
    "devices",
    "count_tokens",
    "count_conversations",
    "read_conversations",
    "score",
    "computers",
    "clear_computer",
    "arena",
]
# Kinds that talk to other computers.
BRIDGED = frozenset({"computers", "clear_computer", "arena"})
# Kinds that compute on the CPU, whatever devices there are.
ON_CPU = frozenset({
    "check_data", "label_data", "models", "export", "push", "count_tokens", "count_conversations",
    "read_conversations", "score",
})  # fmt: skip
# Kinds that answer until they are told to quit.
SERVICES = frozenset({"summarize", "plan", "count_tokens"})
# The kind that reports every device.
ON_ALL_DEVICES = "devices"
Command = dict[str, Any]
COMMAND_FILES = "[0-9]*.json"
# Sent by a window before it closes, to a run that would otherwise stop with it.
KEEP_TRAINING = "keep_training"
# `is_running` holds the lock for a moment too.
LOOK_SECONDS = 0.2
# A worker's exit code if its last event could not be written: EX_IOERR of sysexits.h.
EVENTS_UNWRITTEN = 74
# A worker's exit code if another one has the job: EX_TEMPFAIL.
ALREADY_RUNNING = 75
# A line of the log between two attempts.
LOG_RULE = "-" * 72
SENT_FILE = "sent.json"
# The error of window and worker when a job's folder disappears.
GONE = "The folder {} was moved or deleted."
GONE_HINT = "Put it back and resume, or start again."


@dataclass(frozen=True)
class ProcessId:
    """A process of a job in a folder that computers may share: its id, and the computer or container it is valid in."""

    pid: int
    place: str


def resume_hint(kind: str) -> str:
    """Return how to go on after a job of a kind ended early: only a run has checkpoints."""
    return "Resume continues from the last checkpoint." if kind == "train" else "Start it again."


def this_process() -> ProcessId:
    namespace = ""
    with suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
    return ProcessId(os.getpid(), f"{platform.node()} {namespace}".strip())


def failure(error: AppError, log: Path) -> dict[str, Any]:
    """Return what `job_ended` says of the error that a job failed with."""
    tells_all = isinstance(error, RecipeError) or error.choices
    return {
        "outcome": "failed",
        "kind": error.kind,
        "message": error.message,
        "hint": error.hint,
        "field": error.field,
        "problems": [problem.as_dict() for problem in error.problems] if tells_all else [],
        "log": str(log),
    }


@dataclass(frozen=True)
class SentTo:
    """The computer that has a job, and the id of its entry there."""

    computer: str
    entry: str


@dataclass(frozen=True)
class Job:
    """A job's folder and the files in it."""

    folder: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def events_path(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def recipe_path(self) -> Path:
        """The recipe that the job follows."""
        return self.folder / "recipe.toml"

    @property
    def log_path(self) -> Path:
        """The output of libraries."""
        return self.folder / "worker.log"

    @property
    def commands_folder(self) -> Path:
        """The folder of unread commands."""
        return self.folder / "commands"

    @property
    def lock_path(self) -> Path:
        """The file whose lock the worker holds."""
        return self.folder / "lock"

    def request(self) -> dict[str, Any]:
        """Return the request: kind and arguments. Raises WorkerError if the folder is no job."""
        request = self._described()
        request.pop("owner", None)
        return request

    def resume_hint(self) -> str:
        """Return how to go on after the job ended early."""
        with suppress(WorkerError):
            return resume_hint(str(self.request().get("kind")))
        return resume_hint("")

    def owner(self) -> ProcessId | None:
        """Return the process that waits for the answer, None for a run. Raises WorkerError."""
        try:
            return ProcessId(**self._described()["owner"])
        except (KeyError, TypeError):
            return None

    def _described(self) -> dict[str, Any]:
        try:
            return dict(read_json(self.folder / "job.json", FileKind.JOB))
        except (OSError, ValueError, TypeError) as error:
            raise WorkerError(say("{} is not a job: {}.", self.folder, error)) from error

    def device(self) -> str:
        """Return the device that the job computes on, as in recipes; "all" for the job that reports them.

        The worker reports an unreadable recipe. Raises WorkerError if the folder is no job.
        """
        request = self.request()
        kind = request.get("kind")
        if kind == ON_ALL_DEVICES:
            return ALL
        if kind in ON_CPU or self.is_bridged():
            return "cpu"
        if request.get("device"):
            return str(request["device"])
        try:
            training = read_toml(self.recipe_path, FileKind.RECIPE).get("training", {})
        except (OSError, ValueError):
            return "auto"
        return str((isinstance(training, dict) and training.get("device")) or "auto")

    def is_bridged(self) -> bool:
        """Tell whether the job is for another computer, so that a bridge does it. Raises WorkerError."""
        request = self.request()
        return request.get("kind") in BRIDGED or bool(request.get("computer"))

    def is_service(self) -> bool:
        """Tell whether the job may run for weeks, followed by one process. Raises WorkerError."""
        return self.request().get("kind") in SERVICES

    def last_attempt(self) -> int:
        """Return the number of the last attempt, 0 before the first."""
        return max((int(event.get("attempt", 0)) for event in read_all(self.events_path)), default=0)

    def is_running(self) -> bool:
        """Tell whether a worker holds the lock."""
        try:
            with open_regular(self.lock_path, "r+b") as stream:
                if not try_lock(stream):
                    return True
                unlock(stream)
        except (OSError, StorageError):
            # Never locked, not writable, or on a disk without locks: no worker can run there.
            return False
        return False

    def send(self, command: str, **arguments: Any) -> None:
        """Send a command to the worker. Raises StorageError, and WorkerError for one that it could not read."""
        # The worker refuses half an emoji.
        content = json.dumps({"command": command, **arguments}, ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
        if len(content) > FileKind.JOB.max_bytes:
            limit = FileKind.JOB.max_bytes // MIB
            raise WorkerError(
                say("The command {} has more than {} MB.", command, limit), "Send less at once."
            )
        waiting = (int(path.name.partition("-")[0]) for path in self.commands_folder.glob(COMMAND_FILES))
        # Numbered by time, or onwards if the clock was set back.
        number = max(time.time_ns(), max(waiting, default=0) + 1)
        name = f"{number:020d}-{secrets.token_hex(4)}.json"
        partial = self.commands_folder / f".{name}"
        with disk_errors("The command {} can't be sent to {}: {}.", command, self.folder):
            self.commands_folder.mkdir(mode=0o700, exist_ok=True)
            partial.write_bytes(content)
            rename(partial, self.commands_folder / name)

    def drop_commands(self) -> None:
        """Delete commands that an earlier attempt left unread, unless a worker runs. Raises StorageError."""
        if self.is_running():
            return
        with disk_errors("{} can't be emptied: {}.", self.commands_folder):
            for path in self.commands_folder.glob(COMMAND_FILES):
                delete(path)

    def has_command(self, command: str) -> bool:
        """Tell whether a command waits to be read."""
        waiting = (read_json(path, FileKind.JOB) for path in self.commands_folder.glob(COMMAND_FILES))
        with suppress(FileNotFoundError):
            return any(each["command"] == command for each in waiting)
        return False

    def take_commands(self) -> list[Command]:
        """Return the waiting commands in order and delete them: the worker's side of `send`."""
        commands: list[Command] = []
        for path in sorted(self.commands_folder.glob(COMMAND_FILES)):
            commands.append(read_json(path, FileKind.JOB))
            delete(path)
        return commands

    def open_log(self) -> BinaryIO:
        """Return the log, open for appending; a rule separates attempts."""
        log = self.log_path.open("ab")
        if log.tell():
            log.write(LOG_RULE.encode() + b"\n")
            log.flush()
        return log

    def log_tail(self, lines: int = 12, *, last_attempt: bool = True) -> str:
        """Return the last lines of the log, by default of the last attempt only."""
        try:
            text = read_text(self.log_path, FileKind.LOG, errors="replace")
        except OSError:
            return ""
        found = text.splitlines()
        if last_attempt and LOG_RULE in found:
            found = found[len(found) - found[::-1].index(LOG_RULE) :]
        return "\n".join(found[-lines:])

    def sent_to(self) -> SentTo | None:
        """Return which other computer has the job, None if none has."""
        with suppress(OSError, ValueError, TypeError):
            return SentTo(**read_json(self.folder / SENT_FILE, FileKind.JOB))
        return None

    def note_sent(self, sent_to: SentTo) -> None:
        """Note which computer has the job, so that without a worker here it is away, not crashed. Raises OSError."""
        write_atomically(self.folder / SENT_FILE, json.dumps(asdict(sent_to)))

    def note_back(self) -> None:
        """Note that no other computer has the job."""
        delete(self.folder / SENT_FILE)

    @contextmanager
    def lock(self, wait_seconds: float = 30.0) -> Iterator[None]:
        """Hold the folder's lock. Raises WorkerError if another worker holds it for `wait_seconds`."""
        with held(self.lock_path, max(wait_seconds, LOOK_SECONDS)) as is_held:
            if not is_held:
                raise WorkerError(say("{} is already running.", self.id), "Wait, or stop it.")
            yield


def new_id(name: str) -> str:
    """Return an id that sorts by time, contains a name, and is unique: `20261125-081502-lora-3f9a07c1`."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{slug(name)}-{secrets.token_hex(4)}"


def slug(name: str) -> str:
    """Return a name as part of a file name: lower-case letters and digits with hyphens, at most 40 characters."""
    plain = "".join(character if character.isalnum() else "-" for character in name.lower())
    return "-".join(part for part in plain.split("-") if part)[:40]


def create_job(
    parent: Path, kind: JobKind, arguments: Mapping[str, Any], *, name: str = "", recipe: str = ""
) -> Job:
    """Make a job's folder (mode 0700) below `parent` and return it.

    `recipe` is the text of `recipe.toml`; `name` becomes part of the id. Raises StorageError.
    """
    folder = parent / new_id(name or kind)
    with disk_errors(
        "{} can't be created: {}.", folder, hint="Free some space, or set TUNESMITH_HOME to another disk."
    ):
        make_private(folder)
        make_private(folder / "commands")
        if recipe:
            write_atomically(folder / "recipe.toml", recipe)
        owner = {} if kind == "train" else {"owner": asdict(this_process())}
        # Written last: a folder without it is no job.
        write_atomically(folder / "job.json", json.dumps({"kind": kind, **arguments, **owner}, indent=1))
    return Job(folder)
