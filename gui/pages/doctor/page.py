"""The page "This computer": what is installed here, and how to fix problems.

Runs the engine's doctor off the GUI thread, and evaluates what a worker has found of the devices.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.api import Ending, doctor
from gui.core.background_tasks import BackgroundTasks
from gui.core.clipboard import copy_text
from gui.graphics.bars import BusyRow
from gui.look import style
from gui.look.fonts import px
from gui.look.format import number_text
from gui.look.language import mark, sentences, tr, tr_count, translate
from gui.shell.page import Page
from gui.widgets.buttons import Button, link, plain
from gui.widgets.labels import IconLabel, Label
from gui.widgets.layouts import Line, Scroll, at_most_so_wide, hbox, vbox
from gui.workers.worker_manager import WorkerManager

TITLE_WIDTH, PAGE_WIDTH = 136, 880
# The icon, colour and text of a state.
STATES = {
    "ok": ("check", "accent", mark("OK")),
    "notice": ("info", "warning", mark("Notice")),
    "problem": ("problem", "error", mark("Problem")),
}


class DoctorPage(Page):
    """Checks when first shown and on request. `disk_wanted` leads to disk use."""

    disk_wanted = Signal()

    def __init__(self, manager: WorkerManager, parent: QWidget | None = None) -> None:
        super().__init__(tr("This computer"), tr("Not checked yet"), parent)
        self.background = BackgroundTasks(self)
        self._checks: dict[str, doctor.Check] = {}
        self._looks = 0
        self._devices, self._cancelled = manager.devices, False
        self._devices.found.connect(self._judge)
        self._devices.failed.connect(self._judge_failure)
        self.copy_button = plain(tr("Copy diagnostics"), "copy", press=self.copy)
        self.again_button = plain(tr("Check again"), "retry", press=self.look)
        for button in (self.copy_button, self.again_button):
            self.header.add(button)
        self.cancel_button = plain(tr("Cancel"), press=self.cancel)
        self.busy = BusyRow(tr("Checking this computer"), self.cancel_button)
        self.rows: dict[str, _CheckRow] = {}
        self._scroll = Scroll((24, 20, 24, 24), spacing=0)
        self._list = vbox(spacing=0)
        content = QWidget()
        style.scale(content, QWidget.setMaximumWidth, PAGE_WIDTH)
        vbox(self.busy, self._list, 1, of=content, spacing=12)
        self._scroll.column.addLayout(at_most_so_wide(content))
        self.body.addWidget(self._scroll, 1)

    def shown(self) -> None:
        """Check when first shown."""
        if not self._looks:
            self._look(anew=False)

    def look(self) -> None:
        """Check everything again."""
        self._look(anew=True)

    def _look(self, *, anew: bool) -> None:
        self._looks += 1
        self._checks, self._cancelled = {}, False
        self.background.run(doctor.of_computer, partial(self._take, self._looks))
        self._devices.want(anew=anew)
        self._show()

    def cancel(self) -> None:
        """Cancel the check of devices: a driver may never answer."""
        self._cancelled = self._devices.cancel()
        self._show()

    def _judge(self, facts: dict[str, Any], problem: str = "") -> None:
        """Evaluate the worker's report, off the GUI thread, since GPUs are looked up too."""
        if self._looks:
            self.background.run(partial(doctor.of_devices, facts, problem), partial(self._take, self._looks))

    def _judge_failure(self, ending: Ending) -> None:
        self._judge({}, sentences(ending.message, ending.hint) or tr("The worker reported nothing."))

    def _take(self, look: int, checks: list[doctor.Check]) -> None:
        if look == self._looks:
            self._checks |= {check.id: check for check in checks}
            self._show()

    def checks(self) -> list[doctor.Check]:
        """Return the checks so far, in display order."""
        return doctor.in_order(self._checks.values())

    def copy(self) -> None:
        """Copy all checks as text."""
        copy_text(doctor.diagnostics(self.checks()))
        self.header.set_subtitle(tr("Copied, with ~ for your home folder"))

    def _show(self) -> None:
        checks = self.checks()
        share = len(checks) / len(doctor.ORDER)
        is_done = share >= 1
        self.busy.setVisible(not is_done and not self._cancelled)
        self.cancel_button.setEnabled(self._devices.is_busy)
        done, total = number_text(len(checks)), number_text(len(doctor.ORDER))
        self.busy.set_progress(
            share, tr("{done} of {total}. Devices take a few seconds", done=done, total=total)
        )
        self.again_button.setEnabled(self.busy.isHidden())
        self.copy_button.setEnabled(bool(checks))
        waits = tr("Cancelled. Devices were not checked") if self._cancelled else tr("Checking…")
        self.header.set_subtitle(_summary_text(checks) if is_done else waits)
        for check in checks:
            self._row(check.id).show_check(check)
        for check_id, row in self.rows.items():
            row.setVisible(check_id in self._checks)

    def _row(self, check_id: str) -> _CheckRow:
        if check_id not in self.rows:
            row = self.rows[check_id] = _CheckRow()
            if check_id == "disk":
                row.offer(tr("Disk use…")).clicked.connect(self.disk_wanted)
            later = [each for each in self.rows if doctor.ORDER.index(each) > doctor.ORDER.index(check_id)]
            at = self._list.count() - len(later)
            self._list.insertWidget(at, row)
        return self.rows[check_id]


class _CheckRow(QWidget):
    """One check: its state as icon and word, the result, and how to fix it."""

    def __init__(self) -> None:
        super().__init__()
        self._icon = IconLabel("check")
        self._title = Label("", "body_medium")
        self._text = Label("", "body", "text", wrap=True, selectable=True)
        self.fix = Label("", "body", "muted", wrap=True, selectable=True)
        self._actions_row = hbox(1)
        grid = QGridLayout()
        grid.setContentsMargins(0, 12, 0, 12)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnMinimumWidth(1, px(TITLE_WIDTH))
        grid.setColumnStretch(2, 1)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(self._icon, 0, 0, top)
        grid.addWidget(self._title, 0, 1, top)
        grid.addWidget(self._text, 0, 2)
        grid.addWidget(self.fix, 1, 2)
        grid.addLayout(self._actions_row, 0, 3, 2, 1)
        vbox(grid, Line(), of=self, spacing=0)
        style.on_style_changed(self.update)

    def offer(self, text: str) -> Button:
        """Add a link to the place where it can be fixed."""
        button = link(text)
        self._actions_row.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)
        return button

    def show_check(self, check: doctor.Check) -> None:
        """Show another state."""
        icon, token, state = STATES[check.state]
        title, text, fix, word = (
            translate(check.title),
            translate(check.text),
            translate(check.fix),
            tr(state),
        )
        self._icon.set_icon(icon, token)
        self._icon.setAccessibleName(word)
        self._icon.setToolTip(word)
        self._title.setText(title)
        self._text.setText(text)
        self.fix.show_text(fix)
        self.setAccessibleName(f"{title}, {word}: {text} {fix}".strip())


def _summary_text(checks: list[doctor.Check]) -> str:
    problems = [translate(check.title) for check in checks if check.state == "problem"]
    if problems:
        return tr("To fix: {what}", what=", ".join(problems))
    notices = sum(check.state == "notice" for check in checks)
    if not notices:
        return tr("Everything is installed")
    return tr_count(notices, "Everything is installed. {n} notice", "Everything is installed. {n} notices")
