"""The findings of a check, worst first, with their actions, and what the user decided about them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from engine.api import Severity
from gui.look import style
from gui.look.fonts import metrics, px
from gui.look.format import number_text
from gui.look.language import tr, tr_count
from gui.pages.data.report import Finding, by_split
from gui.widgets.buttons import IconButton, link, open_below
from gui.widgets.labels import ElidedLabel, IconLabel, Label
from gui.widgets.layouts import Line, Scroll, discard, hbox, vbox

# The left and right margin of a link together.
LINK_RIM = 12
# Each severity's icon and its colour.
ICONS: dict[Severity, tuple[str, str]] = {
    "error": ("problem", "error"),
    "warning": ("warning", "warning"),
    "notice": ("info", "muted"),
}


class FindingRow(QWidget):
    """One finding: icon, title, splits, count and actions.

    Signals: `export_wanted` for its rows; `exclude_wanted(bool)` and `mask_wanted(bool)` to exclude or mask, or to undo
    that.
    """

    export_wanted = Signal()
    exclude_wanted = Signal(bool)
    mask_wanted = Signal(bool)

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding
        self._rows = finding.count
        self._is_excluded = self._is_masked = False
        self._icon = IconLabel("info", "muted")
        self._title = Label(finding.title, "body_medium")
        self._detail = ElidedLabel(finding.detail, "body", "muted")
        self._count = Label(number_text(self._rows), "figure_medium")
        style.scale(self._count, QWidget.setFixedWidth, 52)
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.show_button = link(tr("Show rows") if finding.count != 1 else tr("Show row"))
        self.act_button = link("", press=self._act)
        self.more_button = IconButton("more", tr("More actions for: {finding}", finding=finding.title))
        self.more_button.clicked.connect(self._open_menu)
        shows = (tr("Show rows"), tr("Show row"))
        acts = (tr("Excluded. Undo"), tr("Masked. Undo"), tr("Mask"), tr("Exclude"))
        row = hbox(
            self._icon,
            self._title,
            (self._detail, 1),
            self._count,
            _at_the_right(self.show_button, 84, shows),
            _at_the_right(self.act_button, 106, acts),
            self.more_button,
            margins=(12, 0, 0, 0),
            spacing=8,
        )
        vbox((row, 1), Line(), of=self, spacing=0)
        style.scale(self, QWidget.setFixedHeight, 40)
        self.setToolTip(finding.explained)
        self.set_state(excluded=False, masked=False)

    def set_state(self, *, excluded: bool, masked: bool) -> None:
        """Show the decision: a handled finding is grey, with an Undo action."""
        self._is_excluded, self._is_masked = excluded, masked
        done = excluded or masked
        icon_name, token = ICONS[self.finding.severity]
        self._icon.set_icon("check" if done else icon_name, "hint" if done else token)
        for label in (self._title, self._count):
            label.set_token("hint" if done else "text")
        self.act_button.setText(self._action())
        self.act_button.setVisible(bool(self.act_button.text()))
        parts = [self.finding.title, tr_count(self._rows, "{n} row", "{n} rows"), self._detail.text()]
        if done:
            parts.append(tr("excluded") if excluded else tr("masked"))
        self.setAccessibleName(", ".join(filter(None, parts)))

    def show_counts(self, counts: Mapping[str, int]) -> None:
        self._rows = sum(counts.values())
        self._count.setText(number_text(self._rows))
        self._detail.setText(by_split(counts))
        self.set_state(excluded=self._is_excluded, masked=self._is_masked)

    def _action(self) -> str:
        if self._is_excluded:
            return tr("Excluded. Undo")
        if self._is_masked:
            return tr("Masked. Undo")
        if self.finding.can_be_masked:
            return tr("Mask")
        return tr("Exclude") if self.finding.can_be_excluded else ""

    def _act(self) -> None:
        if self._is_masked or (self.finding.can_be_masked and not self._is_excluded):
            self.mask_wanted.emit(not self._is_masked)
        else:
            self.exclude_wanted.emit(not self._is_excluded)

    def menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction(tr("Export these rows as CSV…"), self.export_wanted.emit)
        if self.finding.can_be_masked and not (self._is_excluded or self._is_masked):
            menu.addAction(tr("Exclude these rows"), lambda: self.exclude_wanted.emit(True))
        return menu

    def _open_menu(self) -> None:
        open_below(self.more_button, self.menu())


def _at_the_right(button: QWidget, minimum: int, texts: Sequence[str]) -> QWidget:
    """Right-align a button in a box with room for any of its texts, so that the buttons of all rows are aligned."""
    longest = max(map(metrics("body_medium").horizontalAdvance, texts))
    box = QWidget()
    box.setFixedWidth(max(px(minimum), math.ceil(longest) + LINK_RIM))
    hbox(1, button, of=box)
    return box


class FindingsView(QWidget):
    """All findings.

    Signals: `rows_wanted(Finding)` to show its rows, `export_wanted(Finding)` to write them to a file.
    """

    rows_wanted = Signal(object)
    export_wanted = Signal(object)

    def __init__(self, exclusions: Exclusions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._exclusions = exclusions
        self._rows: list[FindingRow] = []
        self._nothing = Label(tr("No problems found."), "body", "muted", wrap=True)
        self._scroll = Scroll((0, 0, 10, 0), spacing=0)
        self.mask_button = link("", press=self._mask_all)
        vbox(
            (self.mask_button, 0, Qt.AlignmentFlag.AlignLeading),
            (self._nothing, 0, Qt.AlignmentFlag.AlignTop),
            (self._scroll, 1),
            of=self,
            spacing=0,
        )
        exclusions.changed.connect(self._show_exclusions)
        style.on_style_changed(self.update)

    def rows(self) -> list[FindingRow]:
        return list(self._rows)

    def show_findings(self, findings: Sequence[Finding]) -> None:
        while (item := self._scroll.column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                discard(widget)
        self._rows = [self._row(finding) for finding in findings]
        for row in self._rows:
            self._scroll.column.addWidget(row)
        self._scroll.column.addStretch(1)
        self._nothing.setVisible(not findings)
        self._scroll.setVisible(bool(findings))
        self._show_exclusions()

    def _row(self, finding: Finding) -> FindingRow:
        row = FindingRow(finding)
        row.show_button.clicked.connect(lambda: self.rows_wanted.emit(finding))
        row.export_wanted.connect(lambda: self.export_wanted.emit(finding))
        row.exclude_wanted.connect(lambda on: self._exclusions.exclude(finding.id, on))
        row.mask_wanted.connect(lambda on: self._exclusions.mask(finding.id, on))
        return row

    def _maskable(self) -> list[str]:
        """Return the kinds of personal data whose rows are not left out."""
        kinds = [row.finding.id for row in self._rows if row.finding.can_be_masked]
        return [kind for kind in kinds if kind not in self._exclusions.excluded]

    def _mask_all(self) -> None:
        kinds = self._maskable()
        is_done = set(kinds) <= set(self._exclusions.masked)
        for kind in kinds:
            self._exclusions.mask(kind, not is_done)

    def _show_exclusions(self) -> None:
        kinds = self._maskable()
        is_done = set(kinds) <= set(self._exclusions.masked)
        self.mask_button.setText(tr("All masked. Undo") if is_done else tr("Mask all personal data"))
        self.mask_button.setVisible(len(kinds) > 1)
        for row in self._rows:
            row.set_state(
                excluded=row.finding.id in self._exclusions.excluded,
                masked=row.finding.id in self._exclusions.masked,
            )


class Exclusions(QObject):
    """The decisions about one source. `changed` is emitted by `exclude` and `mask`."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.excluded: tuple[str, ...] = ()
        self.masked: tuple[str, ...] = ()
        self.answers: dict[str, str] = {}

    def forget(self) -> None:
        self.excluded, self.masked, self.answers = (), (), {}
        self.changed.emit()

    def exclude(self, finding: str, on: bool) -> None:
        """Exclude a finding's rows, or include them again."""
        self.excluded = _switched(self.excluded, finding, on)
        self.changed.emit()

    def mask(self, kind: str, on: bool) -> None:
        self.masked = _switched(self.masked, kind, on)
        self.changed.emit()

    def answered(self) -> dict[str, str]:
        """Return the answers to what was asked before the data could be read, by option."""
        return {"broken_rows": "refuse"} | self.answers

    def values(self) -> dict[str, Any]:
        return {**self.answered(), "exclude": list(self.excluded), "mask": list(self.masked)}


def _switched(ids: tuple[str, ...], one: str, on: bool) -> tuple[str, ...]:
    others = tuple(each for each in ids if each != one)
    return (*others, one) if on else others
