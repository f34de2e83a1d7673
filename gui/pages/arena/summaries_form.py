"""The form of an arena's entry from a file: what another system wrote, how it matches, and what to call it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.api import AppError, arenas, paths
from gui.core.file_opening import dropped
from gui.inputs.fields import Field, ProblemLine
from gui.look import style
from gui.look.format import number_text, percent, score
from gui.look.language import mark, sentences, tr, tr_count, translate
from gui.models.arena_table import AGAINST_BASE, verdict_in_full
from gui.widgets import file_dialogs
from gui.widgets.buttons import plain, primary
from gui.widgets.labels import Label
from gui.widgets.layouts import Scroll, at_most_so_wide, fill, hbox, vbox
from gui.workers.engine_thread import ShownJob
from gui.workers.worker_manager import WorkerManager

COLUMN = "prediction"
SUFFIXES = (".jsonl", ".csv", ".tsv", ".json", ".ndjson", ".parquet", ".arrow", ".xlsx", ".txt")
ABOUT = mark(
    "Scores another system's summaries on this arena's conversations: a table with summaries and a "
    'column "id", or a text file with one summary per line, in order.'
)
SCORE = arenas.SCORE


class SummariesForm(QWidget):
    """`added(arena id)`: the entry was added; `cancelled` closes the form."""

    added = Signal(str)
    cancelled = Signal()

    def __init__(self, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._arena: arenas.Arena | None = None
        self._statuses: Sequence[arenas.EntryStatus] = ()
        self._asked = ("", COLUMN)
        self.scorer = FileScorer(manager, self)
        self._title = Label("", "section", "text", wrap=True)
        self._about = Label(tr(ABOUT), "body", "muted", wrap=True)
        self.save_button = plain(tr("Save the conversations…"), "export", press=self._ask_where)
        self.save_button.setToolTip(tr("A file for the other system to fill in"))
        self.file = QLineEdit()
        self.choose_button = plain(tr("Choose…"), "folder", press=self._choose)
        self._file_field = Field(tr("&File of summaries"), self._file_row())
        self.column = QLineEdit(COLUMN)
        self._column_field = Field(tr("&Column of the summaries"), self.column)
        self.name = QLineEdit()
        self._name_field = Field(tr("&Name of the system"), self.name)
        self.matches = Label("", "body", "text", wrap=True)
        self.remarks = Label("", "label", "warning", wrap=True)
        self.problem = ProblemLine()
        self.add_button = primary(tr("Add to the arena"), "plus", press=self._add)
        self.cancel_button = plain(tr("Cancel"), press=self._cancel)
        buttons = hbox(self.add_button, self.cancel_button, 1, spacing=8)
        beside = hbox(self.save_button, 1)
        scroll = Scroll(parent=self)
        fields = QWidget(scroll.content)
        style.scale(fields, QWidget.setMaximumWidth, 560)
        vbox(
            self._title,
            self._about,
            beside,
            self._file_field,
            self._column_field,
            self._name_field,
            self.matches,
            self.remarks,
            self.problem,
            buttons,
            of=fields,
            spacing=16,
        )
        fill(scroll.column, at_most_so_wide(fields), 1)
        vbox(scroll, of=self)
        self._connect()
        self.setAcceptDrops(True)

    def _connect(self) -> None:
        self.file.editingFinished.connect(self._score_again)
        self.column.editingFinished.connect(self._score_again)
        self.name.textChanged.connect(lambda _text: self._follow())
        self.scorer.changed.connect(self._follow)

    def _file_row(self) -> QWidget:
        row = QWidget(self)
        hbox((self.file, 1), self.choose_button, of=row, spacing=8)
        row.setFocusProxy(self.file)
        self.file.setAccessibleName(tr("File of summaries"))
        return row

    # Display.
    def ask(self, arena: arenas.Arena, statuses: Sequence[arenas.EntryStatus]) -> None:
        self._arena, self._statuses = arena, statuses
        self.scorer.stop()
        self._title.setText(tr("Summaries for {arena}", arena=arena.name))
        self.file.clear()
        self.name.clear()
        self.column.setText(COLUMN)
        self._asked = ("", COLUMN)
        self._follow()
        self.file.setFocus()

    def _follow(self) -> None:
        scorer = self.scorer
        self.matches.show_text(scorer.status_text)
        notices = (sentences(notice["message"], notice.get("hint", "")) for notice in scorer.notices)
        self.remarks.show_text("\n".join(notices))
        self.problem.show_problem(scorer.error_text)
        self.add_button.setEnabled(
            bool(scorer.result) and not scorer.is_busy and bool(self.name.text().strip())
        )

    # Actions.
    def _choose(self) -> None:
        endings = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        kinds = tr("Summaries ({endings});;All files (*)", endings=endings)
        path = file_dialogs.open_file(self, "data", tr("Choose a file of summaries"), kinds)
        if path:
            self.take(path)

    def take(self, path: Path) -> None:
        """Score a file; its name is proposed for the system's."""
        self.file.setText(str(path))
        if not self.name.text().strip():
            self.name.setText(path.stem.replace("_", " ").replace("-", " "))
        self._score_again()

    def _score_again(self) -> None:
        """Score the file, unless neither it nor the column has changed."""
        asked = (self.file.text().strip(), self.column.text().strip() or COLUMN)
        if asked == self._asked:
            return
        self._asked = asked
        if asked[0]:
            self.scorer.score(self._statuses, paths.expand_user(asked[0]), asked[1])
        else:
            self.scorer.stop()

    def _add(self) -> None:
        assert self._arena is not None
        try:
            arena = self.scorer.add_to(self._arena, self.name.text())
        except AppError as error:
            self.problem.show_problem(translate(arenas.why_not(error)))
            return
        self.added.emit(arena.id)

    def _cancel(self) -> None:
        self.scorer.stop()
        self.cancelled.emit()

    def _ask_where(self) -> None:
        kinds = tr("JSON lines (*.jsonl)")
        path = file_dialogs.save_file(
            self, "export", tr("Save the conversations"), "conversations.jsonl", kinds
        )
        if path:
            self.save(path)

    def save(self, path: Path) -> None:
        try:
            arenas.save_conversations(self._statuses, path)
        except AppError as error:
            self.problem.show_problem(translate(arenas.why_not(error)))
            return
        self.matches.setText(tr('Saved as {place}. Put each summary into "prediction".', place=path))
        self.matches.show()

    # Drag and drop.
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if len(dropped(event.mimeData())) == 1:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        [path] = dropped(event.mimeData())
        self.take(path)


class FileScorer(ShownJob):
    """The file being scored."""

    def __init__(self, manager: WorkerManager, parent: QObject | None = None) -> None:
        super().__init__(manager, parent)
        self.file = Path()

    @property
    def status_text(self) -> str:
        """Return the progress, or how the file matches and how it scores."""
        if not self.is_busy:
            return f"{matched_text(self.result)} {scores_text(self.result)}".strip() if self.result else ""
        if not self.left.total:
            return tr("Reading {name}", name=self.file.name)
        return tr("Scoring {name}: {share}", name=self.file.name, share=percent(self.left.share))

    def score(self, statuses: Iterable[arenas.EntryStatus], file: Path, column: str) -> None:
        """Score a file on the conversations of an arena's entries, in place of any other."""
        self.stop()
        self.file = file
        try:
            asked = arenas.job_arguments(statuses, file, column)
        except AppError as error:
            self.error = error
            self.changed.emit()
        else:
            self._ask("score", asked, keep_folder=True)

    def stop(self) -> None:
        super().stop()
        self.active_job.forget()
        self.changed.emit()

    def add_to(self, arena: arenas.Arena, name: str) -> arenas.Arena:
        """Add the scored file to an arena. Raises ArenaError, StorageError."""
        folder = Path(self.result["details"])
        added = arenas.add_summaries(arena, name, self.file.name, folder, self.result)
        self.stop()
        return added


def matched_text(result: dict[str, Any]) -> str:
    """Return how many of the arena's conversations have a summary: "198 of 200 conversations matched."."""
    return tr_count(
        result["conversations"],
        "{matched} of {n} conversation matched.",
        "{matched} of {n} conversations matched.",
        matched=number_text(result["rows"]["matched"]),
    )


def scores_text(result: dict[str, Any]) -> str:
    """Return the score and the verdict: "ROUGE-1 44.1. Better: +2.9 against the base model, +1.0 to +4.8."."""
    verdict = verdict_in_full(result["difference"][SCORE], AGAINST_BASE)
    mean = score(result["scores"][SCORE]["mean"])
    chrf = (result.get("measures") or {}).get("chrf")
    text = tr("ROUGE-1 {score}. {verdict}", score=mean, verdict=verdict)
    return " ".join((text, f"chrF {score(chrf['mean'])}.")) if chrf else text
