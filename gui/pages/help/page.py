"""The help page: terms, methods and settings, searchable and offline.

Lays out the list and the selected topic. The texts are declared elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gui.core.background_tasks import BackgroundTasks
from gui.inputs.search_field import SearchField
from gui.look import style
from gui.look.language import mark, tr
from gui.models.cells import Cell, Text
from gui.models.grouped_table import Column, GroupedTable, Heading
from gui.pages.help import topics
from gui.pages.help.topic_view import TopicView
from gui.pages.help.topics import Topic
from gui.shell.page import Page
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import plain
from gui.widgets.empty_state import EmptyState
from gui.widgets.line import Line

LIST_WIDTH, ROW_HEIGHT = 304, 30


class TopicTable(GroupedTable[Topic]):
    """Topics under their groups."""

    columns = (Column("title", mark("Topic")),)

    def put(self, found: Sequence[Topic]) -> None:
        """List other topics."""
        rows: list[Heading | Topic] = []
        for group, members in groupby(found, key=lambda topic: topic.group):
            rows += [Heading(tr(group)), *members]
        self.set_rows(rows)

    def cell(self, item: Topic, key: str) -> Cell:
        return Text(item.title, token="ink")

    def accessible_text(self, item: Topic) -> str:
        return f"{item.title}, {tr(item.group)}"

    def key_of(self, item: Topic) -> str:
        return item.id


class HelpPage(Page):
    """`open(topic id)` shows a topic. `keys_wanted` opens the shortcuts sheet."""

    keys_wanted = Signal()

    def __init__(self, _manager: Any = None, parent: QWidget | None = None) -> None:
        super().__init__(tr("Help"), tr("All of it works offline"), parent)
        self._topics = topics.topics()
        self._asked_for_licences = False
        self._background = BackgroundTasks(self)
        self.keys_button = plain(tr("Keys"))
        self.header.add(self.keys_button)
        self.search = SearchField(tr("Search terms, methods, licences"))
        self.table = TopicTable(self)
        self.view = GroupedTableView(self.table, tr("Topics"), ROW_HEIGHT)
        self.view.horizontalHeader().hide()
        self.reader = TopicView()
        self._nothing = EmptyState("search", tr("No topic found"), tr("Try another word, or part of one."))
        self._lay_out()
        self.search.searched.connect(self._search)
        self.view.chosen.connect(self._read)
        self.keys_button.clicked.connect(self.keys_wanted)
        self._search("")

    def _lay_out(self) -> None:
        left = QWidget()
        style.ground(left, "surface")
        style.scale(left, QWidget.setFixedWidth, LIST_WIDTH)
        column = QVBoxLayout(left)
        column.setContentsMargins(16, 16, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.view, 1)
        self._stack = QStackedWidget()
        for part in (self.reader, self._nothing):
            self._stack.addWidget(part)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(left)
        row.addWidget(Line(vertical=True))
        row.addWidget(self._stack, 1)
        self.body.addLayout(row, 1)

    def shown(self) -> None:
        """Read the licences of the packages when first shown."""
        if not self._asked_for_licences:
            self._asked_for_licences = True
            self._background.run(topics.about, self._take_licences)

    def open(self, topic_id: str) -> None:
        """Show a topic."""
        self.search.clear()
        self.view.choose(topic_id)

    def _take_licences(self, found: list[Topic]) -> None:
        self._topics += found
        self._search(self.search.text())

    def _search(self, text: str) -> None:
        found = topics.find(text, self._topics)
        self.table.put(found)
        self._stack.setCurrentWidget(self.reader if found else self._nothing)
        wanted = topics.best(text, found) if text else None
        if wanted is not None:
            self.view.choose(wanted.id)
        elif self.view.current() is None:
            self.view.choose_first()

    def _read(self, topic: Topic | None) -> None:
        if topic is not None and topic is not self.reader.topic():
            self.reader.show_topic(topic)
