"""The shortcuts sheet: all actions with shortcuts, by scope, from their declaration."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QWidget

from gui.core import actions
from gui.core.actions import SCOPES, Action
from gui.inputs.fields import SearchField
from gui.look.fonts import px
from gui.look.language import mark, tr
from gui.models.grouped_table import Cell, Column, GroupedTable, Heading, TextCell
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import plain
from gui.widgets.labels import Label
from gui.widgets.layouts import hbox, vbox


class ShortcutTable(GroupedTable[Action]):
    """The keys of actions, under the titles of their scopes."""

    columns = (Column("keys", mark("Keys"), 232), Column("title", mark("Action")))

    def cell(self, item: Action, key: str) -> Cell:
        if key == "title":
            return TextCell(tr(item.title), token="text")
        return TextCell(f" {tr('or')} ".join(map(actions.native, item.keys)), "body_medium")


class ShortcutsSheet(QDialog):
    """Searchable list of all shortcuts by scope: the window's first, then those of the page shown."""

    def __init__(self, page: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        self._scopes = sorted(SCOPES, key=lambda each: (each != "window", each != page))
        self.search = SearchField(tr("Search actions and keys"))
        self.search.searched.connect(self._filter)
        self.table = ShortcutTable(self)
        close = plain(tr("Close"), press=self.accept)
        view = GroupedTableView(self.table, tr("Keys"))
        parts = (Label(tr("Keys"), "title"), self.search, (view, 1), hbox(1, close))
        vbox(*parts, of=self, margins=(24, 20, 24, 20), spacing=12)
        self.resize(px(720), px(640))
        self._filter("")

    def _filter(self, text: str) -> None:
        rows: list[Heading | Action] = []
        for scope in self._scopes:
            found = [each for each in actions.in_scope(scope) if _has(each, text.lower().split())]
            rows += [Heading(tr(SCOPES[scope])), *found] if found else []
        self.table.set_rows(rows)


def _has(each: Action, words: list[str]) -> bool:
    said = " ".join([tr(each.title), tr(SCOPES[each.scope]), *map(actions.native, each.keys)]).lower()
    return all(word in said for word in words)
