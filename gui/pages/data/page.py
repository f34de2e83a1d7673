"""The data page: choose conversations, check them, and use them for the next run.

Runs a data check and connects the parts in `gui.pages.data`. The engine judges the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from engine.api import (
    SAMPLE,
    AppError,
    Example,
    Problem,
    StorageError,
    automatic,
    chats,
    check_results,
    escaping,
    is_on_hub,
    model_info,
    pii,
    too_few,
)
from gui.core import actions
from gui.core.actions import menu_action
from gui.core.background_tasks import BackgroundTasks
from gui.look.format import number_text
from gui.look.language import sentences, tr, tr_count, translate
from gui.pages.data import report
from gui.pages.data.column_mapping import turn_keys
from gui.pages.data.findings_view import Exclusions
from gui.pages.data.page_layout import DataPageLayout
from gui.pages.data.report import Checker, Finding, Report, Row, RowPreview
from gui.shell.page import Page
from gui.widgets import file_dialogs
from gui.widgets.buttons import plain, primary
from gui.workers.download_prompt import DownloadPrompt, data_set
from gui.workers.worker_manager import WorkerManager

MAX_REMARKS = 3
BROKEN_ROWS = "data.broken_rows"


class DataPage(Page):
    """Checks data before it is used. `open` shows a source.

    Signals: `use_requested(dict)` with `[data]` values of a recipe; `try_requested([], Example)` to summarise a row in
    the playground; `rows_checked(str, list of Example)` with the name and first rows of checked data;
    `label_requested(dict, base model)` to write summaries, with the `[data]` values of the source, empty without one,
    and the base model whose tokens are counted.
    """

    use_requested = Signal(dict)
    try_requested = Signal(list, object)
    rows_checked = Signal(str, list)
    label_requested = Signal(dict, str)

    def __init__(self, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(tr("Data sets"), tr("No conversations loaded"), parent)
        self.manager = manager
        self.checker = Checker(manager, self)
        self.exclusions = Exclusions(self)
        self.downloads = DownloadPrompt(manager, self)
        self._wanted: dict[str, Any] = {}
        self._read_source = ""
        self._was_shown = False
        self._background = BackgroundTasks(self)
        self._checked: dict[str, Any] = {}
        self._finding: Finding | None = None
        self.row_preview: RowPreview | None = None
        self.report: Report | None = None
        self.label_button = plain(tr("Write summaries"), "edit", press=self._label)
        self.use_button = primary(tr("Train on this data"), "arrow-right")
        for button in (self.label_button, self.use_button):
            self.header.add(button)
        self.parts = DataPageLayout(self.exclusions, self.content)
        self.body.addWidget(self.parts, 1)
        self._connect()
        self._show_nothing()

    def _connect(self) -> None:
        parts = self.parts
        self.use_button.clicked.connect(lambda: self.use_requested.emit(self.values()))
        parts.unlabelled.write_button.clicked.connect(self._label)
        parts.unlabelled.train_wanted.connect(self.use_requested)
        parts.sample_button.clicked.connect(lambda: self.open(SAMPLE))
        parts.source.check_wanted.connect(self.check)
        parts.source.source_changed.connect(self._forget)
        parts.source.stop_button.clicked.connect(self.checker.stop)
        parts.question.acted.connect(self._answer)
        parts.asked.answered.connect(self._decide)
        parts.remarks.acted.connect(self._undo)
        parts.broken_rows.export_button.clicked.connect(self._export_broken)
        self.downloads.opened.connect(self._read)
        self.downloads.says.connect(self._on_download_checked)
        self.checker.changed.connect(
            lambda: parts.source.show_progress(self.checker.stage, self.checker.left)
        )
        self.checker.previewed.connect(self.show_row_preview)
        self.checker.found.connect(self.show_result)
        self.checker.failed.connect(self._show_problems)
        self.exclusions.changed.connect(self._show_exclusions)
        parts.split.currentChanged.connect(lambda _key: self._show_split())
        for lengths in (parts.conversations, parts.summaries):
            lengths.limit_changed.connect(lambda _limit: self._show_limits())
            lengths.histogram.limitSettled.connect(lambda _limit: self._list_anew())
        parts.findings.rows_wanted.connect(self.show_finding)
        parts.findings.export_wanted.connect(self._export)
        parts.preview_table.role_chosen.connect(parts.source.mapping.take)
        parts.rows.row_chosen.connect(self._choose_row)
        parts.rows.all_button.clicked.connect(lambda: self._show_rows_of(None))
        parts.rows.export_button.clicked.connect(lambda: self._export(self._finding))
        parts.row_view.step_wanted.connect(self._step)
        parts.row_view.close_button.clicked.connect(parts.close_row_view)
        parts.row_view.try_wanted.connect(lambda row: self.try_requested.emit([], _example(row)))
        actions.bind(parts.row_view, "window.close", parts.close_row_view)
        actions.bind(self, "data.files", parts.source.file_button)
        actions.bind(self, "data.check", parts.source.check_button)

    # Opening

    def shown(self) -> None:
        """At first, list the base models, to count tokens for, and check the source of the last start again."""
        if self._was_shown:
            return
        self._was_shown = True
        self._background.run(model_info.ids_here, self.parts.source.offer_tokenizers)
        source = self.parts.source.values()["source"]
        if source and not is_on_hub(source):
            self.check()

    def open(self, source: str) -> None:
        self.parts.source.set_source(source)
        self.check()

    def open_files(self, files: Sequence[Path]) -> None:
        """Show files (several as one source) or a folder, and check them."""
        self.parts.source.take_files(files)

    # Checking

    def check(self) -> None:
        """Check the source; a running check is cancelled."""
        values = self.parts.source.values()
        self.parts.source.show_problems([])
        self.parts.asked.hide()
        self.parts.broken_rows.show_rows([])
        if not values["source"]:
            missing = Problem("data.source", tr("No source yet."), tr("Enter one."))
            self.parts.source.show_problems([missing])
            return
        if values["source"] != (self._wanted or self._checked).get("source", values["source"]):
            # Another source was typed: decisions and results of the earlier one are dropped.
            self.parts.source.set_source(values["source"])
            values = self.parts.source.values()
        # Exclusions and masks apply to runs; the check reads all rows, so that they can be undone.
        asked = self._wanted = values | self.parts.limits() | self.exclusions.answered()
        needed = [data_set(values["source"])] if is_on_hub(values["source"]) else []
        if needed:
            asking = tr("Asking the hub about {name}…", name=values["source"])
            self.parts.question.show_notice(asking, tr("Cancel"))
        self.downloads.request(asked, needed)

    def _read(self, asked: dict[str, Any]) -> None:
        self.parts.question.hide()
        self._read_source = asked["source"]
        self.checker.check(asked, self.parts.source.tokenizer.key())

    def _answer(self) -> None:
        """Run the strip's action: cancel the request to the hub, or download."""
        if self.downloads.is_checking:
            self.downloads.forget()
            self.parts.question.hide()
        else:
            self.downloads.confirm()

    def _on_download_checked(self, text: str, action: str) -> None:
        if action:
            self.parts.question.show_notice(text, tr("Download and check"))
        else:
            self.parts.question.hide()
            self._show_problems([Problem("data.source", text)])

    def _decide(self, option: str, value: str) -> None:
        """Take the answer to a question, and check again."""
        if not self.parts.source.mapping.decide(option, value):
            self.exclusions.answers[option] = value
        self.check()

    def _undo(self) -> None:
        self.exclusions.answers = {}
        self.check()

    def _forget(self) -> None:
        self.checker.stop()
        self.downloads.forget()
        self.parts.question.hide()
        self.exclusions.forget()
        self._show_nothing()

    # Display

    def show_row_preview(self, event: dict[str, Any]) -> None:
        """Show the first rows while the others are read; an existing report stays until the next one."""
        look = self.row_preview = report.read_row_preview(event)
        self.parts.preview_table.show_preview(look)
        self.parts.source.mapping.show()
        self.parts.source.mapping.show_preview(look)
        self.parts.source.show_problems([look.problem] if look.problem else [])
        if self.report is None:
            self.header.set_title(look.title)
            self.header.set_subtitle(tr("The first rows; the others are being read."))
            self.parts.show_row_preview()

    def show_result(self, result: dict[str, Any], asked: dict[str, Any]) -> None:
        """Show the result of a check; `asked` are its `[data]` values."""
        try:
            self.report = report.read(result)
        except StorageError as error:
            self._show_problems(list(error.problems))
            return
        self._checked = asked
        if self.report.source != SAMPLE and not report.is_kept_here(self.report.source):
            self.parts.source.remember(self.report.source, self.report.title)
        self._show_report(self.report)
        self.rows_checked.emit(self.report.title, [_example(row) for row in self.report.first_rows()])

    def _show_problems(self, problems: list[Problem]) -> None:
        """Show why there is no report; the first rows stay, to map their columns."""
        self.report = None
        look = self.row_preview
        if look is not None:
            self.parts.show_row_preview()
            self.header.set_title(look.title)
            self.header.set_subtitle(tr("The first rows; the others couldn't be read."))
        else:
            self._show_nothing()
        self.parts.source.show_problems(problems)
        self._offer_steps()
        if self.parts.asked.ask(problems) == BROKEN_ROWS:
            self.parts.broken_rows.show_rows(self.checker.broken)

    def _show_nothing(self) -> None:
        self.report = self.row_preview = None
        for strip in (self.parts.asked, self.parts.remarks):
            strip.hide()
        self._offer_steps()
        self.parts.broken_rows.show_rows([])
        self.header.set_title(tr("Data sets"))
        self.header.set_subtitle(tr("No conversations loaded"))
        self.parts.show_nothing()

    def _show_report(self, found: Report) -> None:
        parts = self.parts
        parts.asked.hide()
        parts.source.show_problems([])
        self._offer_steps()
        self.header.set_title(found.title)
        self.header.set_subtitle(_subtitle(found))
        parts.source.mapping.show()
        parts.source.mapping.offer(
            found.shape.columns,
            found.shape,
            turn_keys(self.row_preview) if self.row_preview else (),
        )
        parts.figures.show_report(found)
        parts.summaries.follow(automatic.label_limit(found.longest_summary))
        parts.findings.show_findings(found.findings)
        parts.part.set_text("findings", tr("Findings ({count})", count=number_text(len(found.findings))))
        self.show_remarks([notice["message"] for notice in self.checker.notices])
        parts.broken_rows.show_rows(self.checker.broken)
        self._show_exclusions()
        self._finding = None
        self._count_splits()
        parts.show_report()
        if found.splits:
            parts.split.set_current(next(iter(found.splits)))
        self._show_split()

    def _offer_steps(self) -> None:
        """Offer what can be done with the data: use it, or first write its summaries."""
        found = self.report
        unlabelled = found.unlabelled if found is not None else 0
        self.parts.show_unlabelled(found.source if found is not None else "", unlabelled)
        few = too_few(found.sizes()) if found is not None and not unlabelled else []
        self.parts.too_few.show_notice(" ".join(map(translate, few)), icon_name="warning")
        self.parts.too_few.setVisible(bool(few))
        self.use_button.setVisible(found is not None and not unlabelled)
        self.label_button.setVisible(not unlabelled)

    def show_remarks(self, remarks: list[str]) -> None:
        """Show the notices of the check, such as rows left out, with an action to withdraw the consent."""
        shown = [remark for remark in remarks if self.report is None or remark not in self.report.counted]
        sentences = [translate(remark) for remark in shown[:MAX_REMARKS]]
        if (more := len(shown) - MAX_REMARKS) > 0:
            sentences.append(tr_count(more, "{n} more like this.", "{n} more like this."))
        undo = tr("Undo") if self.exclusions.answers else ""
        is_nameless = any(remark.endswith(chats.NAMELESS) for remark in shown)
        icon_name, token = ("problem", "error") if is_nameless else ("info", "muted")
        self.parts.remarks.show_notice(" ".join(sentences), undo, icon_name, token)
        self.parts.remarks.setVisible(bool(shown))

    def _show_exclusions(self) -> None:
        if self.report is not None:
            left_out = self.report.left_out(self.exclusions.excluded, self.parts.limits())
            self.parts.figures.show_left_out(*left_out)
            self._show_row(self.parts.row_view.row())
            self.parts.rows.refresh()

    def _show_limits(self) -> None:
        if self.report is not None:
            for row in self.parts.findings.rows():
                if row.finding.id in report.LIMITED:
                    row.show_counts(self.report.over(row.finding.id, self.parts.limits()))
            self._show_exclusions()

    def _list_anew(self) -> None:
        """List the rows over a moved limit, if they are shown."""
        if self._finding is not None and self._finding.id in report.LIMITED:
            self._count_splits()
            self._show_rows()

    def _count_splits(self) -> None:
        """Show the number of rows of each split in the choice: all rows, or those of the finding shown."""
        for name in report.SPLITS:
            count = self.report.sizes().get(name, 0) if self.report else 0
            if self.report is not None and self._finding is not None:
                count = self.report.counts(self._finding, self.parts.limits()).get(name, 0)
            self.parts.split.set_text(name, report.split_head(name, count))

    def _show_split(self) -> None:
        found, name = self.report, self.parts.split.current()
        if found is None or name not in found.splits:
            self.parts.rows.show_rows((), lambda _number: None)
            return
        split = found.splits[name]
        self.parts.conversations.show_lengths(split.conversation)
        self.parts.summaries.show_lengths(split.summary)
        self._show_rows()

    def _show_rows(self) -> None:
        found, name = self.report, self.parts.split.current()
        if found is None or name not in found.splits:
            return
        numbers = found.numbers(name, self._finding, self.parts.limits())
        which = found.which(name, self._finding, self.parts.limits(), len(numbers))
        self.parts.rows.set_which(which, of_finding=self._finding is not None)
        self.parts.rows.show_rows(numbers, lambda number: self._as_masked(found.row(name, number)))
        self._show_row(found.row(name, numbers[0]) if numbers else None)

    def _as_masked(self, row: Row | None) -> Row | None:
        masked = self.exclusions.masked
        if row is None or not masked:
            return row
        conversation, summary = (pii.mask(text, masked)[0] for text in (row.conversation, row.summary))
        return replace(row, conversation=conversation, summary=summary)

    def show_finding(self, finding: Finding) -> None:
        self.parts.part.set_current("rows")
        self._show_rows_of(finding)
        self.parts.rows.choose(0)

    def _show_rows_of(self, finding: Finding | None) -> None:
        self._finding = finding
        self._count_splits()
        if finding is not None and self.parts.split.current() not in finding.counts:
            self.parts.split.set_current(next(iter(finding.counts)))
        self._show_split()

    def _choose_row(self, number: int) -> None:
        if self.report is not None:
            self._show_row(self.report.row(self.parts.split.current(), number))
            self.parts.open_row_view()

    def _show_row(self, row: Row | None) -> None:
        numbers = self.parts.rows.numbers()
        position = numbers.index(row.number) if row is not None and row.number in numbers else 0
        limit = self.parts.conversations.limit
        self.parts.row_view.show_row(row, position, len(numbers), limit, self.exclusions.masked)

    def _step(self, by: int) -> None:
        row, numbers = self.parts.row_view.row(), self.parts.rows.numbers()
        if row is not None and row.number in numbers:
            self.parts.rows.choose(numbers.index(row.number) + by)

    def adapt(self, width: int) -> None:
        self.parts.adapt(width)

    # Saved state

    def saved_state(self) -> dict[str, str]:
        return super().saved_state() | {"recent": self.parts.source.recent.saved_state()}

    def restore_state(self, saved: Mapping[str, str]) -> None:
        super().restore_state(saved)
        self.parts.source.recent.restore_state(saved.get("recent", ""))
        self.parts.source.show_recent()

    def entries(self) -> list[QAction]:
        recent = self.parts.source.recent
        return [
            menu_action(tr("Check {name}", name=name), partial(self.open, source)) for source, name in recent
        ]

    # Actions

    def values(self) -> dict[str, Any]:
        return self._checked | self.parts.chosen_limits() | self.exclusions.values()

    def _label(self) -> None:
        """Open the labelling page; a hub source must have been checked first, so that its download is confirmed."""
        values = self.parts.source.values()
        source = values["source"]
        if source and is_on_hub(source) and source != self._read_source:
            self.check()
        else:
            decided = values | self.parts.chosen_limits() | self.exclusions.values()
            self.label_requested.emit(decided if source else {}, self.parts.source.tokenizer.key())

    def _export(self, finding: Finding | None) -> None:
        if self.report is None or finding is None:
            return
        found, limits = self.report, self.parts.limits()
        numbers = {split: found.numbers(split, finding, limits) for split in found.splits}
        count = sum(map(len, numbers.values()))
        self._save(
            found.source,
            finding.id,
            count,
            lambda path: check_results.export_rows(found.details, numbers, path),
        )

    def _export_broken(self) -> None:
        rows = self.checker.broken
        self._save(
            self._wanted["source"], "broken", len(rows), lambda path: check_results.export_broken(rows, path)
        )

    def _save(self, source: str, what: str, count: int, write: Callable[[Path], None]) -> None:
        name = f"{escaping.file_name(Path(source).stem) or 'rows'}-{what}.csv"
        path = file_dialogs.save_file(self, "export", tr("Export rows"), name, tr("Table (*.csv)"))
        if not path:
            return
        try:
            write(path)
        except AppError as error:
            self.parts.remarks.show_notice(sentences(error.message, error.hint), icon_name="warning")
        else:
            text = tr_count(count, "{n} row saved to {path}.", "{n} rows saved to {path}.", path=path)
            self.parts.remarks.show_notice(text, icon_name="info", token="muted")


def _subtitle(found: Report) -> str:
    source = tr("Bundled with Tunesmith") if found.source == SAMPLE else found.source
    if found.licence:
        source = tr("{place}, licence {licence}", place=source, licence=found.licence)
    return f"{source}. {translate(found.counted)}".rstrip(". ") + "."


def _example(row: Row) -> Example:
    return Example(row.id, row.conversation, row.summary)
