"""One run at another computer: its upload, and what is forwarded between its entry there and its folder here.

What ships with Tunesmith is on every node; what is on the hub is sent only if a node can't get it otherwise. Forwarded
events say where in the entry's stream they end, so whoever follows the run later knows where to continue.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.adapters import library
from engine.cluster import arrivals
from engine.cluster.files import Manifest, below, manifest_of, send
from engine.cluster.store_client import JobStoreClient
from engine.computers import store
from engine.computers.computer import Computer
from engine.computers.sending import texts_of
from engine.config import hub_sources
from engine.config import recipe as recipes
from engine.config.recipe import STARTER, Recipe, local_folder, looks_like_path
from engine.errors import ComputerError, StorageError
from engine.jobs.event_schema import validated
from engine.jobs.events import MAX_STREAM_BYTES, Event, EventWriter, clock, decode, read_all
from engine.jobs.job import Command, Job, SentTo, failure, this_process
from engine.jobs.supervisor import exit_text
from engine.messages import say
from engine.system import hub_cache
from engine.system.foreign_files import FileKind, read_text
from engine.system.hub_cache import Kind
from engine.system.paths import adapters_folder, expand_user, path_exists

STREAM_BYTES = "entry_bytes"
# The event that says that a run was sent, from its start or its last checkpoint on.
SENT = "job_sent"
PROGRESS_BYTES = 4 << 20
# Tells whether every node has or can fetch a base model or data set of the hub: id, revision, kind.
HasSource = Callable[[str, str, Kind], bool]


class SentRun:
    """A run and its entry.

    From its first event until `rest` it holds the lock and the event stream of the run's folder: of a thousand waiting
    runs, only those with news are open.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._open = ExitStack()
        self._writer: EventWriter | None = None
        sent = job.sent_to()
        self.entry_id = sent.entry if sent else f"{job.id}-{store.desk_id()}"
        self.is_sent = sent is not None
        self.ended = False
        self._attempt = 0
        # How many bytes of the entry's stream were taken over.
        self.offset = 0
        self._clock: float | None = None
        self._outcome: Event | None = None
        self._commands: list[Command] = []
        self._find_place()

    def open(self, wait_seconds: float = 0.0) -> None:
        """Lock the run's folder and begin a new attempt. Raises WorkerError if another process has it."""
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
        """Release the run's folder."""
        self._writer = None
        self._open.close()

    @property
    def is_open(self) -> bool:
        """Whether the run's folder is held."""
        return self._writer is not None

    def notice(self, message: str, hint: str = "", level: str = "notice") -> None:
        """Show a notice."""
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
        """Append an event of this computer, with the clock of the node's last event."""
        self.open()
        assert self._writer is not None
        on_clock = {} if self._clock is None else {"clock": self._clock}
        self._writer.write(event, attempt=self._attempt, **on_clock, **facts)

    def send(self, job_store: JobStoreClient, computer: Computer, cards: int = 1) -> None:
        """Send what the run needs and ask for it, on `cards` GPUs. Raises AppError."""
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
        self.emit(SENT, computer=computer.name, bytes=upload.bytes, cards=cards)
        # Noted before it is submitted: if this process dies in between, it is submitted again, which is harmless.
        self.job.note_sent(SentTo(computer.name, self.entry_id))
        self.is_sent, self.offset = True, 0
        text = read_text(self.job.recipe_path, FileKind.RECIPE)
        spec = {
            "run": self.job.id,
            "name": recipe.name,
            "recipe": text,
            "files": upload.files,
            "sent": upload.sent,
            "hub": upload.hub,
            "demand": {"cards": cards},
        }
        job_store.submit(self.entry_id, spec)

    def pass_commands_on(self, job_store: JobStoreClient) -> None:
        """Pass the commands in the run's folder on to the entry."""
        self._commands += self.job.take_commands()
        while self._commands:
            job_store.command(self.entry_id, self._commands[0])
            # Not before: if the connection is lost, it is passed on later.
            del self._commands[0]

    def take(self, job_store: JobStoreClient, told: dict[str, Any]) -> bool:
        """Take over an entry's new events; return whether there were any."""
        content: bytes = told["events"]
        whole = content[: content.rfind(b"\n") + 1]
        if whole or told["state"] == "ended":
            self.open()
        if self.offset + len(whole) > MAX_STREAM_BYTES:
            raise StorageError(
                "The cluster sent too many events for the run.", "Ask whoever runs the cluster."
            )
        for line in whole.splitlines(keepends=True):
            event, behind = decode(line), self.offset + len(line)
            if event is not None:
                self._forward(job_store, validated(event), behind)
            # Not before: if the connection is lost, the line is taken again.
            self.offset = behind
        if told["state"] == "ended" and self.offset >= told["event_bytes"]:
            self._conclude(job_store, told)
        return bool(whole) or self.ended

    def _forward(self, job_store: JobStoreClient, event: Event, behind: int) -> None:
        if event["event"] == "job_ended":
            # The last event: written once all files are here.
            self._outcome = event | {STREAM_BYTES: self.offset}
            return
        if event["event"] == "job_accepted":
            self._attempt += 1
            # The process to follow and kill is the one here.
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
        # An event that is too long, or has a number that JSON lacks, is dropped like a line that is no event.
        with suppress(ValueError):
            self._writer.forward(event | {"run": self.job.id, "attempt": self._attempt})

    def _conclude(self, job_store: JobStoreClient, told: dict[str, Any]) -> None:
        """Fetch the entry's results, write the last event, and let the cluster forget it."""
        completed = self._outcome is not None and self._outcome["outcome"] == "completed"
        files = job_store.files(self.entry_id)
        # A completed run no longer needs its checkpoints, which may be large.
        arrivals.fetch_run(job_store, self.job, files, checkpoints=not completed)
        arrivals.fetch_adapters(job_store, self.job.id, files)
        if self._outcome is not None:
            if "log" in self._outcome:
                self._outcome["log"] = str(self.job.log_path)
            self._append(self._outcome)
        elif told["reason"] == "stopped":
            self.emit("job_ended", outcome="stopped")
        else:
            # Its worker or its task died.
            said = exit_text(told["returncode"], self.job.resume_hint())
            if told["reason"]:
                said = say("The cluster ended it: {}", told["reason"]), "Resume sends it again."
            self.emit("job_ended", **failure(ComputerError(*said), self.job.log_path))
        assert self._writer is not None
        self._writer.sync()
        self.job.note_back()
        self.ended = True
        # Not repeated if the answer is lost: a forgotten run would be sent again.
        with suppress(ComputerError):
            job_store.forget(self.entry_id)

    @property
    def outcome(self) -> str:
        """How the run ended; "" before that, or if its worker wrote no last event."""
        return str(self._outcome["outcome"]) if self.ended and self._outcome is not None else ""


@dataclass
class Upload:
    """Files to send with their paths there; `sent` maps paths of the recipe to theirs."""

    files: Manifest = field(default_factory=list)
    paths: dict[str, Path] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    hub: bool = False

    @property
    def bytes(self) -> int:
        """The bytes of all files."""
        return sum(size for _, size, _ in self.files)

    def add(self, pairs: Iterator[tuple[str, Path]]) -> None:
        """Add files under the given names."""
        listed = list(pairs)
        self.paths |= dict(listed)
        self.files += manifest_of(listed)

    def add_path(self, place: str, text: str, at: Path | None = None) -> None:
        """Add a file or folder that a recipe names, or its stand-in `at` another path.

        It gets its own folder below `place`, named by its content.
        """
        path = at or expand_user(text)
        # Its name stays: scores are named after it.
        pairs = list(below(path, f"{path.name}/")) if path.is_dir() else [(path.name, path)]
        manifest = manifest_of(pairs)
        folder = f"{place}/{hashlib.sha256(json.dumps(manifest).encode()).hexdigest()[:16]}"
        self.paths |= {f"{folder}/{name}": file for name, file in pairs}
        self.files += [[f"{folder}/{name}", size, digest] for name, size, digest in manifest]
        self.sent[text] = f"{folder}/{path.name}"


def of_run(job: Job, recipe: Recipe, has_source: HasSource) -> Upload:
    """Return what a run needs. Raises ComputerError for a base model that is neither here nor there."""
    upload = Upload()
    for text in texts_of(recipe):
        upload.add_path("sent", text)
    base, source, before = recipe.base_model, recipe.data.source, recipe.method.start_from
    if base.id != STARTER and looks_like_path(base.id):
        # If a GGUF file is gone, its unpacked copy is sent.
        is_there = path_exists(expand_user(base.id))
        upload.add_path("models", base.id, None if is_there else local_folder(base.id))
    elif hub_sources.is_on_hub(base.id):
        _add_from_hub(upload, base.id, base.revision, "model", has_source)
    if hub_sources.is_on_hub(source):
        _add_from_hub(upload, source, "main", "dataset", has_source)
    if before and looks_like_path(before):
        upload.add_path("sent", before)
    elif before:
        adapter = library.find(before)
        upload.add(below(adapter.folder, f"adapters/{adapter.id}/"))
    # Checkpoints of earlier attempts, to continue from.
    for path in sorted(job.folder.iterdir()):
        if (
            path.is_dir()
            and path.name.startswith(arrivals.CHECKPOINTS)
            and not path.name.endswith(".partial")
        ):
            upload.add(below(path, f"run/{path.name}/"))
    return upload


def _add_from_hub(upload: Upload, repo_id: str, revision: str, kind: Kind, has_source: HasSource) -> None:
    if has_source(repo_id, revision, kind):
        return
    if not hub_cache.is_cached(repo_id, revision, kind):
        field_name = "base_model.id" if kind == "model" else "data.source"
        raise ComputerError(
            say("{} is not on every node, and a node can't reach the hub.", repo_id),
            "Download it here first.",
            field_name,
        )
    upload.hub = True
    cache = hub_cache.downloads_folder()
    repository = hub_cache.repository_folder(cache, repo_id, kind)
    for part in ("refs", "snapshots"):
        upload.add(below(repository / part, f"hub/{repository.name}/{part}/", within=repository))
