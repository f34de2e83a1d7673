"""One run that another computer does: what is forwarded between its entry there and its folder here.

Forwarded events say how many bytes of the entry's stream lie behind them, so that whoever follows the run later knows
where to go on, without a second record.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.cluster import arrivals
from engine.cluster.files import send
from engine.cluster.places import cards_of
from engine.cluster.store_client import JobStoreClient
from engine.cluster.upload import of_run, spec_of
from engine.computers import store
from engine.computers.computer import Computer
from engine.config import recipe as recipes
from engine.errors import AppError, ComputerError, StorageError
from engine.jobs import sent_job
from engine.jobs.event_schema import validated
from engine.jobs.events import MAX_STREAM_BYTES, Event, EventWriter, clock, decode, read_all
from engine.jobs.job import Command, Job, this_process
from engine.jobs.sent_job import SentTo
from engine.jobs.supervisor import exit_text
from engine.system.foreign_files import FileKind, read_text
from engine.system.paths import adapters_folder

STREAM_BYTES = "entry_bytes"
# The event that says that a run was sent, from its start or its last checkpoint on.
SENT = "job_sent"
PROGRESS_BYTES = 4 << 20


class SentRun:
    """A run and its entry.

    From its first word on it holds the lock of the run's folder and its event stream, until it is at rest again: of a
    thousand runs that wait, only those are open that something is told of.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._open = ExitStack()
        self._writer: EventWriter | None = None
        sent = sent_job.read(job)
        self.entry_id = sent.entry if sent else f"{job.id}-{store.desk_id()}"
        self.is_sent = sent is not None
        self.ended = False
        self._attempt = 0
        # The bytes of the entry's stream that are here.
        self.offset = 0
        self._clock: float | None = None
        self._outcome: Event | None = None
        self._commands: list[Command] = []
        self._find_place()

    def open(self, wait_seconds: float = 0.0) -> None:
        """Take the run's folder, and say so in a new attempt. Raises WorkerError if another process has it."""
        if self._writer is not None:
            return
        self._open.enter_context(self.job.lock(wait_seconds))
        # Another process may have followed it meanwhile.
        self._find_place()
        self._attempt += 1
        self._writer = EventWriter(self.job.events_path, {"run": self.job.id})
        self._open.callback(self._writer.close)
        self.emit("job_accepted", kind="train", **asdict(this_process()))

    def rest(self) -> None:
        """Let the run's folder go."""
        self._writer = None
        self._open.close()

    @property
    def is_open(self) -> bool:
        """Whether the run's folder is held."""
        return self._writer is not None

    def notice(self, message: str, hint: str = "", level: str = "notice") -> None:
        """Tell the person something that ends nothing."""
        self.emit("notice", level=level, message=message, hint=hint)

    def _find_place(self) -> None:
        """Find how far the entry was followed before."""
        for event in read_all(self.job.events_path):
            self._attempt = max(self._attempt, int(event.get("attempt", 0)))
            if not self.is_sent:
                continue
            if STREAM_BYTES in event:
                self.offset, self._clock = int(event[STREAM_BYTES]), clock(event)
            elif event["event"] == SENT:
                self.offset = 0

    def emit(self, event: str, **facts: Any) -> None:
        """Append an event of this computer's own, at the time of the one before on the clock of the node."""
        self.open()
        assert self._writer is not None
        on_clock = {} if self._clock is None else {"clock": self._clock}
        self._writer.write(event, attempt=self._attempt, **on_clock, **facts)

    def send(self, job_store: JobStoreClient, computer: Computer, **asked: Any) -> None:
        """Send what the run needs and ask for it. Raises AppError."""
        recipe = recipes.load(self.job.recipe_path)
        upload = of_run(self.job, recipe, job_store.every_node_has)
        done = told = 0

        def count(content_bytes: int) -> None:
            nonlocal done, told
            done += content_bytes
            if done - told >= PROGRESS_BYTES:
                told = done
                self.emit("stage_progressed", done=done, total=max(done, upload.bytes), unit="bytes")

        job_store.expect(self.entry_id, upload.files)
        send(job_store, upload.paths.items(), upload.files, count)
        cards = cards_of(asked.get("demand"))
        self.emit(SENT, computer=computer.name, bytes=upload.bytes, cards=cards)
        # Noted before it is asked for: whoever ends in between asks again, and nothing is done twice.
        sent_job.write(self.job, SentTo(computer.name, self.entry_id))
        self.is_sent, self.offset = True, 0
        text = read_text(self.job.recipe_path, FileKind.RECIPE)
        job_store.submit(
            self.entry_id, spec_of(self.job, text, recipe.name, upload, **asked), asked.get("priority", 0)
        )

    def pass_commands_on(self, job_store: JobStoreClient) -> None:
        """Pass the commands that wait in the run's folder on to who runs the entry."""
        self._commands += self.job.take_commands()
        while self._commands:
            job_store.command(self.entry_id, self._commands[0])
            # Not before: where the connection is lost, it is passed on later.
            del self._commands[0]

    def take(self, job_store: JobStoreClient, told: dict[str, Any]) -> bool:
        """Take over what an entry tells; return whether it told anything new."""
        content: bytes = told["events"]
        whole = content[: content.rfind(b"\n") + 1]
        if whole or told["state"] == "ended":
            self.open()
        if self.offset + len(whole) > MAX_STREAM_BYTES:
            raise StorageError(
                "The cluster told more of the run than its events can hold.", "Ask who runs the cluster."
            )
        for line in whole.splitlines(keepends=True):
            event, behind = decode(line), self.offset + len(line)
            if event is not None:
                self._forward(job_store, validated(event), behind)
            # Not before: where the connection is lost, the line is told again.
            self.offset = behind
        if told["state"] == "ended" and self.offset >= told["event_bytes"]:
            self._conclude(job_store, told)
        return bool(whole) or self.ended

    def _forward(self, job_store: JobStoreClient, event: Event, behind: int) -> None:
        if event["event"] == "job_ended":
            # The last event, and so written when all files are here. Whoever ends right then takes it again.
            self._outcome = event | {STREAM_BYTES: self.offset}
            return
        if event["event"] == "job_accepted":
            self._attempt += 1
            # What is followed and killed here is the process here.
            event |= asdict(this_process())
        elif event["event"] == "checkpoint_saved" and "path" in event:
            event["path"] = str(self.job.folder / Path(str(event["path"])).name)
        elif event["event"] == "adapter_saved":
            arrivals.require_own(self.job.id, event["adapter"])
            arrivals.fetch_adapters(job_store, self.job.id, job_store.files(self.entry_id))
            event["path"] = str(adapters_folder() / event["adapter"])
        self._append(event | {STREAM_BYTES: behind})

    def _append(self, event: Event) -> None:
        assert self._writer is not None
        self._clock = clock(event)
        # What is too long for an event, or has a number that JSON does not, is damaged like a line that is no event.
        with suppress(ValueError):
            self._writer.forward(event | {"run": self.job.id, "attempt": self._attempt})

    def _conclude(self, job_store: JobStoreClient, told: dict[str, Any]) -> None:
        """Fetch what came of the entry, write the last event, and let the cluster forget it."""
        completed = self._outcome is not None and self._outcome["outcome"] == "completed"
        files = job_store.files(self.entry_id)
        # A run that has ended well has no more use for its checkpoints, which may be large.
        arrivals.fetch_run(job_store, self.job, files, checkpoints=not completed)
        arrivals.fetch_adapters(job_store, self.job.id, files)
        if self._outcome is not None:
            if "log" in self._outcome:
                self._outcome["log"] = str(self.job.log_path)
            self._append(self._outcome)
        elif told["reason"] == "stopped":
            self.emit("job_ended", outcome="stopped")
        else:
            # Its worker, or its task, ended without a last event.
            said = exit_text(told["returncode"])
            if told["reason"]:
                said = f"The cluster ended it: {told['reason']}", "Resume sends it again."
            self.emit("job_ended", **failure(ComputerError(*said), self.job))
        assert self._writer is not None
        self._writer.sync()
        sent_job.remove(self.job)
        self.ended = True
        # Where its answer is lost nobody may ask again: what is forgotten would be sent again.
        with suppress(ComputerError):
            job_store.forget(self.entry_id)

    @property
    def outcome(self) -> str:
        """How the run ended, "" before, or if its worker had no last word."""
        return str(self._outcome["outcome"]) if self.ended and self._outcome is not None else ""

    def fail(self, error: AppError) -> None:
        """End the run before it was sent."""
        self.emit("job_ended", **failure(error, self.job))
        self.ended = True

    def lost(self) -> None:
        """Note that the cluster does not know the entry any more: it has to be sent again."""
        sent_job.remove(self.job)
        self.is_sent, self.offset = False, 0


def failure(error: AppError, job: Job) -> dict[str, Any]:
    """Return what `job_ended` says of an error."""
    said: dict[str, Any] = {"message": error.message, "hint": error.hint, "field": error.field}
    return {"outcome": "failed", "kind": error.kind, **said, "problems": [], "log": str(job.log_path)}
