"""The library's jobs in a worker: scoring, exporting, downloading, sending; one at a time, with progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import SAMPLE, Adapter, AppError, Ending, Event, Recipe, files, library, run_text
from engine.api import recipe as recipes
from gui.look.format import bytes_text
from gui.look.language import mark, sentences, tr, translate
from gui.models.list_text import data_text
from gui.pages.library import library_text
from gui.workers.device_queue import Work
from gui.workers.download_prompt import DownloadPrompt, Request, base_repositories, repositories
from gui.workers.engine_thread import ActiveJob
from gui.workers.eta import Eta

ONE_AT_A_TIME = mark("Only one job can run at a time. Wait, or cancel it.")
# Conversations on which an export is compared with its adapter.
COMPARED = 100
Choice = tuple[str, Recipe]
Result = dict[str, Any]


@dataclass(frozen=True)
class Done:
    """What to say of a job that ended, the notices of its worker, and what it made, if anything.

    That is a folder, a page of the hub, or an adapter that came from there.
    """

    text: str
    remarks: str = ""
    folder: Path | None = None
    address: str = ""
    adapter_id: str = ""


Finish = Callable[[Result], Done]


@dataclass(frozen=True)
class PushRequest:
    """The repository `target`, who may see it, and what goes there: the adapter, or the plain model in a folder."""

    target: str
    public: bool = False
    with_conversations: bool = False
    model: str = ""

    def arguments(self, adapter_id: str, *, dry_run: bool) -> dict[str, Any]:
        return {
            "adapter": adapter_id,
            "target": self.target,
            "public": self.public,
            "with_conversations": self.with_conversations,
            "model": self.model,
            "dry_run": dry_run,
        }


def visibility_text(*, public: bool) -> str:
    """Return who can see a repository."""
    if public:
        return tr("Public: everyone can see and use it.")
    return tr("Private: only its owner and people they invite.")


class LibraryJobs(QObject):
    """Runs one job at a time.

    `started(text)`, `progressed(share, text)` and `ended(Done)` follow a job, also one that was cancelled;
    `failed(message)` ends one that failed or could not start. `asked(text, action)`: a job would download something,
    and waits for `confirm_download`. `queued`: one was added to the queue for the device. `changed`: one began, ended
    or is further.
    """

    started = Signal(str)
    progressed = Signal(float, str)
    ended = Signal(object)
    failed = Signal(str)
    asked = Signal(str, str)
    queued = Signal()
    changed = Signal()

    def __init__(self, manager: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._queue = manager.device_queue
        self.active_job = ActiveJob(self)
        # A job whose turn came while something was sent or fetched, which needs no device.
        self._next: Callable[[], None] | None = None
        self._how_far = (0.0, "")
        self._adapter_id = ""
        self._left = Eta()
        self._remarks: list[str] = []
        self._prompt = DownloadPrompt(manager, self)
        self._prompt.opened.connect(lambda begin: begin())
        self._prompt.says.connect(self._on_download_checked)
        self._queue.serve("evaluate", self._score)
        self._queue.serve("export", self._export)

    @property
    def busy(self) -> bool:
        return bool(self.active_job) or self._prompt.is_checking

    @property
    def adapter_id(self) -> str:
        """The id of the adapter in use by the job, "" without a job."""
        return self._adapter_id

    def score(self, adapter: Adapter, recipe: Recipe) -> None:
        """Score an adapter and its base under a recipe's protocol; the worker writes the metadata."""
        given = {"adapter": adapter.id, "recipe": recipes.dumps(recipe)}
        self._request(
            adapter, "evaluate", given, tr("Scoring {name}", name=adapter.name), repositories(recipe)
        )

    def _score(self, given: Mapping[str, Any]) -> Work:
        adapter, wanted = library.find(given["adapter"]), recipes.loads(given["recipe"])
        doing, done = tr("Scoring {name}", name=adapter.name), tr("Scored {name}.", name=adapter.name)
        return self._take_turn(
            adapter, "evaluate", {"adapters": [adapter.id]}, wanted, doing, lambda _result: Done(done)
        )

    def export(self, adapter: Adapter, to: str, precision: str, target: Path) -> None:
        given = {"adapter": adapter.id, "to": to, "precision": precision, "target": str(target)}
        doing = tr("Exporting {name}", name=adapter.name)
        needed = base_repositories(adapter.metadata.base_model.as_table())
        self._request(adapter, "export", given, doing, needed)

    def _export(self, given: Mapping[str, Any]) -> Work:
        adapter = library.find(given["adapter"])
        aside = str(files.partial_beside(Path(given["target"])))
        arguments = {**given, "conversations": COMPARED, "aside": aside}
        doing = tr("Exporting {name}", name=adapter.name)
        return self._take_turn(adapter, "export", arguments, None, doing, self._finish_export)

    def import_from_hub(self, repo_id: str, revision: str) -> None:
        """Download an adapter of the hub into the library; it needs no device."""
        if self.busy:
            self.failed.emit(tr(ONE_AT_A_TIME))
            return
        arguments = {"action": "import_adapter", "id": repo_id, "revision": revision}
        doing, done = tr("Importing {name}", name=repo_id), tr("Imported {name}.", name=repo_id)
        self._start(
            "", "models", arguments, None, doing, lambda result: Done(done, adapter_id=result["adapter"])
        )

    def push(self, adapter: Adapter, wanted: PushRequest) -> None:
        """Send an adapter to the hub, all of which was shown before; it needs no device."""
        if self.busy:
            self.failed.emit(tr(ONE_AT_A_TIME))
            return
        arguments = wanted.arguments(adapter.id, dry_run=False)
        doing = tr("Sending {name}", name=adapter.name)
        self._start(adapter.id, "push", arguments, None, doing, partial(self._finish_push, adapter.name))

    def confirm_download(self) -> None:
        self._prompt.confirm()

    def cancel(self) -> None:
        if self.active_job.thread is not None:
            self.active_job.thread.stop()
        elif self._prompt.is_checking:
            self._prompt.forget()
            self._adapter_id = ""
            self.ended.emit(Done(tr("Cancelled.")))

    def _on_download_checked(self, text: str, action: str) -> None:
        self._adapter_id = ""
        if action:
            self.asked.emit(text, action)
        else:
            self.failed.emit(text)

    def _request(
        self, adapter: Adapter, kind: str, given: Mapping[str, Any], doing: str, needed: list[Request]
    ) -> None:
        """Let a job take its turn once what it needs is on this computer, or may be downloaded."""
        if self._prompt.is_checking:
            self.failed.emit(tr(ONE_AT_A_TIME))
            return
        if not self.active_job:
            self._adapter_id = adapter.id
            self.started.emit(doing)
        self._prompt.request(partial(self._add, kind, adapter.name, given), needed)

    def _add(self, kind: str, name: str, given: Mapping[str, Any]) -> None:
        try:
            has_started = self._queue.add(kind, name, given)
        except AppError as error:
            self.failed.emit(sentences(error.message, error.hint))
            return
        if not has_started:
            self._adapter_id = self._adapter_id if self.active_job else ""
            self.queued.emit()

    def _take_turn(self, adapter: Adapter, *job: Any) -> Work:
        """Begin a job, or let it follow the one that needs no device."""
        begin = partial(self._start, adapter.id, *job)
        if self.active_job:
            self._next = begin
        else:
            begin()
        return Work(self._has_work, lambda: self._how_far, self.cancel, self.changed)

    def _has_work(self) -> bool:
        return bool(self.active_job) or self._next is not None

    def _start(
        self,
        adapter_id: str,
        kind: str,
        arguments: dict[str, Any],
        recipe: Recipe | None,
        doing: str,
        finish: Finish,
    ) -> None:
        try:
            thread = self._manager.ask(kind, arguments, recipe, parent=self)
        except AppError as error:
            self.failed.emit(sentences(error.message, error.hint))
            return
        self._adapter_id, self._remarks = adapter_id, []
        self._how_far = (0.0, "")
        self._left.begin()
        result: Result = {}
        self.active_job.take(
            thread,
            lambda ending: self._end(ending, finish, result, arguments.get("aside", "")),
            events=self._follow,
            result=result.update,
        )
        self.started.emit(doing)

    def _follow(self, events: list[Event]) -> None:
        for event in events:
            self._left.follow(event)
            if event["event"] == "stage_entered":
                self._progress(0.0, translate(run_text.stage_title(event["stage"])))
            elif event["event"] == "notice":
                self._remarks.append(sentences(event["message"], event.get("hint", "")))
            elif event["event"] == "stage_progressed":
                self._progress(self._left.share, self._left.how_far)

    def _progress(self, share: float, text: str) -> None:
        self._how_far = (share, text)
        self.progressed.emit(share, text)
        self.changed.emit()

    def _end(self, ending: Ending, finish: Finish, result: Result, aside: str) -> None:
        self._adapter_id = ""
        self._tell(ending, finish, result, aside)
        following, self._next = self._next, None
        if following is not None:
            following()
        self.changed.emit()

    def _tell(self, ending: Ending, finish: Finish, result: Result, aside: str) -> None:
        if aside:
            # A worker that was killed leaves there what it has written.
            files.remove(Path(aside))
        if ending.outcome == "completed":
            done = finish(result)
            self.ended.emit(replace(done, remarks=" ".join(dict.fromkeys(self._remarks))))
        elif ending.outcome == "stopped":
            self.ended.emit(Done(tr("Cancelled.")))
        else:
            why = ending.message or tr("The worker ended without a result.")
            self.failed.emit(sentences(why, ending.hint))

    def _finish_export(self, result: Result) -> Done:
        folder, verified = Path(result["path"]), result["verified"]
        done = tr("Exported to {name}, {size}.", name=folder.name, size=bytes_text(result["bytes"]))
        found = f" {library_text.export_verdict(verified)}" if verified else ""
        if "conversations" in result:
            found = f" {library_text.script_contents(result['conversations'])}"
        return Done(f"{done}{found} {library_text.ollama_text(result)}".strip(), folder=folder)

    def _finish_push(self, name: str, result: Result) -> Done:
        # They were read before anything was sent.
        self._remarks.clear()
        text = mark("Sent {name} to {address}, private.")
        if not result["private"]:
            text = mark("Sent {name} to {address}, public.")
        return Done(tr(text, name=name, address=result["path"]), address=result["path"])


def score_choices(adapter: Adapter, others: Iterable[Adapter]) -> list[Choice]:
    """Return the choices to score an adapter, each a text with its recipe.

    An adapter trained here has only its own recipe. An imported one can be scored like any other adapter of its base
    model, so that the scores are comparable, or on the sample conversations.
    """
    own = recipe_of(adapter)
    if own is not None:
        return [(data_text(own.data.source), own)]
    found: dict[str, Recipe] = {}
    for other in others:
        theirs = recipe_of(other) if other.metadata.base_model.id == adapter.metadata.base_model.id else None
        if theirs is not None:
            found.setdefault(theirs.data.source, theirs)
    if SAMPLE not in found:
        found[SAMPLE] = _sample_recipe(adapter)
    return [(data_text(source), wanted) for source, wanted in found.items()]


def recipe_of(adapter: Adapter) -> Recipe | None:
    """Return the recipe that an adapter was trained by, None if there is none that can be read."""
    with suppress(AppError):
        return adapter.recipe()
    return None


def _sample_recipe(adapter: Adapter) -> Recipe:
    """Return a new recipe for the sample conversations with the adapter's base model."""
    base = adapter.metadata.base_model
    made = recipes.from_tables(
        {"base_model": {"id": base.id or "unknown"}, "data": {"source": SAMPLE}, "method": {"id": "lora"}}
    )
    supported = {"none", "int8", "nf4", "fp4"}
    wanted = base.quantization if base.quantization in supported else "none"
    options = made.base_model.model_copy(update={"quantization": wanted, "revision": base.revision or "main"})
    return replace(made, base_model=options)
