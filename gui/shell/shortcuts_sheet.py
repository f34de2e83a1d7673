"""The shortcuts sheet: all actions with shortcuts, by scope, from their declaration."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QWidget

from gui.core import actions
from gui.core.actions import SCOPES, Action
from gui.inputs.search_field import SearchField
from gui.look.fonts import px
from gui.look.language import tr
from gui.widgets.buttons import plain
from gui.widgets.labels import Label, Tag
from gui.widgets.layouts import Line, hbox, vbox
from gui.widgets.scroll import Scroll

SIZE = (720, 640)
KEYS_WIDTH = 216


class ShortcutsSheet(QDialog):
    """Searchable list of all shortcuts by scope: the window's first, then those of the page shown."""

    def __init__(self, page: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        self.search = SearchField(tr("Search actions and keys"))
        self._sections: dict[str, QWidget] = {}
        self._rows: list[tuple[Action, QWidget]] = []
        self._list = Scroll(margins=(0, 0, 14, 0), spacing=20)
        for scope in sorted(SCOPES, key=lambda each: (each != "window", each != page)):
            self._list.column.addWidget(self._section(scope))
        self._list.column.addStretch(1)
        column = vbox(
            Label(tr("Keys"), "title"),
            self.search,
            Line(),
            (self._list, 1),
            of=self,
            margins=(24, 20, 24, 20),
            spacing=12,
        )
        close = plain(tr("Close"))
        close.clicked.connect(self.accept)
        column.addLayout(hbox(1, close))
        self.resize(px(SIZE[0]), px(SIZE[1]))
        self.search.searched.connect(self._filter)

    def _section(self, scope: str) -> QWidget:
        made = self._sections[scope] = QWidget()
        grid = vbox(Label(tr(SCOPES[scope]), "section"), of=made, spacing=6)
        for each in actions.in_scope(scope):
            row = _row(each)
            self._rows.append((each, row))
            grid.addWidget(row)
        return made

    def shown(self) -> list[str]:
        """Return the ids of the listed actions, in order."""
        return [each.id for each, row in self._rows if row.isVisibleTo(self)]

    def _filter(self, text: str) -> None:
        wanted = text.lower().split()
        for each, row in self._rows:
            entry_text = " ".join(
                [tr(each.title), tr(SCOPES[each.scope]), *map(actions.native, each.keys)]
            ).lower()
            row.setVisible(all(word in entry_text for word in wanted))
        for scope, made in self._sections.items():
            made.setVisible(any(row.isVisibleTo(made) for each, row in self._rows if each.scope == scope))


def _row(each: Action) -> QWidget:
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(16)
    grid.setColumnMinimumWidth(0, px(KEYS_WIDTH))
    grid.setColumnStretch(1, 1)
    keys = QHBoxLayout()
    keys.setSpacing(6)
    for index, one in enumerate(each.keys):
        if index:
            keys.addWidget(Label(tr("or"), "label", "hint"))
        keys.addWidget(Tag(actions.native(one)))
    keys.addStretch(1)
    grid.addLayout(keys, 0, 0, Qt.AlignmentFlag.AlignTop)
    grid.addWidget(Label(tr(each.title), "body", wrap=True), 0, 1)
    return made
