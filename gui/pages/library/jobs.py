"""The library's jobs in a worker: scoring, exporting and downloading, one at a time, with progress.

Knows the jobs and their events, no widget.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.api import Adapter, AppError, Ending, Event, Recipe, files
from gui.look.format import bytes_text, number_text
from gui.look.language import mark, tr, translate
from gui.pages.library import export_text
from gui.pages.library.push_request import PushRequest
from gui.workers.download_check import Request, repositories
from gui.workers.download_prompt import DownloadPrompt, base_repositories
from gui.workers.eta import Eta

STAGES = {
    "load_base": mark("Loading the base model"),
    "read_data": mark("Reading the conversations"),
    "attach_adapter": mark("Attaching the adapter"),
    "evaluate": mark("Scoring"),
    "save": mark("Saving"),
    "upload": mark("Sending"),
}
ONE_AT_A_TIME = mark("Only one job can run at a time. Wait for it to finish, or cancel it.")
Result = dict[str, Any]
Finish = Callable[[Result], None]
# Conversations on which an export is compared with its adapter.
COMPARED = 100
# Progress texts by the worker's unit.
HOW_FAR = {
    "bytes": mark("{done} of {total}"),
    "conversations": mark("{done} of {total} conversations"),
    "summaries": mark("{done} of {total} summaries"),
    "weights": mark("{done} of {total} weights"),
}


class LibraryJobs(QObject):
    """Runs one job at a time.

    `started(text)`, `progressed(share, text)` and `finished(text, folder or None)` follow a job; `failed(message)` ends
    one that failed or could not start, `stopped` a cancelled one. `remarked(text)` carries the notices of a finished
    job, `imported(adapter id)` the adapter that came from the hub, and `pushed(text, address)` ends a job that sent one
    there. `asked(text, action)`: a job would download something, and waits for `confirm_download`.
    """

    started = Signal(str)
    progressed = Signal(float, str)
    finished = Signal(str, object)
    failed = Signal(str)
    stopped = Signal()
    remarked = Signal(str)
    imported = Signal(str)
    pushed = Signal(str, str)
    asked = Signal(str, str)

    def __init__(self, manager: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._manager = manager
        self._thread: Any = None
        self._adapter_id = ""
        self._left = Eta()
        self._remarks: list[str] = []
        self._prompt = DownloadPrompt(manager, self)
        self._prompt.opened.connect(lambda begin: begin())
        self._prompt.says.connect(self._on_download_checked)

    @property
    def busy(self) -> bool:
        """Return whether a job is running."""
        return self._thread is not None or self._prompt.is_checking

    @property
    def adapter_id(self) -> str:
        """The id of the adapter in use by the job, "" without a job."""
        return self._adapter_id

    def score(self, adapter: Adapter, recipe: Recipe) -> None:
        """Score an adapter and its base under a recipe's protocol; the worker writes the metadata."""
        doing, done = tr("Scoring {name}", name=adapter.name), tr("Scored {name}.", name=adapter.name)
        finish = partial(self._finish, done)
        begin = partial(self._begin, adapter, "evaluate", {"adapters": [adapter.id]}, recipe, doing, finish)
        self._request(adapter, begin, doing, repositories(recipe))

    def export(self, adapter: Adapter, to: str, precision: str, target: Path) -> None:
        """Export an adapter as a model of another kind, and compare it with the adapter."""
        arguments = {
            "to": to,
            "precision": precision,
            "adapter": adapter.id,
            "target": str(target),
            "conversations": COMPARED,
            "aside": str(files.partial_beside(target)),
        }
        doing = tr("Exporting {name}", name=adapter.name)
        begin = partial(self._begin, adapter, "export", arguments, None, doing, self._finish_export)
        self._request(adapter, begin, doing, base_repositories(adapter.metadata.base_model.as_table()))

    def import_from_hub(self, repo_id: str, revision: str) -> None:
        """Download an adapter of the hub into the library; it needs no device."""
        if self.busy:
            self.failed.emit(tr(ONE_AT_A_TIME))
            return
        arguments = {"action": "import_adapter", "id": repo_id, "revision": revision}
        doing, done = tr("Importing {name}", name=repo_id), tr("Imported {name}.", name=repo_id)
        self._start("", "models", arguments, None, doing, partial(self._finish_import, done))

    def push(self, adapter: Adapter, wanted: PushRequest) -> None:
        """Send an adapter to the hub, all of which was shown before; it needs no device."""
        if self.busy:
            self.failed.emit(tr(ONE_AT_A_TIME))
            return
        arguments = wanted.arguments(adapter.id, dry_run=False)
        doing = tr("Sending {name}", name=adapter.name)
        self._start(adapter.id, "push", arguments, None, doing, partial(self._finish_push, adapter.name))

    def confirm_download(self) -> None:
        """Begin the job that asked."""
        self._prompt.confirm()

    def cancel(self) -> None:
        """Ask the job to stop."""
        if self._thread is not None:
            self._thread.stop()
        elif self._prompt.is_checking:
            self._prompt.forget()
            self._adapter_id = ""
            self.stopped.emit()

    def _on_download_checked(self, text: str, action: str) -> None:
        self._adapter_id = ""
        if action:
            self.asked.emit(text, action)
        else:
            self.failed.emit(text)

    def _request(
        self, adapter: Adapter, begin: Callable[[], None], doing: str, needed: list[Request]
    ) -> None:
        """Begin a job once what it needs is on this computer, or may be downloaded."""
        refusal = self._refusal()
        if refusal:
            self.failed.emit(refusal)
        else:
            self._adapter_id = adapter.id
            self.started.emit(doing)
            self._prompt.request(begin, needed)

    def _begin(
        self,
        adapter: Adapter,
        kind: str,
        arguments: dict[str, Any],
        recipe: Recipe | None,
        doing: str,
        finish: Finish,
    ) -> None:
        refusal = self._refusal()
        if refusal:
            self.failed.emit(refusal)
        else:
            self._start(adapter.id, kind, arguments, recipe, doing, finish)

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
            self.failed.emit(in_one_line(error.message, error.hint))
            return
        self._thread, self._adapter_id, self._remarks = thread, adapter_id, []
        self._left.begin()
        result: Result = {}
        thread.subscribe(
            self,
            events=lambda events: self._follow(events, doing),
            result=result.update,
            ended=lambda ending: self._end(ending, finish, result, arguments.get("aside", "")),
        )
        self.started.emit(doing)

    def _refusal(self) -> str:
        if self.busy:
            return tr(ONE_AT_A_TIME)
        taken: str = self._manager.device_text(apart_from="summarize")
        return f"{taken} {tr('Pause it, or wait until it is done.')}" if taken else ""

    def _follow(self, events: list[Event], doing: str) -> None:
        for event in events:
            self._left.follow(event)
            if event["event"] == "stage_entered":
                stage = STAGES.get(event["stage"])
                self.progressed.emit(0.0, tr(stage) if stage else doing)
            elif event["event"] == "notice":
                self._remarks.append(in_one_line(event["message"], event.get("hint", "")))
            elif event["event"] == "stage_progressed":
                self._report_progress(event)

    def _report_progress(self, event: Event) -> None:
        done, total, unit = int(event["done"]), int(event["total"]), str(event["unit"])
        size = bytes_text if unit == "bytes" else number_text
        text = tr(HOW_FAR.get(unit, HOW_FAR["bytes"]), done=size(done), total=size(total))
        self.progressed.emit(done / total if total else 0.0, self._left.beside(text))

    def _end(self, ending: Ending, finish: Finish, result: Result, aside: str) -> None:
        self._thread, self._adapter_id = None, ""
        if aside:
            # A worker that was killed leaves there what it has written.
            files.remove(Path(aside))
        if ending.outcome == "completed":
            finish(result)
            if self._remarks:
                self.remarked.emit(" ".join(dict.fromkeys(self._remarks)))
        elif ending.outcome == "stopped":
            self.stopped.emit()
        else:
            why = ending.message or tr("The worker ended without a result.")
            self.failed.emit(in_one_line(why, ending.hint))

    def _finish(self, done: str, _result: Result) -> None:
        self.finished.emit(done, None)

    def _finish_import(self, done: str, result: Result) -> None:
        self.finished.emit(done, None)
        self.imported.emit(result["adapter"])

    def _finish_export(self, result: Result) -> None:
        folder, verified = Path(result["path"]), result["verified"]
        done = tr("Exported to {name}, {size}.", name=folder.name, size=bytes_text(result["bytes"]))
        found = f" {export_text.verdict(verified)}" if verified else ""
        if "conversations" in result:
            found = f" {export_text.held(result['conversations'])}"
        self.finished.emit(f"{done}{found} {export_text.handed_over(result)}".strip(), folder)

    def _finish_push(self, name: str, result: Result) -> None:
        # They were read before anything was sent.
        self._remarks.clear()
        text = mark("Sent {name} to {address}, private.")
        if not result["private"]:
            text = mark("Sent {name} to {address}, public.")
        self.pushed.emit(tr(text, name=name, address=result["path"]), result["path"])


def in_one_line(message: str, hint: str) -> str:
    """Return an error and its hint in one line."""
    return f"{translate(message)} {translate(hint)}".strip()
