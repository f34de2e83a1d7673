"""The help page: tasks, terms, methods and settings, searchable and offline.

Lays out the list and the selected topic.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from gui.core.background_tasks import BackgroundTasks
from gui.graphics.drawing import Drawing
from gui.inputs.fields import SearchField
from gui.look import style
from gui.look.fonts import px
from gui.look.language import mark, tr
from gui.models.grouped_table import Cell, Column, GroupedTable, Heading, TextCell
from gui.pages.help import topics
from gui.pages.help.topics import Topic
from gui.pages.train.method_chooser import MethodSketch
from gui.shell.page import Page
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.buttons import plain
from gui.widgets.cards import EmptyState
from gui.widgets.labels import Label
from gui.widgets.layouts import Line, Scroll, at_most_so_wide, discard, gridbox, hbox, vbox
from gui.widgets.text_view import TextView

LIST_WIDTH, ROW_HEIGHT = 304, 30
NAME_WIDTH, TEXT_WIDTH = 168, 680
NO_TEXT = mark("The package includes no licence text.")
# What the drawings show, for those who can't see them.
DRAWINGS = {
    "adapter": mark("A large frozen base model and a small trained adapter"),
    "rank": mark("Two thin matrices at rank 1, 4 and 16, thicker with the rank"),
    "nf4": mark("A histogram of weights above the values of NF4, densest near zero"),
    "fp4": mark("A histogram of weights above the values of FP4"),
    "int8": mark("A histogram of weights above the values of int8"),
    "schedule": mark(
        "The learning rate rises during warm-up, then falls linearly, along a cosine, or not at all"
    ),
    "dropout": mark("Rows of inputs: every step drops others"),
    "beams": mark("Beam search extends the two likeliest token sequences"),
    "verdict": mark("Intervals of a difference: better, no measurable difference, worse"),
    "loss": mark("The training loss falls; the validation loss falls, then rises"),
    "tokens": mark("Six words cut into eight tokens"),
    "vectors": mark("Four trained vectors before the text"),
}


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
        return TextCell(item.title, token="text")

    def accessible_text(self, item: Topic) -> str:
        return f"{item.title}, {tr(item.group)}"

    def key_of(self, item: Topic) -> str:
        return item.id


class HelpPage(Page):
    """`open(topic id)` shows a topic. `keys_wanted` opens the shortcuts sheet."""

    keys_wanted = Signal()

    def __init__(self, _manager: Any = None, parent: QWidget | None = None) -> None:
        super().__init__(tr("Help"), tr("All of it works offline"), parent)
        self.topics = topics.topics()
        self._asked_for_licences = False
        self._background = BackgroundTasks(self)
        self.keys_button = plain(tr("Keys"), press=self.keys_wanted)
        self.header.add(self.keys_button)
        self.search = SearchField(tr("Search terms, methods, licences"))
        self.table = TopicTable(self)
        self.view = GroupedTableView(self.table, tr("Topics"), ROW_HEIGHT)
        self.view.horizontalHeader().hide()
        self.reader = TopicView()
        self.nothing = EmptyState("search", tr("No topic found"), tr("Try another word."))
        left = QWidget()
        style.set_background(left, "surface")
        style.scale(left, QWidget.setMaximumWidth, LIST_WIDTH)
        vbox(self.search, (self.view, 1), of=left, margins=(16, 16, 8, 8), spacing=8)
        self._stack = QStackedWidget()
        for part in (self.reader, self.nothing):
            self._stack.addWidget(part)
        self.body.addLayout(hbox((left, 1), Line(vertical=True), (self._stack, 1), spacing=0), 1)
        self.search.searched.connect(self._search)
        self.view.chosen.connect(self._read)
        self._search("")

    def shown(self) -> None:
        """Read the licences of the packages when first shown."""
        if not self._asked_for_licences:
            self._asked_for_licences = True
            self._background.run(topics.about, self._take_licences)

    def open(self, topic_id: str) -> None:
        self.search.clear()
        self.view.choose(topic_id)

    def _take_licences(self, found: list[Topic]) -> None:
        self.topics += found
        self._search(self.search.text())

    def _search(self, text: str) -> None:
        found = topics.find(text, self.topics)
        self.table.put(found)
        self._stack.setCurrentWidget(self.reader if found else self.nothing)
        wanted = topics.best(text, found) if text else None
        if wanted is not None:
            self.view.choose(wanted.id)
        elif self.view.current() is None:
            self.view.choose_first()

    def _read(self, topic: Topic | None) -> None:
        if topic is not None and topic is not self.reader.topic():
            self.reader.show_topic(topic)


class TopicView(Scroll):
    """Shows a topic; licence texts are read off the GUI thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(margins=(32, 24, 32, 32), spacing=0, parent=parent)
        self._background = BackgroundTasks(self)
        self._topic: Topic | None = None
        self._group = Label("", "label", "muted")
        self._title = Label("", "title", wrap=True)
        self._text = TextView()
        self.sketch, self.drawing = MethodSketch(), Drawing()
        self.facts = QWidget()
        self.long = TextView(role="body", token="muted")
        content = QWidget()
        style.scale(content, QWidget.setMaximumWidth, TEXT_WIDTH)
        parts = (self._text, self.drawing, self.sketch, self.facts, self.long)
        self._column = vbox(self._title, self._group, *parts, 1, of=content, spacing=16)
        self.column.addLayout(at_most_so_wide(content))
        self.column.addStretch(1)

    def topic(self) -> Topic | None:
        return self._topic

    def show_topic(self, topic: Topic) -> None:
        self._topic = topic
        self._title.setText(topic.title)
        self._group.setText(tr(topic.group))
        if topic.is_markdown:
            self._text.set_markdown(topic.text)
        else:
            self._text.set_text(topic.text)
        self._text.setVisible(bool(topic.text))
        self.drawing.show_drawing(topic.drawing, tr(DRAWINGS[topic.drawing]) if topic.drawing else "")
        self.sketch.setVisible(topic.method is not None)
        if topic.method is not None:
            self.sketch.show_method(topic.method)
        self._show_facts(topic)
        self.long.hide()
        if topic.read is not None:
            self._background.run(topic.read, partial(self._show_long, topic))
        self.verticalScrollBar().setValue(0)

    def _show_long(self, topic: Topic, text: str) -> None:
        if topic is self._topic:
            self.long.set_text(text or tr(NO_TEXT))
            self.long.show()

    def _show_facts(self, topic: Topic) -> None:
        fresh = _facts_view(topic)
        self._column.replaceWidget(self.facts, fresh)
        discard(self.facts)
        self.facts = fresh
        fresh.setVisible(bool(topic.facts))


def _facts_view(topic: Topic) -> QWidget:
    made = QWidget()
    grid = gridbox(made, across=16, down=10)
    grid.setColumnMinimumWidth(0, px(NAME_WIDTH))
    grid.setColumnStretch(1, 1)
    grid.addWidget(Line(), 0, 0, 1, 2)
    for row, (name, text) in enumerate(topic.facts, 1):
        named = Label(name, "body_medium", wrap=True)
        named.setMaximumWidth(px(NAME_WIDTH))
        grid.addWidget(named, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(Label(text, "body", "muted", wrap=True), row, 1)
    return made
